//! What the page's script reads: one object of JSON.
//! It does not know what the script does with it.

use tine_profiler::MemorySample;

use super::Run;
use super::html::{self, Numbers};
use crate::palette;
use crate::text;

/// Measurements of memory; of longer runs, the largest of each stretch is kept.
const MOST_MEASUREMENTS: usize = 4_000;
/// Deaths that are marked.
const MOST_DEATHS: usize = 1_000;

pub(super) fn json(run: &Run<'_>) -> String {
    let group = |g: &super::names::Shown| {
        format!("[{},{}]", html::json(&g.name), g.colour % palette::len())
    };
    let groups: Vec<String> = run.names.shown.iter().map(group).collect();
    let palette: Vec<String> =
        (0..palette::len()).map(|i| html::json(&palette::Colour::of(i).hex())).collect();
    let titles: Vec<String> = run.boxes.titles.iter().map(|t| html::json(t)).collect();
    let flames: Vec<&str> = run.flames.iter().map(|f| f.json.as_str()).collect();
    let fields = [
        ("span", run.span.to_string()),
        ("lanes", run.busy.len().to_string()),
        ("budget", run.trace.about().budget.to_string()),
        ("palette", format!("[{}]", palette.join(","))),
        ("groups", format!("[{}]", groups.join(",\n"))),
        ("titles", format!("[{}]", titles.join(","))),
        ("boxes", run.boxes.numbers.json()),
        ("memory", memory(run)),
        ("deaths", deaths(run)),
        ("flames", format!("[{}]", flames.join(",\n"))),
    ];
    let fields: Vec<String> = fields.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
    format!("{{{}}}", fields.join(",\n"))
}

/// Times since the one before, private and shared bytes, and whether a stretch begins there.
fn memory(run: &Run<'_>) -> String {
    let size = run.trace.memory().len().div_ceil(MOST_MEASUREMENTS).max(1);
    let largest = |some: &[MemorySample]| {
        some.iter().copied().reduce(|a, b| if b.total() > a.total() { b } else { a })
    };
    let stretch = |s: &[MemorySample]| -> Vec<(MemorySample, bool)> {
        let kept = s.chunks(size).filter_map(largest);
        kept.enumerate().map(|(i, m)| (m, i == 0)).collect()
    };
    let kept: Vec<_> = run.trace.memory_stretches().flat_map(stretch).collect();
    let (mut numbers, mut before) = (Numbers::default(), 0);
    numbers.push(kept.len() as u64);
    for (m, begins) in kept {
        let since = m.at.saturating_sub(before);
        [since, m.anonymous, m.files, begins.into()].into_iter().for_each(|n| numbers.push(n));
        before += since;
    }
    numbers.json()
}

fn deaths(run: &Run<'_>) -> String {
    let dead = run.trace.workers().iter().filter_map(|w| Some((w, w.death.as_ref()?)));
    let marks = dead.take(MOST_DEATHS).map(|(w, death)| {
        format!("[{},{},{}]", w.worker, w.at, html::json(&text::shorten(death, 200)))
    });
    format!("[{}]", marks.collect::<Vec<_>>().join(","))
}
