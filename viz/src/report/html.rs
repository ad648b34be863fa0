//! HTML and JSON as text: escaping, and numbers as base64. The only file of the report that does it.
//! It does not know what is said.

use std::fmt::Write as _;

/// Text as it may stand in an element or a quoted attribute.
///
/// Control characters become the replacement character, and so do those that turn the direction of
/// the text after them.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(visible(c)),
        }
    }
    out
}

/// A string of JSON that may stand inside of a script element: without angle brackets.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match visible(c) {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c @ ('<' | '>' | '&' | '\u{2028}' | '\u{2029}') => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What is shown of a character: control characters, and those that turn the direction of the text
/// after them, are replaced.
pub(super) fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        c if c.is_control() => '\u{fffd}',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    }
}

/// Whole numbers, seven bits a byte, the lowest first; the last byte of each is below 128.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    bytes: Vec<u8>,
}

impl Numbers {
    pub(super) fn push(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    /// A list: how many, then each.
    pub(super) fn list(&mut self, list: &[u32]) {
        self.push(list.len() as u64);
        list.iter().for_each(|&n| self.push(u64::from(n)));
    }

    /// How many bytes they take.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes, for tests.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The numbers as a string of JSON.
    pub(super) fn json(&self) -> String {
        format!("\"{}\"", base64(&self.bytes))
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let all = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(all >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(escape("</a b=\"c'\">&\u{1}"), "&lt;/a b=&quot;c&#39;&quot;&gt;&amp;\u{fffd}");
        assert_eq!(escape("a\u{202e}b"), "a\u{fffd}b");
        let script = json("</script>\"\\\n\u{2028}<!--\u{7}");
        assert_eq!(script, "\"\\u003c/script\\u003e\\\"\\\\\\n\\u2028\\u003c!--\u{fffd}\"");
    }

    #[test]
    fn numbers_are_short() {
        let mut n = Numbers::default();
        [0, 127, 128, 300].into_iter().for_each(|x| n.push(x));
        assert_eq!(n.bytes, [0, 127, 0x80, 1, 0xac, 2]);
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        assert_eq!(base64(b""), "");
    }
}
