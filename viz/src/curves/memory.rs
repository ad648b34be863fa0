//! Memory and CPU use of the processes of a run, as they were sampled.
//! It places nothing.

use tine_profiler::{MemorySample, NoticeKind, Trace};

use super::panel::{Buckets, Hover, Mark, Panel, Series, Unit, thinned};
use crate::{text, units};

/// A budget that is further above the peak than this is named, and not drawn: it would press the
/// curve to the ground.
const FAR: f64 = 3.0;
const NOT_SAMPLED: &str = "The memory and CPU time of this run were not sampled.";

/// Memory, one kind on the other.
pub(super) fn memory(trace: &Trace, buckets: Buckets) -> Panel {
    let mut panel = Panel::new("memory", Unit::Bytes);
    let stretches: Vec<Vec<MemorySample>> =
        trace.memory_stretches().map(|s| peaks(s, buckets)).collect();
    let (Some(peak), budget) = (trace.peak_memory(), trace.about().budget) else {
        panel.empty = Some(NOT_SAMPLED);
        return panel;
    };
    panel.summary = format!("at most {}", units::bytes(peak));
    panel.most = peak as f64 * 1.05;
    for samples in &stretches {
        let points = |value: fn(&MemorySample) -> u64| -> Vec<(u64, f64)> {
            samples.iter().map(|m| (m.at, value(m) as f64)).collect()
        };
        panel.areas.extend([
            Series { class: "c0".to_owned(), points: points(|m| m.anonymous) },
            Series { class: "c1".to_owned(), points: points(|m| m.files) },
        ]);
    }
    panel.explain("c0", "private memory of processes");
    panel.explain("c1", "results in memory files");
    if budget > 0 {
        let size = units::bytes(budget);
        if budget as f64 <= peak as f64 * FAR {
            panel.most = panel.most.max(budget as f64 * 1.05);
            let ends = [0, buckets.span].map(|at| (at, budget as f64));
            panel.lines.push(Series { class: "limit".to_owned(), points: ends.to_vec() });
            panel.explain("mark", format!("budget, {size}"));
        } else {
            panel.summary += &format!(" of a budget of {size}");
        }
    }
    panel.marks = notices(trace, buckets);
    if !panel.marks.is_empty() {
        panel.explain("flag", "notice");
    }
    panel.hovers = hovers(&stretches, buckets, |m| {
        format!(
            "{} at {}\nprivate {}\nresults {}",
            units::bytes(m.total()),
            text::duration(m.at),
            units::bytes(m.anonymous),
            units::bytes(m.files)
        )
    });
    panel
}

/// Cores that were kept busy.
pub(super) fn cpu(trace: &Trace, buckets: Buckets) -> Panel {
    let mut panel = Panel::new("CPU", Unit::Count);
    let rates = rates(trace.memory(), buckets);
    let known: Vec<f64> = rates.iter().flatten().copied().collect();
    if known.iter().all(|r| *r == 0.0) {
        panel.empty = Some(NOT_SAMPLED);
        return panel;
    }
    let (cores, workers) = (trace.about().host.cores, trace.about().workers);
    let usable = cores.min(workers);
    let most = known.iter().copied().fold(0.0, f64::max);
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    panel.summary = format!("{mean:.1} cores busy in the mean");
    panel.most = most.max(f64::from(usable)) * 1.1;
    let filled: Vec<f64> = rates.iter().map(|r| r.unwrap_or(0.0)).collect();
    panel.areas = vec![Series { class: "c5".to_owned(), points: buckets.steps(&filled) }];
    panel.explain("c5", "cores busy");
    if usable > 0 {
        let ends = [0, buckets.span].map(|at| (at, f64::from(usable)));
        panel.lines.push(Series { class: "limit".to_owned(), points: ends.to_vec() });
        panel.explain(
            "mark",
            format!(
                "{} for {}",
                text::plural(cores.into(), "core"),
                text::plural(workers.into(), "worker")
            ),
        );
    }
    panel.hovers = grouped(&rates)
        .into_iter()
        .map(|(from, to, rate)| Hover {
            from: buckets.start(from),
            to: buckets.start(to),
            text: match rate {
                Some(r) => {
                    format!("{r:.2} cores busy\nfrom {}", text::duration(buckets.start(from)))
                }
                None => "a process ended here: not known".to_owned(),
            },
        })
        .collect();
    panel
}

/// The sample with most memory in each bucket.
fn peaks(samples: &[MemorySample], buckets: Buckets) -> Vec<MemorySample> {
    let mut kept: Vec<MemorySample> = Vec::new();
    for m in samples {
        match kept.last_mut() {
            Some(last) if buckets.of(last.at) == buckets.of(m.at) => {
                if m.total() > last.total() {
                    *last = *m;
                }
            }
            _ => kept.push(*m),
        }
    }
    kept
}

