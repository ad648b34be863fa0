//! One run while it goes on: what was told of it so far, and how much of that stands in the file.
//! It does not know which run is meant, or who reads the file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tine_scheduler::{
    FailedAttempt, MemoryUse, Probe, Progress, RunEnd, RunView, Stall, TaskStatus, config,
};

use super::LiveFile;
use crate::alloc;
use crate::effects::{Effect, Effects};
use crate::file::Mark;
use crate::memory;
use crate::sampler::Sampler;
use crate::trace::{Notice, NoticeKind, Sampled, SettingInForce, Trace};

/// Asking for the memory of a process makes the kernel walk its page tables, which takes about a
/// millisecond a gigabyte and worker: twice a second, or so rarely that it takes under one per cent.
const SAMPLE_EVERY: u64 = 500_000_000;
const SAMPLE_SHARE: u64 = 100;
/// Time between two looks at what is new for the file, and before the first.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
const FIRST_FLUSH: Duration = Duration::from_millis(200);
/// A look at all tasks takes no more than one part in this many of the time.
const FLUSH_SHARE: u32 = 50;
/// Tasks that are looked at in one go.
const BLOCK: usize = 1 << 16;

/// So much is kept of what failed attempts say of themselves, and of what they wrote last: of a run
/// in which everything fails, the first ones say it all.
const MOST_REASONS: usize = 10_000;
const MOST_LAST_WORDS: usize = 100;
/// A longer reason is cut.
const LONGEST_REASON: usize = 2_000;

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Going {
    /// Where its plan lies in memory: no two runs that go on have the same.
    plan: usize,
    started: u64,
    clock: Instant,
    pids: Vec<u32>,
    trace: Trace,
    live: Option<Live>,
    effects: Option<Arc<Effects>>,
    sampler: Option<Arc<Sampler>>,
    /// Nanoseconds between two looks at memory.
    memory_pause: u64,
    /// Of how many failed attempts the reason was kept, and of how many the last words.
    failed: [usize; 2],
    /// What could not be recorded, and why.
    missing: Vec<String>,
}

/// How much of a run stands in the file.
#[derive(Debug)]
struct Live {
    mark: Mark,
    next: Instant,
    /// All tasks before this one have ended and been written.
    low: usize,
}

fn id(run: &RunView<'_>) -> usize {
    std::ptr::from_ref(run.plan).addr()
}

impl Going {
    /// A run that starts now, the `started`th.
    pub(super) fn begin(run: &RunView<'_>, started: u64, file: Option<&mut LiveFile>) -> Going {
        let pids = vec![std::process::id()];
        // A run that is not written while it goes on is looked at when it is over: the tasks of a
        // large one take a while to name.
        let mut trace = match &file {
            Some(_) => Trace::begun(run),
            None => Trace::default(),
        };
        trace.about.settings = settings();
        trace.about.command = std::env::args_os().map(|a| a.display().to_string()).collect();
        trace.memory.extend(memory::sample(0, &pids));
        let mark = file.and_then(|f| f.write(|w| w.begin(&trace)));
        let clock = Instant::now();
        let live = mark.map(|mark| Live { mark, next: clock + FIRST_FLUSH, low: 0 });
        Going {
            plan: id(run),
            started,
            clock,
            pids,
            trace,
            live,
            effects: None,
            sampler: None,
            failed: [0; 2],
            missing: Vec::new(),
            memory_pause: SAMPLE_EVERY,
        }
    }

    /// The run has a larger plan from now on.
    pub(super) fn grew(&mut self, now: &RunView<'_>) {
        self.plan = id(now);
    }

    /// Whether this is the run that `run` is a view of.
    pub(super) fn is(&self, run: &RunView<'_>) -> bool {
        self.plan == id(run)
    }

    /// How many runs had started when this one did.
    pub(super) fn started(&self) -> u64 {
        self.started
    }

    /// Who looks into the workers.
    pub(super) fn probes(&mut self, workers: usize) -> Vec<Arc<dyn Probe>> {
        self.effects = Effects::new().map(Arc::new);
        let hz = self.rate();
        match Sampler::with_allocations(hz, alloc::SAMPLE_EVERY, workers) {
            Ok(sampler) => self.sampler = Some(sampler),
            Err(e) => self.missing.push(format!("What workers did was not sampled: {e}.")),
        }
        let effects = self.effects.iter().map(|e| e.clone() as Arc<dyn Probe>);
        effects.chain(self.sampler.iter().map(|s| s.clone() as Arc<dyn Probe>)).collect()
    }

    /// How often a second of CPU time a worker is looked at. A setting that cannot be read fails the
    /// run itself, which says so.
    fn rate(&self) -> u32 {
        config::get("profile.rate").unwrap_or(0)
    }

