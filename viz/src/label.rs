//! Names as they are shown: a hash in a name becomes a number, since nobody reads hashes.
//! It does not know where the names stand.

use std::collections::HashMap;

use tine_scheduler::Key;

/// Numbers hashes in the order in which they are first seen.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    numbers: HashMap<String, usize>,
}

impl Labels {
    /// The name of a group: `elemwise-3f2a9c01` is `elemwise-#0`.
    pub(crate) fn group(&mut self, name: &str) -> String {
        let parts = name.split('-').map(|part| {
            if !Key::is_hash(part) {
                return part.to_owned();
            }
            let next = self.numbers.len();
            format!("#{}", self.numbers.entry(part.to_owned()).or_insert(next))
        });
        parts.collect::<Vec<_>>().join("-")
    }

    /// The name of a task.
    pub(crate) fn key(&mut self, key: &Key) -> String {
        Key::new(self.group(key.group()), key.position()).to_string()
    }
}

/// A group's name without hash and trailing number: what its function is called.
pub(crate) fn function(name: &str) -> String {
    let kept: Vec<&str> = name.split('-').filter(|p| !Key::is_hash(p)).collect();
    let joined = kept.join("-");
    let stem = joined.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '_');
    if stem.is_empty() { name.to_owned() } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_become_numbers() {
        let mut labels = Labels::default();
        let shown: Vec<_> = [
            "elemwise-1bf6a2e9c0d14a5f",
            "elemwise-9e107d9d372bb682",
            "sum-1bf6a2e9c0d14a5f",
            "read-20240131",
            "cafe-deadbeef",
        ]
        .iter()
        .map(|n| labels.key(&Key::new(*n, [1, 2])))
        .collect();
        let want = [
            "elemwise-#0(1, 2)",
            "elemwise-#1(1, 2)",
            "sum-#0(1, 2)",
            "read-20240131(1, 2)",
            "cafe-deadbeef(1, 2)",
        ];
        assert_eq!(shown, want);
    }

    #[test]
    fn functions_have_no_numbers() {
        let names = ["inc-1bf6a2e9", "inc-12", "x_3", "42", "read_csv"].map(function);
        assert_eq!(names, ["inc", "inc", "x", "42", "read_csv"]);
    }
}
