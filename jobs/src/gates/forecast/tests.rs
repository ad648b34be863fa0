//! Whether starts are held back as memory is: with made readings, made times and made jobs.

use proptest::prelude::*;

use super::*;
use crate::gates::Machine;

const MB: u64 = 1 << 20;
const GB: u64 = 1 << 30;

/// A machine with jobs on it: what is free is what they leave.
#[derive(Debug, Default)]
struct Made {
    total: u64,
    /// By process.
    has: BTreeMap<u32, u64>,
    asked: usize,
    looked: usize,
}

impl Made {
    fn of(total: u64) -> Made {
        Made { total, ..Made::default() }
    }
}

impl Readings for Made {
    fn running(&mut self) -> Option<u32> {
        None
    }

    fn available(&mut self) -> Option<u64> {
        None
    }

    fn left(&mut self) -> Option<u64> {
        self.asked += 1;
        Some(self.total.saturating_sub(self.has.values().sum()))
    }

    fn held_by(&mut self, pid: u32) -> Option<u64> {
        self.looked += 1;
        self.has.get(&pid).copied()
    }
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl Forecast {
    /// Starts a job as process `job`, where it fits.
    fn tries(&mut self, job: u32, kind: usize, now: Duration, machine: &mut Made) -> bool {
        self.look(now, machine);
        let fits = self.fits(kind, None);
        if fits {
            self.starts(job.into(), kind, None, now);
            self.runs(job.into(), job);
        }
        fits
    }
}

fn over(job: u32, peak: u64, forecast: &mut Forecast, machine: &mut Made) {
    machine.has.remove(&job);
    forecast.ended(job.into(), Some(peak));
}

#[test]
fn where_memory_is_ample_nothing_waits_and_nothing_is_looked_at() {
    let machine = &mut Made::of(64 * GB);
    let mut forecast = Forecast::new(None, true);
    for job in 0..1_000u32 {
        let now = at(u64::from(job));
        assert!(forecast.tries(job, 0, now, machine));
        if job >= 8 {
            over(job - 8, 100 * MB, &mut forecast, machine);
        }
    }
    assert_eq!((machine.asked, machine.looked), (1, 0), "it is looked at once a second");
    let mut off = Forecast::new(None, false);
    assert!((0..1_000).all(|job| off.tries(job, 0, at(0), machine)));
    assert_eq!(machine.asked, 1);
}

#[test]
fn what_was_learned_is_kept_free_for_those_that_run() {
    let machine = &mut Made::of(8 * GB);
    let mut forecast = Forecast::new(None, true);
    assert!(forecast.tries(1, 0, at(0), machine));
    over(1, 2 * GB, &mut forecast, machine);
    // 2.25 GB each, and 0.5 GB of margin: three have room, though none of them has anything yet.
    assert!((2..5).all(|job| forecast.tries(job, 0, at(10), machine)));
    assert!(!forecast.tries(5, 0, at(20), machine));
    // They have nearly all that they take: what is free is free.
    machine.has.extend((2..5).map(|job| (job, 17 * GB / 10)));
    assert!(!forecast.tries(5, 0, at(1_020), machine), "{:?}", forecast.shortage(0, None));
    // Pages that they share are in what each is seen to have, but taken once.
    machine.total = 12 * GB;
    assert!(forecast.tries(5, 0, at(2_020), machine));
}

#[test]
fn what_is_seen_counts_before_one_has_ended() {
    let machine = &mut Made::of(8 * GB);
    let mut forecast = Forecast::new(None, true);
    assert!((1..4).all(|job| forecast.tries(job, 0, at(0), machine)), "as many as are asked for");
    machine.has.extend((1..4).map(|job| (job, 2 * GB)));
    assert!(forecast.tries(4, 0, at(500), machine), "nobody has looked since");
    assert!(!forecast.tries(5, 0, at(1_000), machine), "2 GB are free; another takes as much");
    assert!(forecast.tries(6, 1, at(1_000), machine), "another kind may take less");
    over(1, 2 * GB, &mut forecast, machine);
    over(2, 2 * GB, &mut forecast, machine);
    over(3, 2 * GB, &mut forecast, machine);
    assert!(forecast.tries(5, 0, at(2_000), machine));
}

#[test]
fn one_job_always_runs() {
    let machine = &mut Made::of(GB);
    for budget in [None, Some(MB)] {
        let mut forecast = Forecast::new(budget, true);
        assert!(forecast.tries(1, 0, at(0), machine));
        over(1, 5 * GB, &mut forecast, machine);
        assert!(forecast.tries(2, 0, at(10), machine));
        assert!(!forecast.tries(3, 0, at(20), machine));
    }
}

#[test]
fn within_a_budget_few_start_until_it_is_known_what_they_take() {
    let machine = &mut Made::of(64 * GB);
    let mut forecast = Forecast::new(Some(GB), false);
    assert!(forecast.tries(1, 0, at(0), machine));
    assert!(!forecast.tries(2, 0, at(900), machine), "it has had no time to show what it takes");
    machine.has.insert(1, 300 * MB);
    assert!(forecast.tries(2, 0, at(1_000), machine));
    assert!(!forecast.tries(3, 0, at(1_500), machine));
    machine.has.insert(2, 300 * MB);
    assert!(forecast.tries(3, 0, at(2_000), machine));
    machine.has.insert(3, 300 * MB);
    assert!(!forecast.tries(4, 0, at(3_000), machine), "124 MB are left");
    // Now it is known: 450 MB each.
    over(1, 400 * MB, &mut forecast, machine);
    assert!(!forecast.tries(4, 0, at(3_100), machine));
    over(2, 400 * MB, &mut forecast, machine);
    assert!(forecast.tries(4, 0, at(3_100), machine));
    assert!(!forecast.tries(5, 0, at(9_000), machine));
    assert_eq!(machine.asked, 0, "the machine does not count");
}

#[test]
fn an_earlier_run_is_a_lesson() {
    let machine = &mut Made::of(64 * GB);
    let mut forecast = Forecast::new(Some(GB), true);
    let mut peaks = Peaks::default();
    peaks.learn(400 * MB);
    forecast.adopt(0, peaks);
    assert!(forecast.tries(1, 0, at(0), machine) && forecast.tries(2, 0, at(0), machine));
    assert!(!forecast.tries(3, 0, at(0), machine));
    forecast.look(at(0), machine);
    assert!(forecast.fits(0, Some(124 * MB)) && !forecast.fits(0, Some(125 * MB)));
}

#[test]
fn the_youngest_gives_way_before_all_is_taken() {
    let machine = &mut Made::of(8 * GB);
    let mut forecast = Forecast::new(None, true);
    assert!((1..4).all(|job| forecast.tries(job, 0, at(0), machine)));
    machine.has.extend((1..4).map(|job| (job, 2 * GB)));
    assert!(!forecast.is_short(at(1_000), machine));
    machine.has.insert(3, 3 * GB + 600 * MB);
    assert!(!forecast.is_short(at(1_900), machine), "the reading is believed");
    assert!(forecast.is_short(at(2_000), machine));
    assert!(!forecast.is_short(at(3_000), machine), "one that has been asked is going");
    over(3, 3 * GB + 600 * MB, &mut forecast, machine);
    assert!(!forecast.is_short(at(3_100), machine), "the last look does not know that it has gone");
    assert!(!forecast.is_short(at(4_100), machine));
    // It is known what it takes: it waits.
    assert!(!forecast.tries(3, 0, at(4_000), machine));
    // Others have all the memory, and these next to nothing: ending them would change nothing.
    machine.has = [(1, MB), (2, MB), (99, 8 * GB)].into();
    assert!(!forecast.is_short(at(9_000), machine));
    // The last one stays.
    machine.has = [(1, 8 * GB)].into();
    over(2, MB, &mut forecast, machine);
    assert!(!forecast.is_short(at(20_000), machine));
}

#[test]
fn it_is_said_when_it_lasts_and_not_too_often() {
    let machine = &mut Made::of(3 * GB);
    let mut forecast = Forecast::new(None, true);
    assert!(forecast.tries(1, 0, at(0), machine));
    over(1, 2 * GB, &mut forecast, machine);
    assert!(forecast.tries(1, 0, at(0), machine));
    let mut said = vec![];
    for second in 0..130 {
        assert!(!forecast.tries(2, 0, at(second * 1_000), machine));
        said.extend(
            forecast.hold(0, None, at(second * 1_000)).map(|why| (second, why.to_string())),
        );
    }
    let text = "waits for memory: it may take 2.25 GiB, and 3.00 GiB are free, of which the job that \
                runs may take 2.25 GiB";
    let expected: Vec<_> = [1, 61, 121].map(|second| (second, text.to_owned())).into();
    assert_eq!(said, expected);
    let mut forecast = Forecast::new(Some(GB), false);
    assert!(forecast.tries(1, 0, at(0), machine) && !forecast.tries(2, 0, at(0), machine));
    let why = forecast.shortage(0, None).to_string();
    let text = "waits for memory: it is not known yet what it takes, and of the 1.00 GiB that jobs \
                may have, the job that runs may take 0 B";
    assert_eq!(why, text);
    assert_eq!(forecast.next_look(at(300)), at(700));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Jobs of two kinds come and go; each declares what it takes, or others of its kind have shown
    /// that.
    #[test]
    fn no_more_runs_than_fits(steps in prop::collection::vec((1u64..1_200, any::<bool>()), 1..200)) {
        let mut forecast = Forecast::new(Some(1_000), false);
        let mut running: Vec<(u64, u64)> = vec![];
        for (job, (size, ends)) in steps.into_iter().enumerate() {
            if ends && !running.is_empty() {
                forecast.ended(running.remove(0).0, None);
            }
            forecast.look(at(0), &mut Machine);
            let fits = forecast.fits(0, Some(size));
            let taken: u64 = running.iter().map(|(_, size)| size).sum();
            prop_assert_eq!(fits, running.is_empty() || taken + size <= 1_000);
            if fits {
                forecast.starts(job as u64, 0, Some(size), at(0));
                running.push((job as u64, size));
            }
        }
    }
}
