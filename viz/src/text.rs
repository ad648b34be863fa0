//! Text as wide as it will be, cut to what fits; durations, bytes and counts as people read them.
//! It does not know where the text stands.

pub(crate) use tine_scheduler::config::units::{format_count as count, format_plural as plural};

/// Width of a character in parts of the font size: the widest of the usual fonts of one width.
const CHARACTER: f64 = 0.61;
/// From here on the scripts whose characters take two columns begin.
const WIDE: char = '\u{1100}';

/// The width of `text` in pixels, at `size` pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    columns(text) as f64 * CHARACTER * size
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| if c < WIDE { 1 } else { 2 }).sum()
}

/// Columns of a name where there is room for it: what is longer was not written to be read.
pub(crate) const MOST_OF_A_NAME: usize = 400;

/// `text` in `most` columns at the most; its middle gives way, because both ends say most.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let (mut head, mut tail) = (String::new(), Vec::new());
    let mut used = 0;
    let (mut front, mut back) = (text.chars(), text.chars().rev());
    while let (Some(f), Some(b)) = (front.next(), back.next()) {
        let (wf, wb) = (columns(f.encode_utf8(&mut [0; 4])), columns(b.encode_utf8(&mut [0; 4])));
        if used + wf > room {
            break;
        }
        head.push(f);
        used += wf;
        if used + wb > room {
            break;
        }
        tail.push(b);
        used += wb;
    }
    head.push('…');
    head.extend(tail.iter().rev());
    head
}

/// `text` cut so that it is at most `room` pixels wide; `None` where nothing useful is left.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> Option<String> {
    let most = (room / (CHARACTER * size)).floor();
    if most >= columns(text) as f64 {
        return Some(text.to_owned());
    }
    // Fewer than four characters tell nothing of a name.
    (most >= 5.0).then(|| shorten(text, most as usize))
}

/// Nanoseconds as `12.3 ms`: three digits and a unit.
pub(crate) fn duration(nanos: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    if nanos >= 10 * MINUTE {
        let seconds = (nanos % MINUTE) / 1_000_000_000;
        return format!("{} min {seconds} s", count(nanos / MINUTE));
    }
    let n = nanos as f64;
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..999_500 => three(n / 1e3, "µs"),
        999_500..999_500_000 => three(n / 1e6, "ms"),
        _ => three(n / 1e9, "s"),
    }
}

fn three(n: f64, unit: &str) -> String {
    let places = if n < 9.995 { 2 } else { usize::from(n < 99.95) };
    format!("{n:.places$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_both_ends() {
        assert_eq!(shorten("read_csv-partition(12)", 12), "read_c…n(12)");
        assert_eq!(shorten("short", 12), "short");
        assert_eq!(shorten("漢字漢字漢字", 6), "漢…字");
        assert_eq!(fit("read_csv", 12.0, 20.0), None);
        assert_eq!(fit("inc", 12.0, 22.0).as_deref(), Some("inc"));
    }

    #[test]
    fn reads_well() {
        let read: Vec<_> =
            [0, 999, 1_000, 12_345, 999_499, 999_500, 65_432_100_000, 600_000_000_000]
                .map(duration)
                .into();
        let want =
            ["0 ns", "999 ns", "1.00 µs", "12.3 µs", "999 µs", "1.00 ms", "65.4 s", "10 min 0 s"];
        assert_eq!(read, want);
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((plural(1, "task"), plural(2, "task")), ("1 task".into(), "2 tasks".into()));
    }
}
