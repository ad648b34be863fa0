//! The arguments of each job: one of every source, in all combinations, or side by side.
//! It does not keep combinations: each is worked out from its number.

use std::io;
use std::os::fd::BorrowedFd;

use super::{Columns, Source};

/// Sources whose items belong together, one of each.
#[derive(Debug)]
pub struct Group {
    sources: Vec<Source>,
    /// Whether shorter sources begin again, up to the end of the longest; otherwise the shortest one
    /// ends all.
    wraps: bool,
}

impl Group {
    /// A source on its own.
    pub fn new(source: Source) -> Self {
        Group { sources: vec![source], wraps: false }
    }

    /// Several, side by side, of which the shorter ones begin again.
    pub fn wrapping(sources: Vec<Source>) -> Self {
        Group { sources, wraps: true }
    }

    /// Adds a source beside the others; the shortest one ends all.
    pub fn link(&mut self, source: Source) {
        self.sources.push(source);
    }

    fn count(&self) -> Count {
        let open = self.sources.iter().filter(|s| !s.is_closed()).map(Source::len).min();
        let closed = self.sources.iter().filter(|s| s.is_closed()).map(Source::len);
        match (self.wraps, open) {
            (true, None) => Count { known: closed.max().unwrap_or(0), closed: true },
            (true, Some(open)) => Count { known: open, closed: false },
            (false, open) => {
                let shortest = closed.min();
                let known = open.unwrap_or(usize::MAX).min(shortest.unwrap_or(usize::MAX));
                Count { known, closed: open.is_none() || shortest == Some(known) }
            }
        }
    }

    /// The source that the next row waits for.
    fn next(&self) -> Option<usize> {
        let open = self.sources.iter().enumerate().filter(|(_, s)| !s.is_closed());
        open.min_by_key(|(_, s)| s.len()).map(|(i, _)| i)
    }
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// As far as is known.
    pub known: usize,
    /// Whether no more will come.
    pub closed: bool,
}

/// All combinations of the items of groups. The last group changes first.
#[derive(Debug)]
pub struct Rows {
    groups: Vec<Group>,
    columns: Option<Columns>,
}

impl Rows {
    /// The combinations of these groups; with `columns` each item is several arguments.
    pub fn new(groups: Vec<Group>, columns: Option<Columns>) -> Self {
        Rows { groups, columns }
    }

    /// Takes the first item of every source as the name of its arguments.
    ///
    /// # Errors
    /// A source cannot be read.
    pub fn take_names(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut names = vec![];
        for source in self.groups.iter_mut().flat_map(|g| &mut g.sources) {
            let name = source.take_name()?;
            match &self.columns {
                Some(columns) => {
                    let mut split = vec![];
                    columns.split(&name, &mut split);
                    names.extend(split.into_iter().map(<[u8]>::to_vec));
                }
                None => names.push(name),
            }
        }
        Ok(names)
    }

    /// How many rows there are. A product that no number holds is known to be as large as can be.
    ///
    /// While a group is still coming in, those behind it are complete, so that the rows of the first
    /// items of all groups before it are known.
    pub fn count(&self) -> Count {
        let mut rows = Count { known: 1, closed: true };
        for group in self.groups.iter().rev() {
            let count = group.count();
            if !rows.closed {
                // One of its items is needed, any of them.
                if count.known == 0 {
                    return Count { known: 0, closed: count.closed };
                }
                continue;
            }
            rows = Count { known: rows.known.saturating_mul(count.known), closed: count.closed };
            if rows.closed && count.known == 0 {
                return rows;
            }
        }
        rows
    }

