//! The trees behind the report's flame graphs: samples or tasks by group, then by what was called.
//! It draws nothing; `flame.js` does.

use std::collections::{BTreeMap, HashMap};

use tine_profiler::{Sample, StackId, Trace};

use super::html::{self, Numbers};
use super::names::Names;
use crate::text;

/// More frames than this cannot be told apart on a screen; the smallest are left out.
const MOST_FRAMES: usize = 8_000;
/// Frames below this part of the whole are never drawn.
const SMALLEST: u64 = 20_000;
/// Stacks of runaway recursion are cut off here.
const DEEPEST: usize = 120;
/// The longest name of a function, in columns.
const LONGEST: usize = 120;
/// Above this many tasks of a group, its tasks are not told apart.
const MOST_TASKS: u64 = 400;

/// A flame graph as the page holds it.
#[derive(Debug)]
pub(super) struct Flame {
    /// What it shows, in a word or two.
    pub(super) title: &'static str,
    /// How many frames stand on the lowest, at most.
    pub(super) depth: usize,
    /// Its frames as an object of JSON; `flame.js` says how they are read.
    pub(super) json: String,
}

/// A tree of frames with what each stands for, those on it included.
struct Tree {
    title: &'static str,
    /// What is added up: `ns` or `bytes`.
    unit: &'static str,
    frames: Vec<Frame>,
    names: Vec<String>,
    name_numbers: HashMap<String, usize>,
    children: HashMap<(usize, usize, bool), usize>,
}

#[derive(Clone, Debug, Default)]
struct Frame {
    parent: usize,
    name: usize,
    /// Its place among the groups shown + 1, for frames that are groups.
    group: usize,
    weight: u64,
}

/// The trees that can be made of a trace; tasks by group, at least.
pub(super) fn all(trace: &Trace, names: &Names) -> Vec<Flame> {
    let kinds = [
        ("CPU time", "ns", trace.cpu_samples()),
        ("Allocated", "bytes", trace.allocation_samples()),
        ("Live at peak", "bytes", trace.live_samples()),
    ];
    let with = kinds.into_iter().filter(|k| !k.2.is_empty());
    let mut flames: Vec<Flame> = with
        .map(|(title, unit, samples)| of_samples(trace, names, (title, unit), samples))
        .collect();
    let at = usize::from(flames.first().is_some_and(|f| f.title == "CPU time"));
    flames.insert(at, of_tasks(trace, names));
    flames
}

fn of_samples(
    trace: &Trace,
    names: &Names,
    (title, unit): (&'static str, &'static str),
    samples: &[Sample],
) -> Flame {
    // Many samples are of the same stack: each is walked once.
    let mut weights: BTreeMap<(Option<usize>, StackId), u64> = BTreeMap::new();
    for s in samples {
        let group = s.task.map(|t| trace.task(t as usize).group);
        *weights.entry((group, s.stack)).or_default() += s.weight;
    }
    let mut flame = Tree::new(title, unit);
    for ((group, stack), weight) in weights {
        let root = match group {
            Some(group) => flame.group(names, group, weight),
            None => flame.child(0, "between tasks", 0, weight),
        };
        let mut frames: Vec<&str> =
            trace.stacks().frames(stack).map(|f| f.function.as_str()).collect();
        frames.reverse();
        let mut at = root;
        for name in frames.into_iter().take(DEEPEST) {
            at = flame.child(at, name, 0, weight);
        }
    }
    flame.finish()
}

fn of_tasks(trace: &Trace, names: &Names) -> Flame {
    let totals = trace.group_totals();
    let mut flame = Tree::new("Task time", "ns");
    for t in trace.tasks().filter(|t| t.ran()) {
        let root = flame.group(names, t.group, t.duration());
        match totals[t.group].ran {
            0..=1 => continue,
            2..=MOST_TASKS => flame.child(root, &names.task(trace, &t), 0, t.duration()),
            _ => flame.child(root, &format!("worker {}", t.worker), 0, t.duration()),
        };
    }
    flame.finish()
}

impl Tree {
    fn new(title: &'static str, unit: &'static str) -> Tree {
        Tree {
            title,
            unit,
            frames: vec![Frame::default()],
            names: vec!["all".to_owned()],
            name_numbers: HashMap::new(),
            children: HashMap::new(),
        }
    }

    fn group(&mut self, names: &Names, group: usize, weight: u64) -> usize {
        self.frames[0].weight += weight;
        let name = names.group(group).map_or("other groups", |g| g.name.as_str());
        self.child_of(0, name, (names.place(group).map_or(0, |p| p + 1), true), weight)
    }

    fn child(&mut self, parent: usize, name: &str, group: usize, weight: u64) -> usize {
        if parent == 0 {
            self.frames[0].weight += weight;
        }
        self.child_of(parent, name, (group, false), weight)
    }

