//! Pieces of JSON, written as they come: strings, and times in microseconds.
//! It does not know what they say.

use std::io::{self, Write};

/// A text as JSON has it, with its quotes.
pub(super) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Line separators are allowed in JSON, but end a line for some readers of JSON lines.
            c if c < ' ' || matches!(c, '\u{7f}' | '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Nanoseconds as microseconds with all their digits: no rounding, no exponent.
pub(super) fn micros(out: &mut impl Write, nanos: u64) -> io::Result<()> {
    let (whole, part) = (nanos / 1000, nanos % 1000);
    if part == 0 { write!(out, "{whole}") } else { write!(out, "{whole}.{part:03}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_were() {
        for text in ["", "a\"b\\c", "line\nend\r\t\u{0}\u{1f}\u{7f}", "ä漢😀\u{2028}"] {
            assert_eq!(serde_json::from_str::<String>(&string(text)).unwrap(), text);
        }
        assert!(string("\u{1}\u{2028}").is_ascii());
    }

    #[test]
    fn times_keep_their_digits() {
        let written = [0, 1, 1000, 1_234_567, u64::MAX].map(|n| {
            let mut out = Vec::new();
            micros(&mut out, n).unwrap();
            String::from_utf8(out).unwrap()
        });
        assert_eq!(written, ["0", "0.001", "1", "1234.567", "18446744073709551.615"]);
    }
}