    /// Notes which processes there are, and, where it is time, what memory they have.
    pub(super) fn sample(&mut self, at: u64, pids: &[u32]) {
        self.pids.clear();
        self.pids.extend_from_slice(pids);
        if let Some(sampler) = &self.sampler {
            sampler.collect();
        }
        // The sample at the start stands alone: the first tick sees the workers, however soon.
        let due = match self.trace.memory.len() {
            0 | 1 => true,
            _ => self.trace.memory.last().is_some_and(|m| at >= m.at + self.memory_pause),
        };
        if due {
            let began = Instant::now();
            self.trace.memory.extend(memory::sample(at, pids));
            self.memory_pause = pause_after(began.elapsed());
        }
    }

    /// As if looking at memory had taken no time, for a test that would otherwise depend on it.
    #[cfg(test)]
    pub(super) fn forget_price(&mut self) {
        self.memory_pause = pause_after(Duration::ZERO);
    }

    /// Writes what is new, where it is time.
    pub(super) fn flush(
        &mut self,
        run: &RunView<'_>,
        progress: &Progress<'_>,
        file: &mut LiveFile,
    ) {
        let Some(live) = self.live.as_mut().filter(|l| l.next <= Instant::now()) else { return };
        let began = Instant::now();
        self.trace.learn(run.plan);
        let ranks = ended(&mut self.trace, live, progress);
        extend(&mut self.trace.workers, progress.workers);
        extend(&mut self.trace.rare, progress.rare);
        file.write(|w| w.add(&self.trace, &mut live.mark, &ranks));
        live.next = Instant::now() + FLUSH_EVERY.max(began.elapsed() * FLUSH_SHARE);
    }

    /// Notes what was told of the run's memory.
    pub(super) fn memory_changed(&mut self, memory: &MemoryUse) {
        self.trace.about.budget = memory.budget;
        let taken = memory.results.saturating_add(memory.private);
        let of_brake = [NoticeKind::MemoryShort, NoticeKind::MemoryEnough];
        let mut last = self.trace.notices.iter().rev().map(|n| n.kind);
        let was_short = last.find(|k| of_brake.contains(k)) == Some(NoticeKind::MemoryShort);
        if memory.held_back && !was_short {
            let text = format!(
                "New tasks are held back: results take {} and workers {} of {} ({}).",
                bytes(memory.results),
                bytes(memory.private),
                bytes(memory.budget),
                memory.source
            );
            self.notice(NoticeKind::MemoryShort, None, taken, text);
        } else if !memory.held_back && was_short {
            let text = "New tasks are not held back any more.".to_owned();
            self.notice(NoticeKind::MemoryEnough, None, taken, text);
        }
        self.spilling(memory.spilled);
    }

    /// Each time with how much it is so far: the trace keeps the last.
    fn spilling(&mut self, spilled: u64) {
        if spilled > 0 {
            let text = format!("Results were moved to the disk: {} in all.", bytes(spilled));
            self.notice(NoticeKind::Spilling, None, spilled, text);
        }
    }

    /// Notes a task that makes no progress.
    pub(super) fn stalled(&mut self, stall: &Stall) {
        let time = u64::try_from(stall.time.as_nanos()).unwrap_or(u64::MAX);
        self.notice(NoticeKind::Stalled, Some(stall.task), time, stall.text.clone());
    }

    /// Notes why an attempt failed, and what it wrote last.
    pub(super) fn attempt_failed(&mut self, failed: &FailedAttempt<'_>) {
        let (task, attempt) = (Some(failed.task), u64::from(failed.attempt));
        if self.failed[0] < MOST_REASONS {
            self.failed[0] += 1;
            let why = failed.why.chars().take(LONGEST_REASON).collect();
            self.notice(NoticeKind::AttemptFailed, task, attempt, why);
        }
        let words = String::from_utf8_lossy(failed.last_words);
        if !words.trim().is_empty() && self.failed[1] < MOST_LAST_WORDS {
            self.failed[1] += 1;
            self.notice(NoticeKind::LastWords, task, attempt, words.trim_end().to_owned());
        }
    }

    /// Notes what tasks changed that stays in their workers: once a group, and once a static.
    fn lost_effects(&mut self, run: &RunView<'_>, at: u64) {
        let found = self.effects.as_ref().map(|e| e.found()).unwrap_or_default();
        let graph = run.plan.graph();
        let mut groups = BTreeSet::new();
        for Effect { task, of } in found.into_iter().filter(|e| (e.task as usize) < run.plan.len())
        {
            let id = run.plan.task(task as usize);
            if of.is_none() && !groups.insert(graph.group_of(id).index()) {
                continue;
            }
            let what = match of {
                Some(name) => format!("the static `{name}`"),
                None => "something that its closure holds, as a captured `Mutex`, atomic or `Cell`"
                    .to_owned(),
            };
            let text = format!(
                "Task {} changed {what}. A worker process has its own copy: the program does not \
                 see the change.",
                graph.name(id)
            );
            let kind = NoticeKind::SideEffect;
            self.trace.notices.push(Notice { at, kind, task: Some(task), value: 0, text });
        }
    }

