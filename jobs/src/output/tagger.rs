//! Tags: what stands before each line of a job's output.
//! It does not know where lines come from, or go.

/// Where in its lines a stream is: chunks of it end anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tagger {
    /// At the start of a line.
    Start,
    /// Behind a carriage return: the start of a line, unless a newline follows.
    Returned,
    /// Within a line.
    Within,
}

impl Tagger {
    /// Adds to `to` the first bytes of `bytes`, up to some `most` with the tags, and each tag with a
    /// tab behind it; returns how many there were. The first line and each line after a newline gets one, also
    /// after a carriage return alone: what overwrites a line takes its tag along. The tag comes with
    /// the first byte of its line, so that output that ends with a newline has none behind it.
    pub(super) fn tag(&mut self, tag: &[u8], bytes: &[u8], most: usize, to: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        while taken < bytes.len() && to.len() < most {
            let rest = &bytes[taken..];
            if *self == Tagger::Start || (*self == Tagger::Returned && rest[0] != b'\n') {
                to.extend_from_slice(tag);
                to.push(b'\t');
            }
            let end = memchr::memchr2(b'\n', b'\r', rest);
            *self = match end.map(|at| rest[at]) {
                Some(b'\n') => Tagger::Start,
                Some(_) => Tagger::Returned,
                None => Tagger::Within,
            };
            let line = end.map_or(rest, |at| &rest[..=at]);
            to.extend_from_slice(line);
            taken += line.len();
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(chunks: &[&str]) -> String {
        let (mut tagger, mut to) = (Tagger::Start, Vec::new());
        for chunk in chunks {
            let taken = tagger.tag(b"T", chunk.as_bytes(), usize::MAX, &mut to);
            assert_eq!(taken, chunk.len());
        }
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn every_line_has_one_tag() {
        assert_eq!(tagged(&["a\n\nb"]), "T\ta\nT\t\nT\tb");
        assert_eq!(tagged(&["a", "b\n", "c\n"]), "T\tab\nT\tc\n");
        assert_eq!(tagged(&[]), "");
    }

    #[test]
    fn a_carriage_return_begins_a_line_unless_a_newline_follows() {
        assert_eq!(tagged(&["1 %\r2 %\r"]), "T\t1 %\rT\t2 %\r");
        assert_eq!(tagged(&["a\r\nb\r", "\nc"]), "T\ta\r\nT\tb\r\nT\tc");
    }

    #[test]
    fn stops_at_a_line_when_it_has_enough() {
        let (mut tagger, mut to) = (Tagger::Start, Vec::new());
        assert_eq!(tagger.tag(b"T", b"ab\ncd\n", 4, &mut to), 3);
        assert_eq!(to, b"T\tab\n");
    }
}
