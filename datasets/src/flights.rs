//! Artificial flights: what is drawn for each, and how a line of the file shows it.
//! It does not know files.

use std::io::{self, Write};
use std::ops::RangeInclusive;

use crate::random::Random;

/// The years that there are flights of, a file each.
pub const YEARS: RangeInclusive<u32> = 1990..=1999;

/// The 23 columns, in the order of the files.
pub const HEADER: &str = "Year,Month,DayofMonth,DayOfWeek,DepTime,CRSDepTime,ArrTime,CRSArrTime,\
UniqueCarrier,FlightNum,TailNum,ActualElapsedTime,CRSElapsedTime,AirTime,ArrDelay,DepDelay,Origin,\
Dest,Distance,TaxiIn,TaxiOut,Cancelled,Diverted\n";

const CARRIERS: [&str; 10] = ["AA", "AS", "CO", "DL", "HP", "NW", "TW", "UA", "US", "WN"];
const DESTINATIONS: [&str; 30] = [
    "ATL", "BOS", "BUF", "CLE", "CLT", "CVG", "DCA", "DEN", "DFW", "DTW", "FLL", "IAH", "IND",
    "LAX", "MCO", "MIA", "MSP", "ORD", "PBI", "PHL", "PHX", "PIT", "RDU", "ROC", "SAN", "SEA",
    "SFO", "SJU", "STL", "TPA",
];
const TAIL_SUFFIXES: [&str; 4] = ["AA", "UA", "DL", ""];

/// Files before this year know no tail number, air time and taxi times: types guessed from the
/// first files are wrong for the later ones, as in the data that these imitate.
const FIRST_COMPLETE_YEAR: u32 = 1995;

/// Writes `rows` flights of `year`, which `seed` decides, in the order of days, below a line with the
/// names of the columns.
///
/// # Errors
/// That of `out`.
pub fn write_year(year: u32, rows: u64, seed: u64, out: &mut impl Write) -> io::Result<()> {
    out.write_all(HEADER.as_bytes())?;
    let days = days(year);
    let mut flights = Flights::new(seed, year);
    let mut line = Vec::with_capacity(256);
    for (&day, count) in days.iter().zip(flights.spread(rows, days.len())) {
        for _ in 0..count {
            line.clear();
            flights.write(day, &mut line);
            out.write_all(&line)?;
        }
    }
    Ok(())
}

/// A day of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    year: u32,
    month: u32,
    day: u32,
    /// From 1 for Monday.
    weekday: u32,
}

/// The days of `year`, in order.
fn days(year: u32) -> Vec<Day> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let dates = (1..).zip(lengths).flat_map(|(month, n)| (1..=n).map(move |day| (month, day)));
    // The first of January of year 1 was a Monday in this calendar.
    (before..)
        .zip(dates)
        .map(|(n, (month, day))| Day { year, month, day, weekday: n % 7 + 1 })
        .collect()
}

/// One flight, as drawn. Minutes are whole, but kept as the floating numbers that files show.
#[derive(Clone, Debug)]
struct Flight {
    /// Planned departure, in minutes of the day.
    planned: u32,
    dep_delay: f64,
    /// Planned and actual minutes in the air and on the ground.
    planned_elapsed: u32,
    elapsed: f64,
    origin: &'static str,
    destination: usize,
    carrier: &'static str,
    number: u32,
    /// Tail numbers are drawn from 1,000 numbers with 4 suffixes.
    tail: u32,
    taxi_in: u32,
    taxi_out: u32,
    cancelled: bool,
    diverted: bool,
}

/// Draws flights and writes their lines.
#[derive(Clone, Debug)]
struct Flights {
    random: Random,
    /// Miles to each destination: the same in all files, whatever the seed.
    distances: Vec<u32>,
}

impl Flights {
    /// The flights of `year` that `seed` gives.
    fn new(seed: u64, year: u32) -> Self {
        let mut distances = Random::new(5, 0);
        Flights {
            random: Random::new(seed, u64::from(year)),
            distances: DESTINATIONS.iter().map(|_| distances.between(180, 2600)).collect(),
        }
    }

