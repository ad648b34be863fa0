//! Words that a shell starts no program for, or for which it might not.
//! It does not know lines.

/// Names of commands that are something else to a shell than the program of that name, sorted: reserved
/// words (POSIX.1-2017, XCU 2.4; bash 5.2, `compgen -k`), special built-ins (XCU 2.14), built-ins that
/// are found before `PATH` is searched (XCU 2.9.1.1, 1 d), names whose effect is unspecified (the same,
/// 1 b), and the built-ins of bash 5.2 (`compgen -b`) and dash 0.5.12 (its `builtins.def`). Those that
/// have characters which are never plain are not there.
///
/// `true` and `false` are not there either: see [`is_own`].
#[rustfmt::skip] // One name a line says no more.
const OWN: [&str; 109] = [
    ".", ":", "[", "alias", "alloc", "autoload", "bg", "bind", "bindkey", "break", "builtin", "bye",
    "caller", "cap", "case", "cd", "chdir", "clone", "command", "comparguments", "compcall",
    "compctl", "compdescribe", "compfiles", "compgen", "compgroups", "complete", "compopt",
    "compquote", "comptags", "comptry", "compvalues", "continue", "coproc", "declare", "dirs",
    "disable", "disown", "do", "done", "dosh", "echo", "echotc", "echoti", "elif", "else", "enable",
    "esac", "eval", "exec", "exit", "export", "fc", "fg", "fi", "for", "function", "getopts",
    "hash", "help", "hist", "histcmd", "history", "if", "in", "jobs", "kill", "let", "local", "log",
    "login", "logout", "map", "mapfile", "namespace", "newgrp", "popd", "print", "printf", "pushd",
    "pwd", "read", "readarray", "readonly", "repeat", "return", "savehistory", "select", "set",
    "shift", "shopt", "source", "stop", "suspend", "test", "then", "time", "times", "trap", "type",
    "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "whence", "while",
];

/// Whether a shell does something of its own for a command of this name; `plain` says whether none
/// of its arguments looks like an option.
///
/// The programs `true` and `false` do what the built-ins do, but may print a help text when asked.
pub(super) fn is_own(name: &[u8], plain: bool) -> bool {
    match name {
        b"true" | b"false" => !plain,
        _ => OWN.binary_search_by(|own| own.as_bytes().cmp(name)).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn names_can_be_searched() {
        assert!(OWN.is_sorted());
        for own in [".", ":", "[", "cd", "echo", "exec", "kill", "printf", "time", "ulimit", "wait"]
        {
            assert!(is_own(own.as_bytes(), true), "{own}");
        }
        for program in ["gzip", "cat", "env", "sleep", "tests", ""] {
            assert!(!is_own(program.as_bytes(), true), "{program}");
        }
        assert_eq!([is_own(b"true", true), is_own(b"false", false)], [false, true]);
    }

    /// What a shell says its commands are, of all programs and names that there are here.
    #[test]
    fn what_shells_have_is_known() {
        let programs = std::env::var_os("PATH").unwrap_or_default();
        let programs = std::env::split_paths(&programs).filter_map(|p| std::fs::read_dir(p).ok());
        let names = programs.flatten().filter_map(|e| e.ok()?.file_name().into_string().ok());
        let plain =
            |n: &String| n.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let names: Vec<String> = names.filter(plain).collect();
        assert!(names.len() > 50);
        for shell in ["sh", "dash", "bash"] {
            let script = "for name; do LC_ALL=C command -V \"$name\"; done";
            let output = Command::new(shell).args(["-c", script, shell]).args(&names).output();
            let Ok(output) = output else { continue };
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(told.lines().count() >= names.len() / 2, "{shell}: {told}");
            let found = |line: &&str| {
                let ends = [" is /", " is a tracked alias for /", " is hashed (/"];
                ends.iter().any(|end| line.contains(end)) || line.ends_with("not found")
            };
            for line in told.lines().filter(|line| !found(line)) {
                let name = line.split(' ').next().unwrap();
                assert!(is_own(name.as_bytes(), false), "{shell}: {line}");
            }
        }
        if let Ok(output) = Command::new("bash").args(["-c", "compgen -b; compgen -k"]).output() {
            for name in String::from_utf8(output.stdout).unwrap().lines() {
                let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:".contains(&b));
                assert!(!plain || is_own(name.as_bytes(), false), "{name}");
            }
        }
    }
}
