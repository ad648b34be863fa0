//! L14: sizes and durations as text.
//! Dask's `parse_bytes` and `parse_timedelta` also take numbers: in Rust a number is one already.

use std::time::Duration;

use proptest::prelude::*;
use tine_scheduler::ErrorKind;
use tine_scheduler::config::units::{format_bytes, format_time, parse_bytes, parse_timedelta};

#[test]
fn l14_parse_bytes() {
    let cases = [
        ("100", 100),
        ("100 MB", 100_000_000),
        ("100M", 100_000_000),
        ("5kB", 5_000),
        ("5.4 kB", 5_400),
        ("1kiB", 1_024),
        ("1Mi", 1 << 20),
        ("1e6", 1_000_000),
        ("1e6 kB", 1_000_000_000),
        ("1.5e+3", 1_500),
        ("MB", 1_000_000),
        ("123 def", 0),
        (".5GB", 500_000_000),
        ("1.1 kB", 1_100),
        ("1.0000001 B", 1),
        ("16 PiB", 16 << 50),
        ("18446744073709551615", u64::MAX),
        (" 4 GiB ", 4 << 30),
        ("4gib", 4 << 30),
    ];
    for (text, want) in cases {
        match parse_bytes(text) {
            Ok(got) => assert_eq!(got, want, "{text}"),
            Err(e) => {
                assert_eq!((want, e.kind()), (0, ErrorKind::Config), "{e}");
                assert!(e.message().contains("5.4 kB") && e.message().contains(text), "{e}");
            }
        }
    }
    for bad in ["", " ", "-1", "5 foos", "1.2.3", "e6", "1e", "20000 PiB", "1e400", "∞", "4 G iB x"]
    {
        assert_eq!(parse_bytes(bad).unwrap_err().kind(), ErrorKind::Config, "{bad}");
    }
}

#[test]
fn l14_format_bytes() {
    let cases = [
        (0, "0 B"),
        (920, "920 B"),
        (930, "0.91 kiB"),
        (921_599, "900.00 kiB"),
        (943_719, "0.90 MiB"),
        (1 << 30, "1.00 GiB"),
        (1 << 50, "1.00 PiB"),
        (u64::MAX, "16384.00 PiB"),
    ];
    for (bytes, want) in cases {
        assert_eq!(format_bytes(bytes), want);
    }
}

#[test]
fn l14_parse_timedelta() {
    let cases = [
        ("1s", 1_000_000_000),
        ("100ms", 100_000_000),
        ("5 µs", 5_000),
        ("3500 us", 3_500_000),
        ("1ns", 1),
        ("2m", 120_000_000_000),
        ("2 minutes", 120_000_000_000),
        ("1.5 hours", 5_400_000_000_000),
        ("1 day", 86_400_000_000_000),
        ("2w", 1_209_600_000_000_000),
        ("1 second", 1_000_000_000),
        ("60", 60_000_000_000),
        ("ms", 1_000_000),
        ("0.3s", 300_000_000),
    ];
    for (text, nanos) in cases {
        assert_eq!(parse_timedelta(text).unwrap(), Duration::from_nanos(nanos), "{text}");
    }
    for bad in ["", "1 parsec", "-5 s", "1 m s", "5 ss", "9e99 weeks"] {
        let e = parse_timedelta(bad).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Config, "{bad}");
        assert!(e.message().contains("500 ms"), "{e}");
    }
}

#[test]
fn l14_format_time() {
    let cases = [
        (0, "0.00 us"),
        (12_340, "12.34 us"),
        (1_000_000, "1.00 ms"),
        (1_234_000_000, "1.23 s"),
        (600_000_000_000, "600.00 s"),
        (1_234_567_000_000, "20m 34s"),
        (12_345_678_000_000, "3hr 25m"),
        (1_234_567_891_000_000, "14d 6hr"),
    ];
    for (nanos, want) in cases {
        assert_eq!(format_time(Duration::from_nanos(nanos)), want);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text: String) {
        let _ = parse_bytes(&text);
        let _ = parse_timedelta(&text);
    }

    #[test]
    fn text_of_digits_and_units(number in "[0-9.eE+-]{0,8}", unit in "[kMGTPimnuswhdB]{0,3}") {
        let text = format!("{number}{unit}");
        let _ = parse_bytes(&text);
        let _ = parse_timedelta(&text);
    }

    #[test]
    fn whole_numbers_are_exact(n: u64) {
        prop_assert_eq!(parse_bytes(&n.to_string()).unwrap(), n);
        prop_assert_eq!(parse_timedelta(&format!("{n} ns")).unwrap(), Duration::from_nanos(n));
    }

    #[test]
    fn what_is_formatted_can_be_read(n: u64) {
        let read = parse_bytes(&format_bytes(n)).unwrap_or(u64::MAX) as f64;
        prop_assert!((read - n as f64).abs() <= 0.006 * n as f64 + 1.0);
    }
}