    /// How many of `rows` flights go on each of `days` days.
    fn spread(&mut self, rows: u64, days: usize) -> Vec<u64> {
        let mut counts = vec![0; days];
        for _ in 0..rows {
            counts[self.random.between(0, days as u32) as usize] += 1;
        }
        counts
    }

    /// Draws a flight on `day` and appends its line to `out`.
    fn write(&mut self, day: Day, out: &mut Vec<u8>) {
        let flight = self.draw();
        let distance = self.distances[flight.destination];
        Line { out }.flight(day, &flight, distance);
    }

    fn draw(&mut self) -> Flight {
        let r = &mut self.random;
        let origin = match r.unit() {
            u if u < 0.43 => "EWR",
            u if u < 0.83 => "LGA",
            _ => "JFK",
        };
        let destination = r.between(0, DESTINATIONS.len() as u32) as usize;
        let later_there = if origin == "JFK" { 2.0 } else { 0.0 };
        let mut dep_delay = (r.exponential(14.0) - 5.0 + later_there).round_ties_even();
        if r.chance(0.01) {
            dep_delay = (dep_delay + r.exponential(120.0)).round_ties_even();
        }
        let planned_elapsed = (f64::from(self.distances[destination]) / 7.5 + 35.0) as u32;
        let cancelled = r.chance(0.025);
        Flight {
            planned: r.between(300, 1380),
            dep_delay,
            planned_elapsed,
            elapsed: f64::from(planned_elapsed) + r.normal(12.0).round_ties_even(),
            origin,
            destination,
            carrier: CARRIERS[r.between(0, CARRIERS.len() as u32) as usize],
            number: r.between(1, 3000),
            tail: r.between(0, 4000),
            taxi_in: r.between(2, 15),
            taxi_out: r.between(6, 35),
            cancelled,
            diverted: r.chance(0.002) && !cancelled,
        }
    }
}

/// Minutes of the day as the clock shows them: 605 is ten past five past ten, 1005.
fn clock(minutes: i64) -> i64 {
    (minutes.div_euclid(60) % 24) * 100 + minutes.rem_euclid(60)
}

