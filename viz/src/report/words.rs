//! Bytes, shares and dates as people read them.
//! It does not know what they are of.

/// Bytes as `12.3 MiB`: three digits and a unit.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let (mut value, mut unit) = (n as f64 / 1024.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    let places = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.places$} {}", UNITS[unit])
}

/// A share from 0 to 1 as `12 %`, with a digit more where it is small.
pub(super) fn percent(share: f64) -> String {
    let p = share * 100.0;
    match p {
        p if p > 0.0 && p < 0.1 => "< 0.1 %".to_owned(),
        p if p > 0.0 && p < 9.95 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A part of a whole, 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Nanoseconds since 1970 as `2026-11-23 00:37:20 UTC`.
pub(super) fn date(nanos: u64) -> String {
    let seconds = nanos / 1_000_000_000;
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (h, m, s) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year}-{month:02}-{day:02} {h:02}:{m:02}:{s:02} UTC")
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day at the end; eras of 400 years are all alike.
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well() {
        let sizes = [0, 1023, 1024, 10_485_760, 1_073_741_824, u64::MAX].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.00 KiB", "10.0 MiB", "1.00 GiB", "16384 PiB"]);
        let shares = [0.0, 0.0001, 0.05, 0.123, 1.0].map(percent);
        assert_eq!(shares, ["0 %", "< 0.1 %", "5.0 %", "12 %", "100 %"]);
        assert_eq!(share(1, 0), 0.0);
    }

    #[test]
    fn knows_the_calendar() {
        let second = 1_000_000_000;
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_400 * second), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(1_795_394_240 * second), "2026-11-23 00:37:20 UTC");
        assert_eq!(date(4_107_542_399 * second), "2100-02-28 23:59:59 UTC");
    }
}
