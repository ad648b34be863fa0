//! The job as lazy calls: read, group, sum and count each part, combine, divide.
//! It does not know where parts come from or which scheduler runs them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
use tine::prelude::*;
use tine_scheduler::TaskResult;

use super::columns::Column;
use super::input::Part;
use super::read::{Flights, NO_ORIGIN, read};

/// The flights of a part, by origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Groups {
    /// The known delays.
    delays: ByOrigin<Column<f64>>,
    /// How many flights have no delay or no origin.
    unknown: u64,
}

/// How many flights there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    /// With a delay, by origin.
    known: ByOrigin<u64>,
    /// Without delay or origin.
    unknown: u64,
}

/// A number for each origin.
type ByOrigin<T> = BTreeMap<String, T>;

/// What is known of an airport in the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    /// Mean departure delay in minutes.
    pub(crate) delay: f64,
    /// Flights that it is the mean of.
    pub(crate) flights: u64,
}

/// The result of the job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Means {
    /// By origin.
    pub(crate) origins: ByOrigin<Mean>,
    /// Flights without delay or origin, which are in no mean.
    pub(crate) unknown: u64,
}

impl Means {
    /// Flights in all.
    pub(crate) fn rows(&self) -> u64 {
        self.origins.values().map(|m| m.flights).sum::<u64>() + self.unknown
    }
}

#[delayed]
fn read_part(part: &Part) -> TaskResult<Flights> {
    Ok(read(part)?)
}

#[delayed]
fn group(flights: &Flights) -> Groups {
    let mut delays = vec![Vec::new(); flights.airports.len()];
    let mut unknown = 0;
    for (&origin, &delay) in flights.origin.iter().zip(flights.delay.iter()) {
        if origin == NO_ORIGIN || delay.is_nan() {
            unknown += 1;
        } else {
            delays[usize::from(origin)].push(delay);
        }
    }
    let names = flights.airports.iter().cloned();
    Groups { delays: names.zip(delays.into_iter().map(Column)).collect(), unknown }
}

#[delayed]
fn sum(groups: &Groups) -> ByOrigin<f64> {
    groups.delays.iter().map(|(origin, delays)| (origin.clone(), delays.iter().sum())).collect()
}

#[delayed]
fn count(groups: &Groups) -> Counts {
    let known = groups.delays.iter().map(|(origin, d)| (origin.clone(), d.len() as u64)).collect();
    Counts { known, unknown: groups.unknown }
}

#[delayed]
fn combine_sums(parts: &[ByOrigin<f64>]) -> ByOrigin<f64> {
    combine(parts.iter())
}

#[delayed]
fn combine_counts(parts: &[Counts]) -> Counts {
    let known = combine(parts.iter().map(|p| &p.known));
    Counts { known, unknown: parts.iter().map(|p| p.unknown).sum() }
}

/// Adds up in the order of the parts, so that rounding is the same in every run.
fn combine<'a, T: Copy + Default + AddAssign + 'a>(
    parts: impl Iterator<Item = &'a ByOrigin<T>>,
) -> ByOrigin<T> {
    let mut all: ByOrigin<T> = BTreeMap::new();
    for (origin, &n) in parts.flatten() {
        *all.entry(origin.clone()).or_default() += n;
    }
    all
}

#[delayed]
fn divide(sums: &ByOrigin<f64>, counts: &Counts) -> Means {
    let mean = |(origin, &flights): (&String, &u64)| {
        let sum = sums.get(origin).filter(|_| flights > 0)?;
        Some((origin.clone(), Mean { delay: sum / flights as f64, flights }))
    };
    Means { origins: counts.known.iter().filter_map(mean).collect(), unknown: counts.unknown }
}

/// The mean delay by origin over all parts.
pub(crate) fn mean_delays(parts: &[Part]) -> Delayed<Means> {
    let flights: Vec<_> = parts.iter().map(|p| read_part(p.clone())).collect();
    let groups: Vec<_> = flights.iter().map(group).collect();
    let sums: Vec<_> = groups.iter().map(sum).collect();
    let counts: Vec<_> = groups.iter().map(count).collect();
    divide(combine_sums(&sums), combine_counts(&counts))
}