    fn child_of(
        &mut self,
        parent: usize,
        name: &str,
        (group, is_group): (usize, bool),
        weight: u64,
    ) -> usize {
        let number = match self.name_numbers.get(name) {
            Some(&n) => n,
            None => {
                self.names.push(text::shorten(name, LONGEST));
                self.name_numbers.insert(name.to_owned(), self.names.len() - 1);
                self.names.len() - 1
            }
        };
        // Two groups may look alike when their names are cut: they stay apart.
        let key = (parent, if is_group { group } else { number }, is_group);
        let next = self.frames.len();
        let frame = *self.children.entry(key).or_insert(next);
        if frame == next {
            self.frames.push(Frame { parent, name: number, group, weight: 0 });
        }
        self.frames[frame].weight += weight;
        frame
    }

    /// The frames that are kept, the heaviest of siblings first, each before those on it, with
    /// their depths.
    fn ordered(&self) -> Vec<(usize, usize)> {
        let least = self.frames[0].weight / SMALLEST;
        // A frame comes after the one that it stands on, and weighs no more: who is kept, stands.
        let mut heaviest: Vec<usize> =
            (1..self.frames.len()).filter(|&i| self.frames[i].weight > least).collect();
        heaviest.sort_by_key(|&i| (std::cmp::Reverse(self.frames[i].weight), i));
        heaviest.truncate(MOST_FRAMES - 1);
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.frames.len()];
        heaviest.iter().for_each(|&i| children[self.frames[i].parent].push(i));
        for list in &mut children {
            // Popped from a stack, so the lightest are pushed first.
            list.sort_by_key(|&i| (self.frames[i].weight, std::cmp::Reverse(i)));
        }
        let (mut order, mut stack) = (Vec::new(), vec![(0, 0)]);
        while let Some((i, depth)) = stack.pop() {
            order.push((i, depth));
            stack.extend(children[i].iter().map(|&c| (c, depth + 1)));
        }
        order
    }

    /// Turns the tree into what the page holds.
    fn finish(self) -> Flame {
        let order = self.ordered();
        let mut numbers = Numbers::default();
        let (mut used, mut place) = (Vec::new(), vec![usize::MAX; self.names.len()]);
        for &(i, depth) in &order {
            let f = &self.frames[i];
            if place[f.name] == usize::MAX {
                place[f.name] = used.len();
                used.push(html::json(&self.names[f.name]));
            }
            [depth, place[f.name], f.group].into_iter().for_each(|n| numbers.push(n as u64));
            numbers.push(f.weight);
        }
        let json = format!(
            "{{\"title\":{},\"unit\":{},\"names\":[{}],\"frames\":{}}}",
            html::json(self.title),
            html::json(self.unit),
            used.join(","),
            numbers.json()
        );
        let depth = order.iter().map(|o| o.1).max().unwrap_or(0);
        Flame { title: self.title, depth, json }
    }
}

#[cfg(test)]
mod tests {
    use tine_profiler::{Frame as Called, Sampled, Stacks};

    use super::*;
    use crate::report::made;

    fn flames(trace: &Trace) -> Vec<Flame> {
        all(trace, &Names::new(trace, &trace.group_totals()))
    }

    #[test]
    fn groups_stand_on_the_whole() {
        let mut stacks = Stacks::default();
        let called = |n: &str| Called { function: n.to_owned(), ..Called::default() };
        let [main, sort] = ["main", "</script>"].map(|n| stacks.frame(called(n)));
        let stack = stacks.stack([main, sort]).unwrap();
        let sample = |task| Sample { at: 1, worker: 0, task, stack, weight: 5 };
        let cpu = vec![sample(Some(0)), sample(None), sample(Some(0))];
        let trace = made::diamond().with_samples(Sampled { stacks, cpu, ..Sampled::default() });
        let flames = flames(&trace);
        assert_eq!(flames.iter().map(|f| f.title).collect::<Vec<_>>(), ["CPU time", "Task time"]);
        let (cpu, tasks) = (&flames[0], &flames[1]);
        assert_eq!((cpu.depth, tasks.depth), (3, 1));
        let names =
            "\"names\":[\"all\",\"a\",\"main\",\"\\u003c/script\\u003e\",\"between tasks\"]";
        assert!(cpu.json.contains(names), "{}", cpu.json);
    }

    #[test]
    fn more_frames_than_can_be_seen_are_left_out() {
        let mut tree = Tree::new("Task time", "ns");
        for i in 0..3 * MOST_FRAMES {
            tree.child(0, &format!("f{i}"), 0, 1 + (i % 100) as u64);
        }
        let kept = tree.ordered();
        assert!(kept.len() <= MOST_FRAMES && kept.len() > MOST_FRAMES / 4, "{}", kept.len());
        // The heaviest stay, and come first.
        assert_eq!(tree.frames[kept[1].0].weight, 100);
    }
}
