//! Numbers and names as they stand in findings.
//! It does not know what they say.

use tine_scheduler::Key;
pub(super) use tine_scheduler::config::units::{format_count as count, format_plural as several};

use crate::trace::Trace;

/// A time in the unit that leaves two or three digits: `340 ms`, `1.2 s`, `75 min`.
pub(super) fn time(nanos: f64) -> String {
    let units = [(60e9, "min", 10.0), (1e9, "s", 1.0), (1e6, "ms", 1.0), (1e3, "us", 1.0)];
    match units.into_iter().find(|(size, _, least)| nanos >= size * least * 0.9995) {
        Some((size, unit, _)) => format!("{} {unit}", digits(nanos / size)),
        None => format!("{nanos:.0} ns"),
    }
}

/// Bytes in the unit that leaves two or three digits, a power of 1024 as in the errors of tine:
/// `1.5 GiB`.
pub(super) fn bytes(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "kiB")];
    let size = |power: u32| (1u64 << power) as f64;
    match units.into_iter().find(|(power, _)| bytes as f64 >= size(*power) * 0.9995) {
        Some((power, unit)) => format!("{} {unit}", digits(bytes as f64 / size(power))),
        None => format!("{bytes} bytes"),
    }
}

/// Two digits below ten, else a whole number.
fn digits(x: f64) -> String {
    if x < 9.95 { format!("{x:.1}") } else { count(x.round() as u64) }
}

/// A share in per cent: `38 %`.
pub(super) fn percent(share: f64) -> String {
    let share = share.clamp(0.0, 1.0) * 100.0;
    if share > 0.0 && share < 1.0 { "less than 1 %".to_owned() } else { format!("{share:.0} %") }
}

/// A factor: `2.5 times`, `40 times`.
pub(super) fn times(factor: f64) -> String {
    format!("{} times", digits(factor))
}

/// The next of 2, 5, 10, 20, 50, …, which is what one would try.
pub(super) fn round_up(x: f64) -> u64 {
    let mut size = 1.0;
    loop {
        match [2.0, 5.0, 10.0].into_iter().find(|step| x <= step * size) {
            Some(step) => return (step * size) as u64,
            None => size *= 10.0,
        }
    }
}

/// The name of a group between backticks: without its hash, where no other is called so.
pub(super) fn group(trace: &Trace, group: usize) -> String {
    let names = || trace.groups().iter().map(|g| g.name.as_str());
    let full = &trace.groups()[group].name;
    let short = Key::without_hash(full);
    match names().filter(|n| Key::without_hash(n) == short).count() {
        1 => format!("`{short}`"),
        _ => format!("`{full}`"),
    }
}

/// The name of a task between backticks, of its group without a hash where that is clear.
pub(super) fn task(trace: &Trace, rank: usize) -> String {
    let task = trace.task(rank);
    let name = group(trace, task.group);
    format!("`{}`", Key::new(name.trim_matches('`'), task.position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_or_three_digits() {
        let shown: Vec<_> = [12.0, 1_250.0, 340e6, 9.96e9, 599e9, 4.5e12].map(time).into();
        assert_eq!(shown, ["12 ns", "1.2 us", "340 ms", "10 s", "599 s", "75 min"]);
        assert_eq!([0, 999, 3 << 29].map(bytes), ["0 bytes", "999 bytes", "1.5 GiB"]);
        assert_eq!(
            [0.0, 0.004, 0.384, 7.0].map(percent),
            ["0 %", "less than 1 %", "38 %", "100 %"]
        );
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!([1.0, 2.1, 7.0, 30.0, 99.0].map(round_up), [2, 5, 10, 50, 100]);
    }
}