    /// What can be waited for, while more rows may come.
    pub fn input(&self) -> Option<BorrowedFd<'_>> {
        let (group, source) = self.turn()?;
        self.groups[group].sources[source].input()
    }

    /// Reads what is there, and waits for nothing.
    ///
    /// # Errors
    /// A source cannot be read.
    pub fn read(&mut self) -> io::Result<bool> {
        match self.turn() {
            Some((group, source)) => self.groups[group].sources[source].read(),
            None => Ok(false),
        }
    }

    /// Reads once, and waits where nothing is there.
    ///
    /// # Errors
    /// A source cannot be read.
    pub fn wait(&mut self) -> io::Result<bool> {
        match self.turn() {
            Some((group, source)) => self.groups[group].sources[source].wait(),
            None => Ok(false),
        }
    }

    /// Appends the arguments of a row that is known.
    pub fn row<'a>(&'a self, row: usize, arguments: &mut Vec<&'a [u8]>) {
        // The digits of the number, of which each has a base of its own; the last is the lowest.
        let mut rest = row;
        let mut digits = vec![0; self.groups.len()];
        for (digit, group) in digits.iter_mut().zip(&self.groups).rev() {
            let Count { known, closed } = group.count();
            // Of a group that is still coming in, no item has been used twice.
            *digit = if closed { rest % known.max(1) } else { rest };
            rest = if closed { rest / known.max(1) } else { 0 };
        }
        for (digit, group) in digits.into_iter().zip(&self.groups) {
            for source in &group.sources {
                let index = if group.wraps && source.is_closed() {
                    digit % source.len().max(1)
                } else {
                    digit
                };
                let item = source.get(index).unwrap_or_default();
                match &self.columns {
                    Some(columns) => columns.split(item, arguments),
                    None => arguments.push(item),
                }
            }
        }
    }

    /// Whether the last argument of a row ends with a blank, so that the next row belongs to it.
    pub(super) fn goes_on(&self, row: usize) -> bool {
        let mut arguments = vec![];
        self.row(row, &mut arguments);
        arguments.last().is_some_and(|a| matches!(a.last(), Some(b' ' | b'\t')))
    }

    /// The source to read now: of the last group that is still coming in, or of one before it that
    /// has nothing yet.
    fn turn(&self) -> Option<(usize, usize)> {
        let mut turn = None;
        for (i, group) in self.groups.iter().enumerate().rev() {
            let count = group.count();
            match turn {
                None if count.closed && count.known == 0 => return None,
                None if !count.closed => turn = group.next().map(|s| (i, s)),
                Some(_) if count.known == 0 => {
                    return group.next().map(|s| (i, s));
                }
                _ => {}
            }
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Splitter;
    use std::io::Write;
    use std::os::fd::OwnedFd;

    fn words(text: &str) -> Source {
        Source::words(&text.split_whitespace().collect::<Vec<_>>(), &Splitter::default())
    }

    fn all(rows: &Rows) -> Vec<String> {
        let text = |row| {
            let mut arguments = vec![];
            rows.row(row, &mut arguments);
            arguments.iter().map(|a| String::from_utf8_lossy(a)).collect::<Vec<_>>().join(" ")
        };
        (0..rows.count().known).map(text).collect()
    }

    #[test]
    fn combinations_come_in_order() {
        let mut linked = Group::new(words("1 2 3"));
        linked.link(words("i ii"));
        let rows =
            Rows::new(vec![Group::new(words("a b")), linked, Group::new(words("x y"))], None);
        assert_eq!(
            all(&rows),
            [
                "a 1 i x", "a 1 i y", "a 2 ii x", "a 2 ii y", "b 1 i x", "b 1 i y", "b 2 ii x",
                "b 2 ii y"
            ]
        );
        let wrapped = Group::wrapping(vec![words("a b c d e"), words("1 2"), words("x y z")]);
        assert_eq!(
            all(&Rows::new(vec![wrapped], None)),
            ["a 1 x", "b 2 y", "c 1 z", "d 2 x", "e 1 y"]
        );
        let none = Rows::new(vec![Group::new(words("a")), Group::new(words(""))], None);
        assert_eq!(none.count(), Count { known: 0, closed: true });
    }

    #[test]
    fn rows_are_known_before_streams_end() {
        let (reader, mut writer) =
            nix::unistd::pipe().map(|(r, w)| (r, std::fs::File::from(w))).unwrap();
        let stream = |fd: OwnedFd| Source::stream("a pipe".into(), fd, Splitter::default());
        let mut rows = Rows::new(
            vec![Group::new(words("a b")), Group::new(stream(reader)), Group::new(words("x y"))],
            None,
        );
        assert_eq!(rows.count(), Count { known: 0, closed: false });
        assert!(!rows.read().unwrap());
        writer.write_all(b"1\n2\n3").unwrap();
        assert!(rows.read().unwrap());
        assert_eq!(all(&rows), ["a 1 x", "a 1 y", "a 2 x", "a 2 y"]);
        drop(writer);
        assert!(rows.input().is_some());
        assert!(rows.read().unwrap());
        assert_eq!(rows.count(), Count { known: 12, closed: true });
        assert_eq!(all(&rows)[..5], ["a 1 x", "a 1 y", "a 2 x", "a 2 y", "a 3 x"]);
        assert_eq!(all(&rows)[11], "b 3 y");
        assert!(rows.input().is_none());
    }
}
