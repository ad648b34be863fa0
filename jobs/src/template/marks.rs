//! What is a place in a template: `{}` and its kin, or what stands for them.
//! It does not know what is around a place.

use super::{Part, What};

/// The texts that are places.
///
/// `{n}`, `{n.}` and so on, and names in braces, are places whatever these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The argument: `{}`.
    pub argument: Vec<u8>,
    /// Without extension: `{.}`.
    pub stripped: Vec<u8>,
    /// Without folder: `{/}`.
    pub name: Vec<u8>,
    /// The folder: `{//}`.
    pub folder: Vec<u8>,
    /// Without folder and extension: `{/.}`.
    pub stem: Vec<u8>,
    /// The number of the job: `{#}`.
    pub number: Vec<u8>,
    /// Its slot: `{%}`.
    pub slot: Vec<u8>,
    /// The names of arguments, by position: `{name}`, `{name.}` and so on.
    pub names: Vec<Vec<u8>>,
    /// Whether `{..}`, `{+/}`, `{##}` and others are places.
    pub plus: bool,
}

impl Default for Marks {
    fn default() -> Self {
        Marks {
            argument: b"{}".to_vec(),
            stripped: b"{.}".to_vec(),
            name: b"{/}".to_vec(),
            folder: b"{//}".to_vec(),
            stem: b"{/.}".to_vec(),
            number: b"{#}".to_vec(),
            slot: b"{%}".to_vec(),
            names: vec![],
            plus: false,
        }
    }
}

impl Marks {
    /// The text and the places of a word, from left to right. Every place is there with its text.
    pub(super) fn find(&self, word: &[u8]) -> Vec<(Vec<u8>, Option<What>)> {
        let mut pieces = vec![];
        let (mut start, mut at) = (0, 0);
        while at < word.len() {
            let Some((length, what)) = self.place(&word[at..]) else {
                at += 1;
                continue;
            };
            if start < at {
                pieces.push((word[start..at].to_vec(), None));
            }
            pieces.push((word[at..at + length].to_vec(), Some(what)));
            at += length;
            start = at;
        }
        if start < word.len() {
            pieces.push((word[start..].to_vec(), None));
        }
        pieces
    }

    /// A place at the beginning of `text`, and its length: the longest there is.
    fn place(&self, text: &[u8]) -> Option<(usize, What)> {
        let fixed = [
            (&self.argument, What::All(Part::Whole)),
            (&self.stripped, What::All(Part::Stripped(1))),
            (&self.name, What::All(Part::Name)),
            (&self.folder, What::All(Part::Folder)),
            (&self.stem, What::All(Part::Stem(1))),
            (&self.number, What::Number),
            (&self.slot, What::Slot),
        ];
        let fixed =
            fixed.into_iter().filter(|(mark, _)| !mark.is_empty() && text.starts_with(mark));
        let fixed = fixed.map(|(mark, what)| (mark.len(), what));
        fixed.chain(self.in_braces(text)).max_by_key(|(length, _)| *length)
    }

    /// `{3/.}`, `{name.}`, and with `plus` `{##}` and `{..}`.
    fn in_braces(&self, text: &[u8]) -> Option<(usize, What)> {
        let inner = text.strip_prefix(b"{")?;
        let inner = &inner[..inner.iter().position(|&b| b == b'}')?];
        let length = inner.len() + 2;
        if self.plus && inner == b"##" {
            return Some((length, What::Total));
        }
        for (i, name) in self.names.iter().enumerate() {
            let part = inner.strip_prefix(&name[..]).and_then(|rest| Part::parse(rest, self.plus));
            if let Some(part) = part {
                return Some((length, What::One(i as i32 + 1, part)));
            }
        }
        let sign = usize::from(inner.first() == Some(&b'-'));
        let digits = inner[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
        let part = Part::parse(&inner[sign + digits..], self.plus);
        match digits {
            // Without a position these are marks that can be others.
            0 => match part {
                Some(part) if self.plus && !is_basic(part) => Some((length, What::All(part))),
                _ => None,
            },
            _ => {
                let position = std::str::from_utf8(&inner[..sign + digits]).ok()?.parse().ok()?;
                (position != 0).then_some((length, What::One(position, part?)))
            }
        }
    }
}

/// Whether the part has a mark of its own.
fn is_basic(part: Part) -> bool {
    matches!(part, Part::Whole | Part::Stripped(1) | Part::Name | Part::Folder | Part::Stem(1))
}