    /// What was seen of the code that ran.
    fn sampled(&mut self) -> Sampled {
        let mut sampled = Sampled::default();
        let Some(sampler) = &self.sampler else { return sampled };
        sampler.drain(&mut sampled);
        self.missing.extend(sampler.problem().map(|p| format!("{p}.")));
        if sampler.lost() > 0 {
            self.missing.push(format!("{} samples of what workers did were lost.", sampler.lost()));
        }
        sampled
    }

    fn note_missing(&mut self, at: u64) {
        for text in std::mem::take(&mut self.missing) {
            let kind = NoticeKind::Incomplete;
            self.trace.notices.push(Notice { at, kind, task: None, value: 0, text });
        }
    }

    fn notice(&mut self, kind: NoticeKind, task: Option<u32>, value: u64, text: String) {
        let at = u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.trace.notices.push(Notice { at, kind, task, value, text });
    }

    /// Takes in what the probes have seen of the run, which is over. It takes a while, and needs
    /// nothing that other runs need.
    pub(super) fn look_back(&mut self, run: &RunView<'_>, at: u64) -> Sampled {
        self.trace.memory.extend(memory::sample(at, &self.pids));
        self.lost_effects(run, at);
        let sampled = self.sampled();
        self.note_missing(at);
        sampled
    }

    /// The trace of the run, which is over.
    pub(super) fn end(
        self,
        run: &RunView<'_>,
        end: &RunEnd<'_>,
        sampled: Sampled,
        mut file: Option<&mut LiveFile>,
    ) -> Trace {
        let mut trace = match (self.live, &mut file) {
            (Some(live), Some(file)) => {
                let mut trace = self.trace.with_samples(sampled);
                trace.learn(run.plan);
                write_end(trace, live, end, file)
            }
            _ => finished(self.trace, run, end).with_samples(sampled),
        };
        if let Some(e) = file.and_then(|f| f.broken.as_ref()) {
            let (kind, text) = (NoticeKind::Incomplete, e.to_string());
            trace.notices.push(Notice { at: end.elapsed, kind, task: None, value: 0, text });
        }
        trace.sort();
        trace
    }
}

/// Adds the end of a run to its trace and to the file.
fn write_end(mut trace: Trace, mut live: Live, end: &RunEnd<'_>, file: &mut LiveFile) -> Trace {
    let differs = |&r: &u32| end.times.get(r as usize) != Some(&trace.columns.times(r as usize));
    let ranks: Vec<_> = (0..trace.len() as u32).filter(differs).collect();
    trace.end(end);
    file.write(|w| w.add(&trace, &mut live.mark, &ranks).and_then(|()| w.end(&trace, &live.mark)));
    trace
}

/// The trace of a run of which only what happened beside its tasks was kept.
fn finished(kept: Trace, run: &RunView<'_>, end: &RunEnd<'_>) -> Trace {
    let mut trace = Trace::begun(run);
    trace.about.settings = kept.about.settings;
    trace.about.command = kept.about.command;
    trace.about.budget = kept.about.budget;
    (trace.memory, trace.notices) = (kept.memory, kept.notices);
    trace.end(end);
    trace
}

/// Takes over the times of tasks that have ended and do not stand in the file; their ranks.
fn ended(trace: &mut Trace, live: &mut Live, progress: &Progress<'_>) -> Vec<u32> {
    let mut ranks = Vec::new();
    let mut from = live.low;
    while from < trace.len() {
        let times = progress.times(from..from + BLOCK);
        if times.is_empty() {
            break;
        }
        for (rank, times) in (from..).zip(&times) {
            if times.status != TaskStatus::Unfinished && trace.columns.ended[rank] != times.ended {
                trace.columns.set_times(rank, *times);
                ranks.push(rank as u32);
            }
        }
        from += times.len();
    }
    let written = |&rank: &usize| trace.columns.ended[rank] > 0;
    live.low += (live.low..trace.len()).take_while(written).count();
    ranks
}

/// Adds what `all` has more than `list`.
fn extend<T: Clone>(list: &mut Vec<T>, all: &[T]) {
    list.extend_from_slice(all.get(list.len()..).unwrap_or_default());
}

/// The settings in force; none where they cannot be read, which the run itself says.
fn settings() -> Vec<SettingInForce> {
    let all = config::all().unwrap_or_default();
    let one = |s: config::InForce| SettingInForce { name: s.key, value: s.value, source: s.source };
    all.into_iter().map(one).collect()
}

/// Nanoseconds until the next look at memory, after one that took so long.
fn pause_after(took: Duration) -> u64 {
    let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    SAMPLE_EVERY.max(took.saturating_mul(SAMPLE_SHARE))
}

/// Bytes for people.
fn bytes(n: u64) -> String {
    config::units::format_bytes(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_look_at_memory_is_a_rare_one() {
        assert_eq!(pause_after(Duration::from_millis(1)), 500_000_000);
        assert_eq!(pause_after(Duration::from_millis(60)), 6_000_000_000);
    }
}
