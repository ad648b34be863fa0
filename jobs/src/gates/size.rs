//! Sizes in GNU parallel's units and in ours.
//! It does not know what they are of.

use tine_scheduler::config::units::parse_bytes;
use tine_scheduler::{Error, ErrorKind, Result};

/// Returns a number of bytes. One letter is read as GNU parallel does: `K`, `M`, `G`, `T`, `P`, `E`
/// by 1024, in small letters by 1000. Longer units are read as everywhere in tine: `MiB` and `Mi` by
/// 1024, `MB` by 1000.
///
/// # Errors
/// Text that is no size; the message lists the forms.
///
/// ```
/// use tine_jobs::gates::parse_size;
/// assert_eq!(parse_size("2K")?, 2_048);
/// assert_eq!(parse_size("2k")?, 2_000);
/// assert_eq!(parse_size("1.5 MiB")?, 1_572_864);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn parse_size(text: &str) -> Result<u64> {
    let text = text.trim();
    let bad = || {
        let forms = "a number and one of K, M, G, T, P, E (by 1024), k, m, g, t, p, e (by 1000), \
                     kB, MB, … or KiB, MiB, …: \"512M\", \"1.5GiB\"";
        Error::new(ErrorKind::Config, format!("{text:?} is no size in bytes; write {forms}"))
    };
    let (number, unit) =
        text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let large = match unit {
        "K" => Some("kiB"),
        "M" => Some("MiB"),
        "G" => Some("GiB"),
        "T" => Some("TiB"),
        "P" => Some("PiB"),
        _ => None,
    };
    if unit.eq_ignore_ascii_case("e") {
        // As a unit: to a number it would be an exponent without digits.
        let factor = if unit == "E" { 1 << 60 } else { 1_000_000_000_000_000_000_u64 };
        let number = number.trim().parse::<u64>().map_err(|_| bad())?;
        return number.checked_mul(factor).ok_or_else(bad);
    }
    let whole = large.map_or_else(|| text.to_owned(), |large| format!("{number}{large}"));
    parse_bytes(&whole).map_err(|_| bad())
}
