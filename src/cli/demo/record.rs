//! One line of a CSV file: its fields, and what two of them mean.
//! It does not know files or line numbers: see `read`.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Another number of fields than the header has.
    Fields { found: usize, expected: usize },
    /// A quote was opened and not closed.
    OpenQuote,
    /// Something stands between a closing quote and the next comma.
    AfterQuote,
    /// The departure delay is not a number.
    Delay { text: String },
    /// The origin is not UTF-8.
    Origin,
}

/// Where the two columns that are used stand, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// Position of `Origin`, from 0.
    pub(crate) origin: usize,
    /// Position of `DepDelay`, from 0.
    pub(crate) delay: usize,
    /// Columns in all.
    pub(crate) columns: usize,
}

/// What is wanted of a flight: both are `None` where they are not known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flight<'a> {
    /// The airport that it left from.
    pub(crate) origin: Option<Cow<'a, [u8]>>,
    /// Minutes of delay at departure, below zero when early.
    pub(crate) delay: Option<f64>,
}

impl Layout {
    /// The flight on `line`, which has no line break at its end.
    pub(crate) fn flight<'a>(&self, line: &'a [u8]) -> Result<Flight<'a>, Malformed> {
        let scan = self.scan(line);
        if scan.quotes {
            return self.quoted(line);
        }
        let delay = line.get(scan.delay).unwrap_or_default();
        self.meaning(scan.fields, Cow::Borrowed(line.get(scan.origin).unwrap_or_default()), delay)
    }

    /// Finds the commas eight bytes at a time: fields of a few bytes are too short for `memchr`,
    /// whose calls would take longer than its search.
    fn scan(&self, line: &[u8]) -> Scan {
        let mut scan = Scan::default();
        let last = self.origin.max(self.delay);
        let (words, tail) = line.as_chunks::<8>();
        let mut padded = [0; 8];
        padded[..tail.len()].copy_from_slice(tail);
        let mut start = 0;
        for (i, &word) in words.iter().chain([&padded]).enumerate() {
            let word = u64::from_le_bytes(word);
            scan.quotes |= equal(word, b'"') != 0;
            let mut commas = equal(word, b',');
            if scan.fields > last {
                scan.fields += commas.count_ones() as usize;
                continue;
            }
            while commas != 0 {
                let end = 8 * i + commas.trailing_zeros() as usize / 8;
                self.close(&mut scan, start..end);
                start = end + 1;
                commas &= commas - 1;
            }
        }
        self.close(&mut scan, start..line.len());
        scan
    }

    /// Counts the field at `range`, and keeps the place of those that are used.
    fn close(&self, scan: &mut Scan, range: Range<usize>) {
        if scan.fields == self.origin {
            scan.origin = range;
        } else if scan.fields == self.delay {
            scan.delay = range;
        }
        scan.fields += 1;
    }

    fn quoted<'a>(&self, line: &'a [u8]) -> Result<Flight<'a>, Malformed> {
        let mut fields = split(line)?;
        let found = fields.len();
        if found != self.columns {
            return Err(Malformed::Fields { found, expected: self.columns });
        }
        let delay = std::mem::take(&mut fields[self.delay]);
        let origin = std::mem::take(&mut fields[self.origin]);
        self.meaning(found, origin, &delay)
    }

    fn meaning<'a>(
        &self,
        found: usize,
        origin: Cow<'a, [u8]>,
        delay: &[u8],
    ) -> Result<Flight<'a>, Malformed> {
        if found != self.columns {
            return Err(Malformed::Fields { found, expected: self.columns });
        }
        let delay = match delay.trim_ascii() {
            b"" | b"NA" | b"NaN" => None,
            text => Some(number(text).ok_or_else(|| Malformed::Delay { text: lossy(delay) })?),
        };
        if !origin.is_ascii() && std::str::from_utf8(&origin).is_err() {
            return Err(Malformed::Origin);
        }
        let origin = Some(origin).filter(|o| !matches!(o.as_ref(), b"" | b"NA" | b"NaN"));
        Ok(Flight { origin, delay })
    }
}

/// What a line without quotes looks like.
#[derive(Default)]
struct Scan {
    fields: usize,
    quotes: bool,
    origin: Range<usize>,
    delay: Range<usize>,
}

/// Sets the highest bit of each byte of `word` that is `byte`, and no other bit.
fn equal(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differs = word ^ (u64::from(byte) * 0x0101_0101_0101_0101);
    // Adding 127 to the lower seven bits carries into the highest unless they are all zero.
    !(((differs & LOW) + LOW) | differs | LOW)
}

