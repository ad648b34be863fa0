//! What stands behind the separators of `tine map`, which may look like options: it is taken off
//! before these are read.
//! It does not know what it is used for.

use std::ffi::{OsStr, OsString};

use super::{Cli, Command};

/// Words behind a separator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// Whether they are names of files.
    pub(crate) files: bool,
    /// Whether they stand beside the source before, one each.
    pub(crate) linked: bool,
    /// The words.
    pub(crate) words: Vec<OsString>,
}

/// Takes off what stands behind separators, which may look like options.
pub(super) fn split(args: Vec<OsString>) -> (Vec<OsString>, Vec<List>) {
    if args.get(1).is_none_or(|command| command != "map") {
        return (args, vec![]);
    }
    let (sep, file_sep) = separators(&args);
    let kind = |word: &OsStr| {
        let linked = |sep: &OsStr| {
            let mut linked = sep.to_owned();
            linked.push("+");
            word == linked
        };
        match () {
            () if word == sep => Some((false, false)),
            () if word == file_sep => Some((true, false)),
            () if linked(&sep) => Some((false, true)),
            () if linked(&file_sep) => Some((true, true)),
            () => None,
        }
    };
    let mut head = vec![];
    let mut lists: Vec<List> = vec![];
    // Values of the options that name a separator are none.
    let mut named = false;
    for word in args {
        match (kind(&word).filter(|_| !named), lists.last_mut()) {
            (Some((files, linked)), _) => lists.push(List { files, linked, words: vec![] }),
            (None, Some(list)) => list.words.push(word),
            (None, None) => {
                named = word == "--arg-sep" || word == "--arg-file-sep";
                head.push(word);
            }
        }
    }
    (head, lists)
}

/// The separators by the options that name them.
fn separators(args: &[OsString]) -> (OsString, OsString) {
    let value = |name: &str, default: &str| {
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if word == name {
                return words.next().cloned().unwrap_or_default();
            }
            let text = word.to_str().and_then(|w| w.strip_prefix(name)?.strip_prefix('='));
            if let Some(text) = text {
                return text.into();
            }
        }
        default.into()
    };
    (value("--arg-sep", ":::"), value("--arg-file-sep", "::::"))
}

/// Hands the lists to the command that they belong to.
pub(super) fn attach(mut typed: Cli, lists: Vec<List>) -> Cli {
    if let Command::Map(map) = &mut typed.command {
        map.lists = lists;
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::low::Map;
    use clap::Parser;

    fn parse(args: &[&str]) -> Map {
        let args = ["tine", "map"].iter().chain(args).map(OsString::from).collect();
        let (head, lists) = split(args);
        match attach(Cli::try_parse_from(head).unwrap(), lists).command {
            Command::Map(map) => *map,
            other => panic!("not a map: {other:?}"),
        }
    }

    #[test]
    fn commands_and_arguments_are_taken_as_they_are() {
        let map = parse(&[
            "-kj2", "grep", "-j3", "--", "-k", ":::", "-x", "--help", ":::+", "y", "::::", "f",
        ]);
        assert_eq!(map.jobs.as_deref(), Some("2"));
        assert!(map.shown.keep_order);
        assert_eq!(map.command, ["grep", "-j3", "--", "-k"]);
        let lists: Vec<_> = map.lists.iter().map(|l| (l.files, l.linked, l.words.len())).collect();
        assert_eq!(lists, [(false, false, 2), (false, true, 1), (true, false, 1)]);
        assert_eq!(parse(&["-j", "-1", "--halt", "-2", "x"]).jobs.as_deref(), Some("-1"));
        assert_eq!(parse(&["--", "-x", "y"]).command, ["-x", "y"]);
        assert!(parse(&[":::", "ls"]).command.is_empty());
    }

    #[test]
    fn separators_have_other_names() {
        let map = parse(&[
            "--arg-sep",
            ",,",
            "--arg-file-sep=//",
            "echo",
            ":::",
            ",,",
            "A",
            "//",
            "f",
            ",,+",
            "B",
        ]);
        assert_eq!(map.command, ["echo", ":::"]);
        let lists: Vec<_> = map.lists.iter().map(|l| (l.files, l.linked, l.words.len())).collect();
        assert_eq!(lists, [(false, false, 1), (true, false, 1), (false, true, 1)]);
    }
}
