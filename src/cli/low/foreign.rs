//! Options of GNU parallel that `tine map` does not have: who types one is told so, and not of
//! options that happen to be written alike.
//! It does not know what they would do.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;

/// What GNU parallel takes and `tine map` does not, without the dashes; letters are options with one.
const FOREIGN: &str = "\
    S J M D i l p g basefile bf bibtex bin cat cf citation cleanup color color-failed \
    colour compress compress-program controlmaster csv ctag ctagstring decompress-program \
    embed fast fg fifo filter filter-hosts fofn gnu group-by groupby hash hgrp hostgroups \
    hostgrp id interactive internal latest-line latestline limit ll memsuspend minversion \
    no-notice nonall noswap number-of-cores number-of-cpus number-of-sockets number-of- \
    threads onall parens pipe-part pipepart plain process-slot-var quiet record-env \
    replace return round-robin roundrobin rpl sem semaphore semaphorename semaphoretimeout \
    session shard shebang shebang-wrap shellquote skip-first-line slf sql sqlandworker \
    sqlmaster sqlworker ssh sshdelay sshlogin sshloginfile st tee template tf tmux \
    tmuxpane transfer transferfile";

fn is_foreign(name: &str) -> bool {
    FOREIGN.split(' ').any(|foreign| foreign == name)
}

/// The mistake as it is told: of an option of GNU parallel, that there is none here.
pub(super) fn explain(error: clap::Error, args: &[OsString]) -> clap::Error {
    let is_map = args.get(1).is_some_and(|command| command == "map");
    if !is_map || error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let name = option.trim_start_matches('-').split('=').next().unwrap_or_default();
    if !is_foreign(name) {
        return error;
    }
    let text = format!(
        "{option} is an option of GNU parallel that `tine map` does not have: docs/map.md says \
         which it has, and what stands in place of some"
    );
    let mut command = Cli::command();
    command.build();
    match command.find_subcommand_mut("map") {
        Some(map) => map.error(ErrorKind::UnknownArgument, text),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_others_are_told_apart_from_slips() {
        let said = |words: &[&str]| {
            let args: Vec<OsString> = words.iter().map(OsString::from).collect();
            super::super::parse(args).unwrap_err().to_string()
        };
        for option in ["--rpl", "-S", "--transferfile"] {
            let text = said(&["tine", "map", option, "x", "echo"]);
            assert!(text.contains("an option of GNU parallel that `tine map` does not"), "{text}");
            assert!(!text.contains("similar"), "{text}");
        }
        let slip = said(&["tine", "map", "--joblg", "x", "echo"]);
        assert!(slip.contains("'--joblog'") && !slip.contains("GNU parallel that"), "{slip}");
        assert!(!said(&["tine", "run", "--rpl", "x"]).contains("GNU"));
    }

    #[test]
    fn none_of_them_is_one_of_ours() {
        let mut command = Cli::command();
        command.build();
        let map = command.find_subcommand("map").expect("it is there");
        for arg in map.get_arguments() {
            let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
            let long = longs.iter().find(|long| is_foreign(long));
            assert_eq!(long, None);
            let short = arg.get_short().map(String::from);
            assert!(short.is_none_or(|short| !is_foreign(&short)), "{arg}");
        }
    }
}