/// The fields of a line that may have quotes: `"` around a field, `""` for one inside.
pub(crate) fn split(line: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, Malformed> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix(b"\"") {
            Some(inside) => unquote(inside)?,
            None => {
                let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        fields.push(field);
        match after.split_first() {
            None => return Ok(fields),
            Some((b',', next)) => rest = next,
            Some(_) => return Err(Malformed::AfterQuote),
        }
    }
}

/// Splits what follows an opening quote into the field and what stands behind its closing quote.
fn unquote(inside: &[u8]) -> Result<(Cow<'_, [u8]>, &[u8]), Malformed> {
    let mut field = Cow::Borrowed(&inside[..0]);
    let mut from = 0;
    loop {
        let quote = memchr::memchr(b'"', &inside[from..]).ok_or(Malformed::OpenQuote)? + from;
        let doubled = inside.get(quote + 1) == Some(&b'"');
        let piece = &inside[from..quote + usize::from(doubled)];
        match &mut field {
            Cow::Borrowed(b"") => field = Cow::Borrowed(piece),
            field => field.to_mut().extend_from_slice(piece),
        }
        if !doubled {
            return Ok((field, &inside[quote + 1..]));
        }
        from = quote + 2;
    }
}

/// A finite decimal number.
fn number(text: &[u8]) -> Option<f64> {
    short(text).or_else(|| {
        let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        number.is_finite().then_some(number)
    })
}

/// Whole numbers of up to 15 digits with nothing but zeros behind the point: nearly all there are.
fn short(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, text),
    };
    let end = digits.iter().position(|d| !d.is_ascii_digit()).unwrap_or(digits.len());
    let (whole, fraction) = digits.split_at(end);
    if !matches!(fraction, b"" | b".0") || whole.is_empty() || whole.len() > 15 {
        return None;
    }
    let n = whole.iter().fold(0u64, |n, d| n * 10 + u64::from(d - b'0')) as f64;
    Some(if negative { -n } else { n })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout { origin: 0, delay: 2, columns: 3 };

    fn flight(line: &str) -> Result<(Option<String>, Option<f64>), Malformed> {
        let f = LAYOUT.flight(line.as_bytes())?;
        Ok((f.origin.map(|o| lossy(&o)), f.delay))
    }

    fn known(origin: &str, delay: f64) -> Result<(Option<String>, Option<f64>), Malformed> {
        Ok((Some(origin.into()), Some(delay)))
    }

    #[test]
    fn reads_plain_and_quoted_fields_alike() {
        for line in ["JFK,x,12.5", "\"JFK\",x,12.5", "JFK,\"a,b\",\"12.5\"", "JFK,\"\"\"\",12.5"] {
            assert_eq!(flight(line), known("JFK", 12.5), "{line}");
        }
        assert_eq!(flight("\"J\"\"F\"\"\"\"K\",,1"), known("J\"F\"\"K", 1.0));
        assert_eq!(flight("\"\"\"\"\"\",,1"), known("\"\"", 1.0));
        assert_eq!(flight("A\"B,,1"), known("A\"B", 1.0), "a quote inside a plain field is text");
    }

    #[test]
    fn commas_are_found_wherever_they_stand() {
        for before in 0..20 {
            for after in 0..20 {
                let line = format!(
                    "{}JFK,{},7{}",
                    ",".repeat(before),
                    "é".repeat(after),
                    ",".repeat(after)
                );
                let layout =
                    Layout { origin: before, delay: before + 2, columns: before + 3 + after };
                let flight = layout.flight(line.as_bytes()).unwrap();
                assert_eq!(flight.delay, Some(7.0), "{line}");
                assert_eq!(flight.origin.as_deref(), Some(&b"JFK"[..]), "{line}");
            }
        }
    }

    #[test]
    fn missing_values_are_not_numbers() {
        for missing in ["", "NA", "NaN", "\"\"", " "] {
            assert_eq!(flight(&format!("JFK,,{missing}")), Ok((Some("JFK".into()), None)));
        }
        assert_eq!(flight("NA,,3"), Ok((None, Some(3.0))));
        assert_eq!(flight(",,"), Ok((None, None)));
    }

    #[test]
    fn numbers_in_all_their_forms() {
        for text in
            ["0", "-5.0", "-0.0", "12", "1e3", "+7", " 8 ", ".5", "3.", "123456789012345678"]
        {
            let want: f64 = text.trim().parse().unwrap();
            let got = flight(&format!("JFK,,{text}")).unwrap().1.unwrap();
            assert_eq!(got.to_bits(), want.to_bits(), "{text}");
        }
    }

    #[test]
    fn tells_what_is_wrong() {
        let delay = |text: &str| Err(Malformed::Delay { text: text.into() });
        for text in ["abc", "--1", "inf", "1e999", "1.0.0", "-"] {
            assert_eq!(flight(&format!("JFK,,{text}")), delay(text));
        }
        assert_eq!(flight("JFK,1"), Err(Malformed::Fields { found: 2, expected: 3 }));
        assert_eq!(flight("JFK,,1,"), Err(Malformed::Fields { found: 4, expected: 3 }));
        assert_eq!(flight("\"JFK,,1"), Err(Malformed::OpenQuote));
        assert_eq!(flight("\"JFK\"x,,1"), Err(Malformed::AfterQuote));
        assert_eq!(LAYOUT.flight(b"\xff,,1"), Err(Malformed::Origin));
    }
}
