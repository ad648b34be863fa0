//! What the jobs of a map are called in pictures: the program and the arguments, shortened.
//! It does not know where the arguments come from.

use std::sync::{Mutex, PoisonError};

use tine_scheduler::{Place, TaskId, Titles};

/// Characters of a name.
const LONGEST: usize = 60;
/// Bytes of all names together: later jobs go by their number.
const MOST: usize = 8 << 20;

/// The names of jobs that are known so far; none, where nobody looks at them.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    /// How many jobs have a name or have gone without.
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ends.len()
    }

    /// Names the next job; returns whether there is room for more.
    pub(super) fn push(&self, program: &str, arguments: &[&[u8]]) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { text, ends } = &mut *known;
        if !arguments.is_empty() {
            text.push_str(program);
            text.push(':');
            let mut room = LONGEST;
            for (i, argument) in arguments.iter().enumerate() {
                if room == 0 {
                    break;
                }
                let blank = if i > 0 { " " } else { "" };
                // Of a long argument no more is looked at than can be shown.
                let part = String::from_utf8_lossy(&argument[..argument.len().min(4 * LONGEST)]);
                let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
                let cut = part.chars().count() > room || argument.len() > 4 * LONGEST;
                let shown: Vec<char> = blank.chars().chain(part.chars().map(clean)).collect();
                text.extend(shown.iter().take(if cut { room - 1 } else { shown.len() }));
                text.push_str(if cut { "…" } else { "" });
                room = if cut { 0 } else { room.saturating_sub(shown.len()) };
            }
        }
        ends.push(u32::try_from(text.len()).expect("the text ends soon after its limit"));
        text.len() < MOST
    }
}

impl Titles for Names {
    fn name(&self, task: TaskId) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = *known.ends.get(task.index())? as usize;
        let start = task.index().checked_sub(1).map_or(0, |before| known.ends[before] as usize);
        Some(known.text[start..end].to_owned()).filter(|name| !name.is_empty())
    }

    fn place(&self, _task: TaskId) -> Option<Place> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_called_by_their_arguments_as_far_as_there_is_room() {
        let names = Names::default();
        assert!(names.push("gzip", &[b"a b.txt"]));
        assert!(names.push("gzip", &[]));
        assert!(names.push("gzip", &[b"x\ny", b"\xff"]));
        assert!(names.push("gzip", &["ä".repeat(1000).as_bytes(), b"never"]));
        let name = |i| names.name(TaskId::from_index(i));
        assert_eq!(name(0).unwrap(), "gzip:a b.txt");
        assert_eq!(name(1), None);
        assert_eq!(name(2).unwrap(), "gzip:x\u{fffd}y \u{fffd}");
        assert_eq!(name(3).unwrap(), format!("gzip:{}…", "ä".repeat(LONGEST - 1)));
        assert_eq!(name(4), None);
        let mut n = 0;
        while names.push("p", &["z".repeat(50).as_bytes()]) {
            n += 1;
        }
        assert!(n > 150_000 && names.0.lock().unwrap().text.len() < MOST + 100);
    }
}
