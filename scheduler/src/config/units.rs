//! Sizes, durations and counts as people write them: `"5.4 kB"`, `"2m"`, and back.
//! It knows no setting.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// Units of bytes, in lower case: decimal ones by a thousand, binary ones by 1024.
const BYTES: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("tb", 1_000_000_000_000),
    ("p", 1_000_000_000_000_000),
    ("pb", 1_000_000_000_000_000),
    ("ki", 1 << 10),
    ("kib", 1 << 10),
    ("mi", 1 << 20),
    ("mib", 1 << 20),
    ("gi", 1 << 30),
    ("gib", 1 << 30),
    ("ti", 1 << 40),
    ("tib", 1 << 40),
    ("pi", 1 << 50),
    ("pib", 1 << 50),
];

/// Units of time in nanoseconds, in lower case; a plural `s` is taken off words before.
const TIMES: &[(&str, u64)] = &[
    ("ns", 1),
    ("nanosecond", 1),
    ("us", 1_000),
    ("µs", 1_000), // the micro sign
    ("μs", 1_000), // the Greek letter
    ("microsecond", 1_000),
    ("ms", 1_000_000),
    ("millisecond", 1_000_000),
    ("", SECOND),
    ("s", SECOND),
    ("sec", SECOND),
    ("second", SECOND),
    ("m", 60 * SECOND),
    ("min", 60 * SECOND),
    ("minute", 60 * SECOND),
    ("h", 3_600 * SECOND),
    ("hr", 3_600 * SECOND),
    ("hour", 3_600 * SECOND),
    ("d", 86_400 * SECOND),
    ("day", 86_400 * SECOND),
    ("w", 604_800 * SECOND),
    ("week", 604_800 * SECOND),
];

const SECOND: u64 = 1_000_000_000;

/// Returns a number of bytes, from a number with an optional unit; a fraction of a byte is cut off.
///
/// # Errors
/// Text that is no size, or a size beyond 64 bits; the message lists the forms.
///
/// ```
/// use tine_scheduler::config::units::parse_bytes;
/// assert_eq!(parse_bytes("5.4 kB")?, 5_400);
/// assert_eq!(parse_bytes("1kiB")?, 1_024);
/// assert_eq!(parse_bytes("MB")?, 1_000_000);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn parse_bytes(text: &str) -> Result<u64> {
    let bytes = quantity(text, |unit| lookup(BYTES, unit));
    bytes.and_then(|b| u64::try_from(b).ok()).ok_or_else(|| {
        let forms = "a number and one of B, kB, MB, GB, TB, PB (by 1000) or kiB, MiB, GiB, TiB, \
                     PiB (by 1024), below 16 EiB: \"5.4 kB\", \"1GiB\", \"1e6\"";
        Error::new(ErrorKind::Config, format!("{text:?} is no size in bytes; write {forms}"))
    })
}

/// Returns a duration, from a number with an optional unit, seconds where there is none.
///
/// # Errors
/// Text that is no duration; the message lists the forms.
///
/// ```
/// use std::time::Duration;
/// use tine_scheduler::config::units::parse_timedelta;
/// assert_eq!(parse_timedelta("2m")?, Duration::from_secs(120));
/// assert_eq!(parse_timedelta("3500 us")?, Duration::from_micros(3_500));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn parse_timedelta(text: &str) -> Result<Duration> {
    let nanos = quantity(text, |unit| {
        let word = unit.strip_suffix('s').filter(|word| word.len() > 2);
        lookup(TIMES, unit).or_else(|| lookup(TIMES, word?))
    });
    nanos.and_then(duration).ok_or_else(|| {
        let forms = "a number and one of ns, us, ms, s, m, h, d, w, or their names: \"500 ms\", \
                     \"2m\", \"1.5 hours\"";
        Error::new(ErrorKind::Config, format!("{text:?} is no duration; write {forms}"))
    })
}

