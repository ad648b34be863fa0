//! Expansion against a plain computation: every job with all its texts and all that it waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;

use super::super::JobFile;
use super::*;

/// An entry as the plain computation has it: axes by name, and what it needs.
#[derive(Clone, Debug)]
struct Plain {
    name: String,
    axes: Vec<(String, Vec<u8>)>,
    needs: Vec<usize>,
    /// Reads what each job of this entry makes whose axes it has.
    reads: Option<usize>,
    makes: bool,
}

type Values = BTreeMap<String, u8>;

impl Plain {
    /// All combinations of values, the last axis being the fastest.
    fn all(&self) -> Vec<Values> {
        let mut all = vec![Values::new()];
        for (name, values) in &self.axes {
            let with = |old: &Values, v: u8| {
                let mut new = old.clone();
                new.insert(name.clone(), v);
                new
            };
            all = all.iter().flat_map(|o| values.iter().map(move |&v| with(o, v))).collect();
        }
        all
    }

    fn label(&self, values: &Values) -> String {
        let pairs: Vec<String> =
            self.axes.iter().map(|(n, _)| format!("{n}={}", values[n])).collect();
        let sign = if pairs.is_empty() { "" } else { ":" };
        format!("{}{sign}{}", self.name, pairs.join(","))
    }

    fn path(&self) -> String {
        let parts: Vec<String> = self.axes.iter().map(|(n, _)| format!("{n}-{{{n}}}")).collect();
        format!("out/{}/{}.txt", self.name, parts.join("_"))
    }

    fn toml(&self, all: &[Plain]) -> String {
        let mut text = format!("[[job]]\nname = '{}'\nshell = 'true'\n", self.name);
        if !self.axes.is_empty() {
            let axes: Vec<String> = self.axes.iter().map(|(n, v)| format!("{n} = {v:?}")).collect();
            text += &format!("matrix = {{ {} }}\n", axes.join(", "));
        }
        let names: Vec<String> = self.needs.iter().map(|&n| format!("'{}'", all[n].name)).collect();
        text += &format!("needs = [{}]\n", names.join(", "));
        if let Some(other) = self.reads {
            text += &format!("inputs = ['./{}']\n", all[other].path());
        }
        if self.makes {
            text += &format!("outputs = ['{}']\n", self.path());
        }
        text
    }
}

/// Entries each of which needs some of those before it; equal axes have equal values, so that each
/// finds its partners.
fn plans() -> impl Strategy<Value = Vec<Plain>> {
    let entry = (prop::bits::u8::between(0, 3), any::<u8>(), any::<bool>(), any::<bool>());
    (prop::collection::vec(entry, 1..6), prop::collection::vec(1u8..4, 3)).prop_map(|(es, lens)| {
        let mut plans: Vec<Plain> = Vec::new();
        for (i, (axes, needs, reads, makes)) in es.into_iter().enumerate() {
            let has = |a: usize| axes >> a & 1 == 1;
            // Orders of values differ from entry to entry: it is values that are paired.
            let values = |a: usize| (0..lens[a]).map(|v| (v + i as u8) % lens[a] + 10).collect();
            let axes: Vec<(String, Vec<u8>)> = (0..3)
                .filter(|&a| has(a))
                .map(|a| (["x", "y", "z"][a].to_owned(), values(a)))
                .collect();
            let own: BTreeSet<&String> = axes.iter().map(|(n, _)| n).collect();
            let readable =
                |j: &usize| plans[*j].makes && plans[*j].axes.iter().all(|(n, _)| own.contains(n));
            let reads = (0..i).rev().find(readable).filter(|_| reads);
            let needs = (0..i).filter(|j| needs >> j & 1 == 1).collect();
            plans.push(Plain { name: format!("job{i}"), axes, needs, reads, makes });
        }
        plans
    })
}

