//! Groups and workers by what the user calls them, and the nearest name where there is none.
//! It knows nothing of files.

use strsim::levenshtein;
use tine_profiler::Trace;

use crate::cli::failure::Failure;

/// More names than this are no help.
const MOST: usize = 8;

/// The group of this name, or the only one whose name begins so.
pub(super) fn group(trace: &Trace, name: &str) -> Result<usize, Failure> {
    let names: Vec<&str> = trace.groups().iter().map(|g| g.name.as_str()).collect();
    if let Some(found) = names.iter().position(|n| *n == name) {
        return Ok(found);
    }
    let begin: Vec<usize> = (0..names.len()).filter(|&i| names[i].starts_with(name)).collect();
    match begin[..] {
        [one] => Ok(one),
        [] => {
            let failure = Failure::new(format!("there is no group `{name}` in this run"));
            Err(failure.help(match nearest(name, &names) {
                Some(n) => format!("did you mean `{n}`? There are: {}", listed(&names)),
                None => format!("there are: {}", listed(&names)),
            }))
        }
        _ => {
            let all: Vec<&str> = begin.iter().map(|&i| names[i]).collect();
            let failure = Failure::new(format!("several groups begin with `{name}`"));
            Err(failure.help(format!("write more of one of: {}", listed(&all))))
        }
    }
}

/// As [`group`], where a name was given.
pub(super) fn some_group(trace: &Trace, name: Option<&String>) -> Result<Option<usize>, Failure> {
    name.map(|n| group(trace, n)).transpose()
}

/// Fails where the run had no such worker.
pub(super) fn worker(trace: &Trace, worker: Option<u16>) -> Result<Option<u16>, Failure> {
    let workers = trace.busy().len();
    match worker {
        Some(w) if usize::from(w) >= workers => {
            let failure = Failure::new(format!("there is no worker {w} in this run"));
            Err(failure.help(match workers {
                0 => "it had none".to_owned(),
                1 => "it had one, with the number 0".to_owned(),
                n => format!("it had {n}, from 0 to {}", n - 1),
            }))
        }
        given => Ok(given),
    }
}

fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(MOST);
    let shown = names[..names.len().min(MOST)].join(", ");
    match more {
        0 if names.is_empty() => "none".to_owned(),
        0 => shown,
        n => format!("{shown} and {n} more"),
    }
}

/// The name that takes the fewest changes of a letter to get to, if these are few enough for a slip.
pub(super) fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let most = name.chars().count().div_ceil(3);
    // A slip in the beginning of a long name counts as much as one in all of it.
    let head = |n: &str| n.chars().take(name.chars().count()).collect::<String>();
    let far = |n: &&&'a str| levenshtein(name, n).min(1 + levenshtein(name, &head(n)));
    names
        .iter()
        .map(|n| (far(&n), *n))
        .filter(|(d, _)| *d <= most)
        .min_by_key(|(d, _)| *d)
        .map(|b| b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["read_csv-9e107d9d372bb682", "clean", "means"];
        assert_eq!(nearest("raed_csv", &names), Some(names[0]));
        assert_eq!(nearest("meens", &names), Some("means"));
        assert_eq!(nearest("shuffle", &names), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
