//! Durations, sizes, counts and paragraphs as the command prints them.
//! It does not know what they are of.

pub(crate) use tine_scheduler::config::units::{format_count as count, format_plural as plural};

/// Nanoseconds as `12.3 ms`: three digits and a unit.
pub(crate) fn duration(nanos: u64) -> String {
    let n = nanos as f64;
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..999_500 => three(n / 1e3, "µs"),
        999_500..999_500_000 => three(n / 1e6, "ms"),
        999_500_000..600_000_000_000 => three(n / 1e9, "s"),
        _ => format!("{} min", count((n / 60e9).round() as u64)),
    }
}

/// Bytes as `12.3 MB`.
pub(crate) fn bytes(n: u64) -> String {
    let value = n as f64;
    match n {
        0..1_000 => format!("{n} B"),
        1_000..999_500 => three(value / 1e3, "kB"),
        999_500..999_500_000 => three(value / 1e6, "MB"),
        999_500_000..999_500_000_000 => three(value / 1e9, "GB"),
        _ => three(value / 1e12, "TB"),
    }
}

fn three(n: f64, unit: &str) -> String {
    let places = if n < 9.995 { 2 } else { usize::from(n < 99.95) };
    format!("{n:.places$} {unit}")
}

/// A paragraph in lines of at most `width` characters, each after `indent`.
pub(crate) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let taken = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && taken > width {
            out += &format!("{indent}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    if line.is_empty() { out } else { out + indent + &line + "\n" }
}

/// A name in `most` characters at the most; its middle gives way, because both ends say most.
pub(crate) fn shortened(name: &str, most: usize) -> String {
    let all: Vec<char> = name.chars().collect();
    if all.len() <= most {
        return name.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    all[..head].iter().chain(&['…']).chain(&all[all.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_well() {
        assert_eq!(
            [5, 12_345, 999_499_999, 65_432_100_000].map(duration),
            ["5 ns", "12.3 µs", "999 ms", "65.4 s"]
        );
        assert_eq!(duration(7_200_000_000_000), "120 min");
        assert_eq!(
            [999, 1_000, 1_500_000, 2_000_000_000].map(bytes),
            ["999 B", "1.00 kB", "1.50 MB", "2.00 GB"]
        );
        assert_eq!(plural(1, "task") + &plural(2_000, "run"), "1 task2,000 runs");
    }

    #[test]
    fn paragraphs_are_wrapped() {
        assert_eq!(wrapped("one two  three\nfour", 11, "  "), "  one two\n  three\n  four\n");
        assert_eq!(wrapped("", 11, "  "), "");
        assert_eq!(shortened("app::module::function", 9), "app:…tion");
    }
}