/// Names of all jobs, in order, with the names of those that each waits for.
fn expected(plans: &[Plain]) -> Vec<(String, BTreeSet<String>)> {
    let mut all = Vec::new();
    for plan in plans {
        for values in plan.all() {
            let mut before = BTreeSet::new();
            for &other in plan.needs.iter().chain(&plan.reads) {
                for theirs in plans[other].all() {
                    let agree =
                        theirs.iter().all(|(n, v)| values.get(n).is_none_or(|own| own == v));
                    if agree {
                        before.insert(plans[other].label(&theirs));
                    }
                }
            }
            all.push((plan.label(&values), before));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_jobs_wait_for_what_they_should(plans in plans()) {
        let text: String = plans.iter().map(|p| p.toml(&plans)).collect();
        let file = JobFile::parse(Path::new("jobs.toml"), &text).unwrap();
        let jobs = file.expand().unwrap();
        let name = |j| jobs.name(j);
        let found: Vec<(String, BTreeSet<String>)> = (0..jobs.len())
            .map(JobId::from_index)
            .map(|j| (jobs.name(j), jobs.before(j).into_iter().map(name).collect()))
            .collect();
        prop_assert_eq!(&found, &expected(&plans), "{}", text);
        for (i, (name, _)) in found.iter().enumerate() {
            prop_assert_eq!(jobs.find(name), Some(JobId::from_index(i)));
        }
        // An order in which all can run: each entry after those that it waits for.
        let place = |g: usize| jobs.order().iter().position(|&o| o == g);
        for j in (0..jobs.len()).map(JobId::from_index) {
            for b in jobs.before(j) {
                prop_assert!(place(jobs.place(b).0) < place(jobs.place(j).0));
            }
        }
    }
}

#[test]
fn texts_have_the_values_of_their_job() {
    let text = r#"
        [[job]]
        name = "a"
        matrix = { f = ["in/x y.csv", "in/z.csv"], n = [0x10, 1_000, 2.50, true] }
        shell = "true"
        outputs = ["{f.dir}/{f.stem}-{n}.{f.ext}"]
        [[job]]
        name = "b"
        needs = ["a"]
        matrix = { n = [16, 1000] }
        shell = "true"
        inputs = ["in/z-{n}.csv"]
    "#;
    let file = JobFile::parse(Path::new("jobs.toml"), text).unwrap();
    let jobs = file.expand().unwrap();
    let outputs: Vec<String> = (0..8).flat_map(|j| jobs.outputs(JobId::from_index(j))).collect();
    assert_eq!(
        outputs[..4],
        ["in/x y-16.csv", "in/x y-1000.csv", "in/x y-2.50.csv", "in/x y-true.csv"]
    );
    assert_eq!(outputs[7], "in/z-true.csv");
    let b = jobs.find("b:n=1000").unwrap();
    let before: Vec<String> = jobs.before(b).into_iter().map(|j| jobs.name(j)).collect();
    assert_eq!(before, ["a:f=in/x y.csv,n=1000", "a:f=in/z.csv,n=1000"]);
    assert_eq!(jobs.find("a:f=in/x y.csv,n=16"), Some(JobId::from_index(0)));
}

#[test]
fn names_choose_jobs() {
    let text = "[[job]]\nname = 'a'\nargv = ['true']\nmatrix = { x = [1, 2], y = ['p,q', 'r'] }\n";
    let file = JobFile::parse(Path::new("jobs.toml"), text).unwrap();
    let jobs = file.expand().unwrap();
    let chosen = |name: &str| {
        let mut all = Vec::new();
        jobs.chosen(&jobs.choose(name).unwrap(), &mut |j| all.push(j.index()));
        all
    };
    assert_eq!(chosen("a"), [0, 1, 2, 3]);
    assert_eq!(chosen("a:x=2"), [2, 3]);
    assert_eq!(chosen("a:y=p,q"), [0, 2]);
    assert_eq!(chosen("a:y=p,q,x=1"), [0]);
    assert_eq!(jobs.find("a:x=1"), None, "two have it");
    for (name, message, help) in [
        ("b", "there is no job `b` in jobs.toml", Some("there is only `a`")),
        ("a:z=1", "the job `a` has no variable `z`", Some("there are `x`, `y`")),
        ("a:x=3", "the job `a` has no x=3", Some("there are `1`, `2`")),
    ] {
        let unknown = jobs.choose(name).unwrap_err();
        assert_eq!((unknown.message.as_str(), unknown.help.as_deref()), (message, help));
    }
}

#[test]
fn entries_may_wait_for_each_other_crosswise() {
    // a:x=1 makes what b:x=1 reads, b:x=2 makes what a:x=2 reads: no circle of jobs.
    let text = "
        [[job]]
        name = 'a'
        argv = ['true']
        matrix = { x = [1, 2] }
        inputs = ['b/{x}']
        outputs = ['a/{x}']
        [[job]]
        name = 'b'
        argv = ['true']
        matrix = { x = [2, 3] }
        inputs = ['a/1']
        outputs = ['b/{x}']
        [[job]]
        name = 'c'
        argv = ['true']
        outputs = ['b/1']
    ";
    let file = JobFile::parse(Path::new("jobs.toml"), text).unwrap();
    let jobs = file.expand().unwrap();
    let before = |name: &str| -> Vec<String> {
        jobs.before(jobs.find(name).unwrap()).into_iter().map(|j| jobs.name(j)).collect()
    };
    assert_eq!(before("a:x=1"), ["c"]);
    assert_eq!(before("a:x=2"), ["b:x=2"]);
    assert_eq!(before("b:x=3"), ["a:x=1"]);
}