/// Cores that were busy, a value a bucket; `None` where a process ended and its time is lost.
fn rates(samples: &[MemorySample], buckets: Buckets) -> Vec<Option<f64>> {
    let mut busy = vec![0.0; buckets.count];
    let mut known = vec![0.0; buckets.count];
    for pair in samples.windows(2) {
        let (from, to) = (pair[0].at, pair[1].at.min(buckets.span));
        let Some(cpu) = pair[1].cpu.checked_sub(pair[0].cpu).filter(|_| to > from) else {
            continue;
        };
        for b in buckets.of(from)..=buckets.of(to - 1) {
            let start = from.max(buckets.start(b));
            let shared = to.min(buckets.start(b + 1)).saturating_sub(start) as f64;
            known[b] += shared;
            busy[b] += cpu as f64 * shared / (to - from) as f64;
        }
    }
    busy.iter().zip(&known).map(|(b, k)| (*k > 0.0).then(|| b / k)).collect()
}

/// Neighbours with equal values, together.
fn grouped(values: &[Option<f64>]) -> Vec<(usize, usize, Option<f64>)> {
    let mut groups: Vec<(usize, usize, Option<f64>)> = Vec::new();
    for (i, &v) in values.iter().enumerate() {
        match groups.last_mut() {
            Some(last) if same(last.2, v) => last.1 = i + 1,
            _ => groups.push((i, i + 1, v)),
        }
    }
    groups
}

/// Whether two values read alike.
fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 0.005,
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// What is said of each sample, from half-way to its neighbours in the same stretch.
fn hovers(
    stretches: &[Vec<MemorySample>],
    buckets: Buckets,
    say: impl Fn(&MemorySample) -> String,
) -> Vec<Hover> {
    let half = |a: &MemorySample, b: &MemorySample| a.at / 2 + b.at / 2;
    let mut all = Vec::new();
    for samples in stretches {
        for (i, m) in samples.iter().enumerate() {
            let from = i.checked_sub(1).map_or(m.at, |before| half(&samples[before], m));
            let to = samples.get(i + 1).map_or(m.at, |next| half(m, next));
            all.push(Hover { from, to, text: say(m) });
        }
    }
    if let Some(first) = all.first_mut() {
        first.from = 0;
    }
    if let Some(last) = all.last_mut() {
        last.to = buckets.span;
    }
    all
}

fn notices(trace: &Trace, buckets: Buckets) -> Vec<Mark> {
    // What a job wrote last stands at the same moment as why it failed.
    let told = trace.notices().iter().filter(|n| n.kind != NoticeKind::LastWords);
    let marks = told.map(|n| {
        let what = match n.kind {
            NoticeKind::MemoryShort => "memory is short: sources are held back",
            NoticeKind::MemoryEnough => "memory is enough again",
            NoticeKind::Spilling => "results are moved to disk",
            NoticeKind::Stalled => "a task makes no progress",
            NoticeKind::SideEffect => "a side effect is lost",
            NoticeKind::Incomplete => "the recording is not whole",
            NoticeKind::AttemptFailed => "a job failed",
            _ => "notice",
        };
        Mark { at: n.at, text: format!("{what}, at {}\n{}", text::duration(n.at), n.text) }
    });
    thinned(marks.collect(), buckets.span / 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: u64, anonymous: u64, cpu: u64) -> MemorySample {
        MemorySample { at, anonymous, cpu, ..MemorySample::default() }
    }

    #[test]
    fn peaks_survive_the_thinning() {
        let samples: Vec<_> = (0..10_000).map(|i| sample(i, u64::from(i == 777), 0)).collect();
        let kept = peaks(&samples, Buckets { span: 10_000, count: 50 });
        assert_eq!(kept.len(), 50);
        assert_eq!(
            kept.iter().filter(|m| m.anonymous == 1).map(|m| m.at).collect::<Vec<_>>(),
            [777]
        );
    }

    #[test]
    fn what_lies_between_stretches_is_said_of_none() {
        let stretches = [vec![sample(0, 1, 0), sample(10, 2, 0)], vec![sample(90, 3, 0)]];
        let said = hovers(&stretches, Buckets { span: 100, count: 9 }, |m| m.anonymous.to_string());
        let said: Vec<_> = said.iter().map(|h| (h.from, h.to, h.text.as_str())).collect();
        assert_eq!(said, [(0, 5, "1"), (5, 10, "2"), (90, 100, "3")]);
    }

    #[test]
    fn cpu_time_is_shared_out_over_buckets() {
        let samples = [sample(0, 0, 0), sample(20, 0, 40), sample(30, 0, 10), sample(40, 0, 15)];
        let rates = rates(&samples, Buckets { span: 40, count: 4 });
        assert_eq!(rates, [Some(2.0), Some(2.0), None, Some(0.5)]);
        assert_eq!(grouped(&rates), [(0, 2, Some(2.0)), (2, 3, None), (3, 4, Some(0.5))]);
    }
}