fn duration(nanos: u128) -> Option<Duration> {
    let (seconds, rest) = (nanos / u128::from(SECOND), nanos % u128::from(SECOND));
    Some(Duration::new(u64::try_from(seconds).ok()?, u32::try_from(rest).ok()?))
}

fn lookup(units: &[(&str, u64)], unit: &str) -> Option<u64> {
    units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

/// Returns number times unit; whole numbers exactly, a unit alone once.
fn quantity(text: &str, factor: impl Fn(&str) -> Option<u64>) -> Option<u128> {
    let text = text.trim();
    let (number, unit) = text.split_at(number_len(text));
    let factor = factor(&unit.trim_start().to_lowercase())?;
    if number.is_empty() {
        return (!unit.is_empty()).then_some(factor.into());
    }
    if let Ok(whole) = number.parse::<u64>() {
        return Some(u128::from(whole) * u128::from(factor));
    }
    // Up to 2^53 a rounded product is exact; above it nobody counts single bytes with a fraction.
    let product = number.parse::<f64>().ok()? * factor as f64;
    let nearest = product.round();
    let whole = if (product - nearest).abs() <= product * f64::EPSILON { nearest } else { product };
    (whole >= 0.0 && whole < u128::MAX as f64).then_some(whole as u128)
}

/// How many bytes of the text are its number: digits, a point, an exponent that has digits.
fn number_len(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text[from..].bytes();
        from + rest.take_while(u8::is_ascii_digit).count()
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    let exponent = text[end..].strip_prefix(['e', 'E']).map(|rest| {
        let sign = usize::from(rest.starts_with(['+', '-']));
        (end + 1 + sign, digits(end + 1 + sign))
    });
    match exponent {
        Some((from, to)) if to > from && end > 0 => to,
        _ => end,
    }
}

/// Returns a size with two decimals, in the largest binary unit of which it is nine tenths.
///
/// ```
/// use tine_scheduler::config::units::format_bytes;
/// assert_eq!(format_bytes(930), "0.91 kiB");
/// assert_eq!(format_bytes(12), "12 B");
/// ```
pub fn format_bytes(bytes: u64) -> String {
    for (prefix, size) in
        [("Pi", 1u64 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("ki", 1 << 10)]
    {
        if bytes as f64 >= size as f64 * 0.9 {
            return format!("{:.2} {prefix}B", bytes as f64 / size as f64);
        }
    }
    format!("{bytes} B")
}

/// Returns a number with a comma at each thousand.
///
/// ```
/// use tine_scheduler::config::units::format_count;
/// assert_eq!(format_count(1_234_567), "1,234,567");
/// ```
pub fn format_count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns how many there are of something that has one name where there is one, and an `s` behind
/// it where there are more: `1 task`, `1,200 tasks`.
pub fn format_plural(n: u64, one: &str) -> String {
    format!("{} {one}{}", format_count(n), if n == 1 { "" } else { "s" })
}

/// Returns a duration with two decimals from microseconds to ten minutes, in two units above.
///
/// ```
/// use std::time::Duration;
/// use tine_scheduler::config::units::format_time;
/// assert_eq!(format_time(Duration::from_micros(1_234)), "1.23 ms");
/// assert_eq!(format_time(Duration::from_secs(1_234)), "20m 34s");
/// ```
pub fn format_time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if time > Duration::from_secs(2 * 86_400) {
        return format!("{days}d {}hr", hours % 24);
    }
    if time > Duration::from_secs(2 * 3_600) {
        return format!("{hours}hr {}m", minutes % 60);
    }
    if time > Duration::from_secs(600) {
        return format!("{minutes}m {}s", seconds % 60);
    }
    let exact = time.as_secs_f64();
    if exact >= 1.0 {
        format!("{exact:.2} s")
    } else if exact >= 1e-3 {
        format!("{:.2} ms", exact * 1e3)
    } else {
        format!("{:.2} us", exact * 1e6)
    }
}
