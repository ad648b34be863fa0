//! A stream of bytes, parted into items at a delimiter.
//! It does not read: see `source`.

use memchr::memmem;

use super::{Items, Trim};

/// How a stream becomes items, and what of it has not become one yet.
#[derive(Clone, Debug)]
pub struct Splitter {
    delimiter: Vec<u8>,
    /// The item that ends the stream.
    last: Option<Vec<u8>>,
    /// Whether items of nothing but white space are left out.
    skips_blank: bool,
    trim: Trim,
    /// The beginning of an item.
    partial: Vec<u8>,
}

impl Default for Splitter {
    /// Lines.
    fn default() -> Self {
        Splitter::new(b"\n")
    }
}

impl Splitter {
    /// Items that end with `delimiter`; lines where it is empty.
    pub fn new(delimiter: &[u8]) -> Self {
        let delimiter = if delimiter.is_empty() { b"\n".to_vec() } else { delimiter.to_vec() };
        let (last, partial) = (None, vec![]);
        Splitter { delimiter, last, skips_blank: false, trim: Trim::default(), partial }
    }

    /// Ends with an item that is equal to this one, which is not part of it.
    #[must_use]
    pub fn until(mut self, last: Option<Vec<u8>>) -> Self {
        self.last = last;
        self
    }

    /// Leaves out items of nothing but white space.
    #[must_use]
    pub fn skip_blank(mut self, skips: bool) -> Self {
        self.skips_blank = skips;
        self
    }

    /// Cuts white space off items.
    #[must_use]
    pub fn trim(mut self, trim: Trim) -> Self {
        self.trim = trim;
        self
    }

    /// Appends the items that `bytes` complete. Returns whether that was the last of them.
    pub fn feed(&mut self, bytes: &[u8], items: &mut Items) -> bool {
        if self.partial.is_empty() {
            return self.take(bytes, items);
        }
        let mut all = std::mem::take(&mut self.partial);
        all.extend_from_slice(bytes);
        self.take(&all, items)
    }

    /// The stream has ended: what is left is an item.
    pub fn finish(&mut self, items: &mut Items) {
        let rest = std::mem::take(&mut self.partial);
        if !rest.is_empty() {
            self.push(&rest, items);
        }
    }

    /// Appends an item of a list. Returns whether that ends it.
    pub fn push(&self, item: &[u8], items: &mut Items) -> bool {
        if self.last.as_deref() == Some(item) {
            return true;
        }
        if !self.skips_blank || item.iter().any(|b| !b.is_ascii_whitespace()) {
            items.push(self.trim.of(item));
        }
        false
    }

    fn take(&mut self, bytes: &[u8], items: &mut Items) -> bool {
        let mut start = 0;
        match self.delimiter[..] {
            [byte] => {
                for end in memchr::memchr_iter(byte, bytes) {
                    if self.push(&bytes[start..end], items) {
                        return true;
                    }
                    start = end + 1;
                }
            }
            _ => {
                for end in memmem::find_iter(bytes, &self.delimiter) {
                    if self.push(&bytes[start..end], items) {
                        return true;
                    }
                    start = end + self.delimiter.len();
                }
            }
        }
        self.partial.extend_from_slice(&bytes[start..]);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(mut splitter: Splitter, chunks: &[&str]) -> Vec<String> {
        let mut items = Items::default();
        let ended = chunks.iter().any(|chunk| splitter.feed(chunk.as_bytes(), &mut items));
        if !ended {
            splitter.finish(&mut items);
        }
        let text = |i| String::from_utf8(items.get(i).unwrap().to_vec()).unwrap();
        (0..items.len()).map(text).collect()
    }

    #[test]
    fn chunks_may_end_anywhere() {
        for at in 0..12 {
            let (head, tail) = "ab\n\n c d\nend".split_at(at);
            assert_eq!(split(Splitter::default(), &[head, tail]), ["ab", "", " c d", "end"]);
            let (head, tail) = "abXYYXYc dXY".split_at(at);
            assert_eq!(split(Splitter::new(b"XY"), &[head, tail]), ["ab", "Y", "c d"]);
        }
    }

    #[test]
    fn blanks_and_ends_are_left_out() {
        let splitter = Splitter::default().skip_blank(true).until(Some(b"stop".to_vec()));
        assert_eq!(split(splitter, &["a\n \n\nb\nstop\nc\n"]), ["a", "b"]);
        assert_eq!(split(Splitter::default().trim(Trim::BOTH), &[" a \n\tb"]), ["a", "b"]);
        assert!(split(Splitter::default(), &[]).is_empty());
    }
}
