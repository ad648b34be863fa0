//! The table of settings: names, defaults, what a value may be.
//! It does not know where values come from.

use std::fmt;

use toml::Value;

use super::units;

/// What the value of a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A name, as text.
    Name,
    /// A whole number from 1 to this one.
    Count(i64),
    /// A whole number from 0 to this one.
    Number(i64),
    /// A duration: text such as `"500 ms"`, or a number of seconds.
    Duration,
    /// `true` or `false`.
    Flag,
    /// A number of bytes, or text with a unit: `"4GiB"`.
    Size,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Kind {
    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Name, Value::String(name)) => !name.is_empty(),
            (Kind::Count(most), Value::Integer(n)) => (1..=most).contains(n),
            (Kind::Number(most), Value::Integer(n)) => (0..=most).contains(n),
            (Kind::Duration, Value::String(text)) => units::parse_timedelta(text).is_ok(),
            (Kind::Duration, Value::Integer(seconds)) => *seconds >= 0,
            (Kind::Duration, Value::Float(seconds)) => *seconds >= 0.0 && seconds.is_finite(),
            (Kind::Flag, Value::Boolean(_)) => true,
            (Kind::Size, Value::Integer(n)) => *n > 0,
            (Kind::Size, Value::String(text)) => {
                super::units::parse_bytes(text).is_ok_and(|n| n > 0)
            }
            (Kind::Choice(words), Value::String(word)) => words.contains(&word.as_str()),
            _ => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Name => f.write_str("a name, as text"),
            Kind::Count(most) => write!(f, "a whole number from 1 to {most}"),
            Kind::Number(most) => write!(f, "a whole number from 0 to {most}"),
            Kind::Duration => f.write_str("a duration, as \"500 ms\" or a number of seconds"),
            Kind::Flag => f.write_str("true or false"),
            Kind::Size => f.write_str("a number of bytes, or one with a unit, as \"4GiB\""),
            Kind::Choice(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

/// One setting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// Its key, with dots and dashes.
    pub key: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Its value where nobody sets it, written as in TOML; `None` where the meaning says what then.
    pub default: Option<&'static str>,
    /// What it does.
    pub meaning: &'static str,
}

/// Every setting that tine reads.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "allowed-failures",
        kind: Kind::Number(200),
        default: Some("3"),
        meaning: "deaths of its worker after which a task is still run again",
    },
    Setting {
        key: "backoff",
        kind: Kind::Duration,
        default: None,
        meaning: "the wait before the first retry, doubled for each further one; unset, none",
    },
    Setting {
        key: "delayed.pure",
        kind: Kind::Flag,
        default: Some("false"),
        meaning: "whether two delayed calls with equal arguments are one task",
    },
    Setting {
        key: "memory",
        kind: Kind::Size,
        default: None,
        meaning: "how much memory runs may take together; unset, 80 % of what control groups and \
                  the machine leave",
    },
    Setting {
        key: "output-prefix",
        kind: Kind::Flag,
        default: Some("false"),
        meaning: "whether what workers print is shown with the task that printed it",
    },
    Setting {
        key: "profile.rate",
        kind: Kind::Number(10_000),
        default: Some("99"),
        meaning: "how often in a second of CPU time a profiled worker is looked at; 0, never",
    },
    Setting {
        key: "retries",
        kind: Kind::Number(200),
        default: Some("0"),
        meaning: "how often a task that fails or takes too long is run again",
    },
    Setting {
        key: "scheduler",
        kind: Kind::Name,
        default: None,
        meaning: "serial, threads or processes; unset, the default of the operating system",
    },
    Setting {
        key: "spill.directory",
        kind: Kind::Name,
        default: None,
        meaning: "where results go that do not fit into memory; unset, the first of TMPDIR, \
                  /var/tmp, /tmp and the current folder that is on a disk",
    },
    Setting {
        key: "spill.limit",
        kind: Kind::Size,
        default: None,
        meaning: "how much may go there; unset, 90 % of what is free there, at most 256 GiB",
    },
    Setting {
        key: "stall",
        kind: Kind::Choice(&["explain", "kill"]),
        default: Some("\"explain\""),
        meaning: "what is done with a task whose process has used no processor for 30 seconds: it \
                  is explained every 30 seconds, or it is ended",
    },
    Setting {
        key: "task-timeout",
        kind: Kind::Duration,
        default: None,
        meaning: "how long one attempt of a task may run; unset, for ever",
    },
    Setting {
        key: "timeout",
        kind: Kind::Duration,
        default: None,
        meaning: "how long a run may take; unset, for ever",
    },
    Setting {
        key: "worker-memory",
        kind: Kind::Size,
        default: None,
        meaning: "how much memory of its own one worker may take before it is ended; unset, as \
                  much as the run",
    },
    Setting {
        key: "workers",
        kind: Kind::Count(1024),
        default: None,
        meaning: "how many workers a run has; unset, what affinity and cgroup quota leave",
    },
];

/// Variables that begin as settings do and are none: key, and what to say of it in a file.
pub(super) const RESERVED: &[(&str, &str)] = &[
    ("config", "`TINE_CONFIG` is an environment variable that names a file or a folder"),
    ("rerun", "`TINE_RERUN` is an environment variable that names a task to run"),
];

/// Returns the setting of this key, with dashes.
pub(super) fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.key == key)
}

/// Returns what is wrong with `key = value`, where it is no setting or cannot have that value.
pub(super) fn objection(key: &str, value: &Value) -> Option<String> {
    if let Some((_, what)) = RESERVED.iter().find(|(name, _)| *name == key) {
        return Some(format!("`{key}` is no setting: {what}"));
    }
    let Some(setting) = setting(key) else {
        return Some(format!("there is no setting `{key}`; {}", suggestion(key)));
    };
    (!setting.kind.admits(value))
        .then(|| format!("`{key}` must be {}, not {}", setting.kind, super::layers::show(value)))
}

fn suggestion(key: &str) -> String {
    let names = SETTINGS.iter().map(|s| s.key);
    let near = nearest(key, names).expect("there are settings");
    let all: Vec<_> = SETTINGS.iter().map(|s| format!("`{}`", s.key)).collect();
    format!("the nearest is `{near}`, and all are {}", all.join(", "))
}

/// Returns whether `key` is no setting, but off by a slip of the finger or two.
pub(super) fn misspelt(key: &str) -> bool {
    setting(key).is_none() && SETTINGS.iter().any(|s| distance(key, s.key) <= 2)
}

/// Returns the candidate with the fewest edits from `key`, the first of equals.
pub(super) fn nearest<'a>(
    key: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates.into_iter().min_by_key(|c| distance(key, c))
}

/// The number of characters to insert, delete or replace to get from one to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
