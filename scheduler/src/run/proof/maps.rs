//! Which memory of a process an address lies in, as `/proc/PID/maps` says.
//! It does not know what lies there.

use std::fmt;

/// A kind of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) enum Area {
    /// Mapped so that other processes may see it.
    Shared,
    /// Private, and of no file.
    Anonymous,
    /// What small allocations are cut from.
    Heap,
    /// The stack of the first thread.
    Stack,
    /// Private memory of a program or library: its statics. The file's name.
    File(String),
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Area::Shared => f.write_str("shared memory"),
            Area::Anonymous | Area::Heap => f.write_str("the heap"),
            Area::Stack => f.write_str("the stack"),
            Area::File(name) => write!(f, "a static of `{name}`"),
        }
    }
}

/// The mappings of a process, by address.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct Maps(Vec<(u64, u64, Area)>);

impl Maps {
    /// Those of process `pid`; none where they cannot be read.
    pub(in crate::run) fn of(pid: i32) -> Self {
        Maps::parse(&std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default())
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut maps: Vec<(u64, u64, Area)> = Vec::new();
        for line in text.lines() {
            let Some((start, end, area)) = mapping(line) else { continue };
            // Statics that are zero lie right behind the others, in no file.
            let area = match maps.last() {
                Some((_, before, file @ Area::File(_)))
                    if area == Area::Anonymous && *before == start =>
                {
                    file.clone()
                }
                _ => area,
            };
            maps.push((start, end, area));
        }
        Maps(maps)
    }

    /// The memory at an address.
    pub(in crate::run) fn area(&self, address: u64) -> Option<Area> {
        let found = self.0.iter().find(|(start, end, _)| (*start..*end).contains(&address));
        found.map(|(_, _, area)| area.clone())
    }
}

/// `start-end permissions offset device inode path`.
fn mapping(line: &str) -> Option<(u64, u64, Area)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let shared = fields.next()?.ends_with('s');
    let path = fields.nth(3);
    let area = match path {
        _ if shared => Area::Shared,
        None => Area::Anonymous,
        Some("[heap]") => Area::Heap,
        Some("[stack]") => Area::Stack,
        Some(path) if path.starts_with('[') => Area::Anonymous,
        Some(path) => Area::File(path.rsplit('/').next().unwrap_or(path).to_owned()),
    };
    Some((number(start)?, number(end)?, area))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_statics_that_are_zero() {
        let maps = Maps::parse(
            "1000-2000 rw-p 00000000 08:01 7    /a/program\n\
             2000-3000 rw-p 00000000 00:00 0 \n\
             8000-9000 rw-p 00000000 00:00 0    [heap]\n\
             9000-a000 rw-p 00000000 00:00 0 \n\
             not a line\n",
        );
        let file = || Some(Area::File("program".into()));
        assert_eq!(maps.area(0x1fff), file());
        assert_eq!(maps.area(0x2000), file());
        assert_eq!(maps.area(0x8000), Some(Area::Heap));
        assert_eq!(maps.area(0x9000), Some(Area::Anonymous));
        assert_eq!(maps.area(0x7000), None);
    }

    #[test]
    fn knows_this_process() {
        let local = 0u8;
        let maps = Maps::of(i32::try_from(std::process::id()).expect("a pid"));
        assert!(maps.area(std::ptr::from_ref(&local).addr() as u64).is_some());
    }
}