/// Appends fields to a line, each with the comma after it.
struct Line<'a> {
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    fn flight(&mut self, day: Day, f: &Flight, distance: u32) {
        let flown = !f.cancelled;
        let complete = day.year >= FIRST_COMPLETE_YEAR;
        let departed = i64::from(f.planned) + f.dep_delay as i64;
        self.whole(day.year).whole(day.month).whole(day.day).whole(day.weekday);
        self.float_if(flown, clock(departed) as f64).clock(f.planned);
        self.float_if(flown, clock(departed + f.elapsed as i64) as f64);
        self.clock(f.planned + f.planned_elapsed).text(f.carrier).whole(f.number);
        self.tail_if(complete, f.tail);
        self.float_if(flown, f.elapsed).whole(f.planned_elapsed);
        self.float_if(flown && complete, f.elapsed - f64::from(f.taxi_in + f.taxi_out));
        self.float_if(flown, f.dep_delay + f.elapsed - f64::from(f.planned_elapsed));
        self.float_if(flown, f.dep_delay).text(f.origin).text(DESTINATIONS[f.destination]);
        self.float_if(true, f64::from(distance));
        self.float_if(flown && complete, f64::from(f.taxi_in));
        self.float_if(flown && complete, f64::from(f.taxi_out));
        self.whole(u32::from(f.cancelled)).whole(u32::from(f.diverted));
        self.out.pop();
        self.out.push(b'\n');
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b',');
        self
    }

    fn whole(&mut self, n: u32) -> &mut Self {
        self.text(itoa::Buffer::new().format(n))
    }

    fn clock(&mut self, minutes: u32) -> &mut Self {
        self.text(itoa::Buffer::new().format(clock(i64::from(minutes))))
    }

    /// A whole number as data frames show floating ones, `12.0`; nothing where it is not known.
    /// Rounding keeps the sign of zero, and so do files: `-0.0`.
    fn float_if(&mut self, known: bool, x: f64) -> &mut Self {
        if known {
            if x == 0.0 && x.is_sign_negative() {
                self.out.push(b'-');
            }
            self.out.extend_from_slice(itoa::Buffer::new().format(x as i64).as_bytes());
            self.out.extend_from_slice(b".0");
        }
        self.out.push(b',');
        self
    }

    fn tail_if(&mut self, known: bool, tail: u32) -> &mut Self {
        if !known {
            return self.text("");
        }
        let number = tail / 4;
        let digits = [number / 100, number / 10 % 10, number % 10].map(|d| b'0' + d as u8);
        self.out.push(b'N');
        self.out.extend_from_slice(&digits);
        self.text(TAIL_SUFFIXES[tail as usize % 4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(year: u32, n: usize) -> Vec<Vec<String>> {
        let mut out = Vec::new();
        let mut flights = Flights::new(1, year);
        for _ in 0..n {
            flights.write(days(year)[0], &mut out);
        }
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|l| l.split(',').map(str::to_owned).collect()).collect()
    }

    fn column(name: &str) -> usize {
        HEADER.trim_end().split(',').position(|c| c == name).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let bytes = |seed| {
            let mut out = Vec::new();
            write_year(1995, 20_000, seed, &mut out).unwrap();
            out
        };
        assert!(bytes(1) == bytes(1) && bytes(1) != bytes(2));
        assert_eq!(bytes(1).split(|&b| b == b'\n').count(), 20_002);
    }

    #[test]
    fn calendar_is_right() {
        assert_eq!(days(1990)[0], Day { year: 1990, month: 1, day: 1, weekday: 1 });
        assert_eq!(days(1999)[364], Day { year: 1999, month: 12, day: 31, weekday: 5 });
        assert_eq!(days(1996)[59], Day { year: 1996, month: 2, day: 29, weekday: 4 });
        assert_eq!((days(1996).len(), days(1900).len(), days(2000).len()), (366, 365, 366));
    }

    #[test]
    fn early_years_lack_four_columns() {
        for (year, complete) in [(1994, false), (1995, true)] {
            for line in lines(year, 500) {
                assert_eq!(line.len(), 23);
                assert_eq!(!line[column("TailNum")].is_empty(), complete);
                let flown = line[column("Cancelled")] == "0";
                for name in ["AirTime", "TaxiIn", "TaxiOut"] {
                    assert_eq!(!line[column(name)].is_empty(), complete && flown, "{name}");
                }
            }
        }
    }

    #[test]
    fn cancelled_flights_have_no_times() {
        let all = lines(1997, 5000);
        let cancelled = all.iter().filter(|l| l[column("Cancelled")] == "1").count();
        assert!((75..175).contains(&cancelled), "{cancelled} of 5000, 2.5 % expected");
        for l in &all {
            for name in ["DepTime", "ArrTime", "ActualElapsedTime", "ArrDelay", "DepDelay"] {
                assert_eq!(l[column(name)].is_empty(), l[column("Cancelled")] == "1");
            }
        }
    }

    #[test]
    fn numbers_look_as_data_frames_write_them() {
        let all = lines(1999, 5000);
        let delays: Vec<&str> = all.iter().map(|l| l[column("DepDelay")].as_str()).collect();
        assert!(delays.contains(&"-0.0") && delays.contains(&"-5.0") && delays.contains(&"0.0"));
        assert!(delays.iter().all(|d| d.is_empty() || d.ends_with(".0")));
        assert!(all.iter().all(|l| l[column("CRSDepTime")].parse::<u32>().is_ok()));
        assert!(all.iter().all(|l| l[column("Distance")].ends_with(".0")));
    }

    #[test]
    fn clock_wraps_at_midnight() {
        assert_eq!((clock(605), clock(1439), clock(1441)), (1005, 2359, 1));
    }
}
