//! Lines that are started without a shell, beside the same lines read by one: what they print, how
//! they end, what is logged of them.
//! It does not know which are which.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Output;

use super::fed;
use crate::support::Folder;

/// Words that a shell gives a meaning, and such that it does not, beside each other.
const WORDS: [&str; 36] = [
    "a",
    "-n",
    "--help=no",
    "b.c/d",
    "k=v",
    "x,y:z@%+_",
    "''",
    "'a b'",
    "'$HOME'",
    "'it'\"'\"'s'",
    "'\n'",
    "\"a  b\"",
    "'*'",
    "'~'",
    "'ü\u{1}\u{7f}'",
    "=",
    "a'b'\"c\"",
    "\\'",
    "~",
    "$x",
    "\"$x\"",
    "*",
    "$(echo s)",
    "`echo s`",
    "\\x",
    "#c",
    "{a,b}",
    "[ab]",
    "?",
    "!",
    ";",
    "&&",
    "||",
    "> /dev/null",
    "2>&1",
    "\"a\\b\"",
];

/// What stands at the beginning: programs, some of which cannot be started, and what only a shell has.
const FIRST: [&str; 27] = [
    "./say",
    "say",
    "'./say'",
    "./say 3",
    "say 126",
    "./link",
    "bin/say",
    "./plain",
    "plain",
    "./no-program",
    "no-program",
    "./locked",
    "./",
    "bin",
    "true",
    "false",
    "/bin/true",
    "env true",
    "echo",
    "printf '%s.'",
    "test",
    "[",
    "x=1 say",
    "exit",
    "cd",
    "if",
    "kill -9 $$;",
];

fn lines() -> Vec<String> {
    let mut random: u64 = 5;
    let mut below = move |n: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % n
    };
    let mut line = || {
        // Most lines have nothing special in them.
        let most = if below(3) > 0 { 18 } else { WORDS.len() };
        let words: Vec<&str> = (0..below(5)).map(|_| WORDS[below(most)]).collect();
        format!("{} {}", FIRST[below(FIRST.len())], words.join(" "))
    };
    (0..700).map(|_| line()).collect()
}

/// Programs, and files that are none.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    // Prints its arguments and folder, and ends with the first argument where that is a number.
    let say = "#!/bin/sh\nprintf '%s\\0' \"$0\" \"$@\" \"$PWD\"\necho said >&2\n\
               case $1 in [0-9]*) exit \"$1\";; esac\n";
    for (path, text, mode) in [
        ("say", say, 0o755),
        ("bin/say", say, 0o755),
        ("plain", "echo no first line \"$@\"\nexit 7\n", 0o755),
        ("bin/plain", "echo no first line \"$@\"\nexit 7\n", 0o755),
        ("locked", say, 0o644),
    ] {
        folder.write(path, text);
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.path(path), mode).expect("it is ours");
    }
    symlink("say", folder.path("link")).expect("it can be made");
    folder
}

/// Runs all lines, which are read by this shell where one is needed.
fn all(folder: &Folder, shell: &str, lines: &[String]) -> Output {
    let mut input = lines.join("\0").into_bytes();
    input.push(0);
    let path = std::env::var("PATH").expect("there is one");
    let path = format!("{}:{path}", folder.path("bin").display());
    let mut command =
        folder.command(&["map", "-0", "-k", "-j2", "--joblog", "log", "--env", "x=a  b"]);
    fed(command.env("PARALLEL_SHELL", shell).env("PATH", path), &input)
}

/// What was said, by whatever shell.
fn said(bytes: &[u8], shell: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).replace(shell, "SHELL");
    text.lines().map(str::to_owned).collect()
}

/// Numbers of jobs, how they ended, and their commands, as they are logged.
fn logged(folder: &Folder) -> Vec<Vec<String>> {
    let log = folder.read("log");
    let mut rows: Vec<Vec<String>> = log
        .lines()
        .skip(1)
        .map(|row| row.split('\t').map(str::to_owned).collect::<Vec<_>>())
        .map(|row| [&row[0], &row[6], &row[7], &row[8]].map(String::clone).to_vec())
        .collect();
    rows.sort_by_key(|row| row[0].parse::<u32>().expect("a number"));
    rows
}

#[test]
fn lines_do_the_same_with_a_shell_and_without() {
    let lines = lines();
    for shell in ["dash", "bash"] {
        let folder = folder(&format!("map-shells-{shell}"));
        let find = std::env::var("PATH").expect("there is one");
        let real = std::env::split_paths(&find).map(|f| f.join(shell)).find(|p| p.is_file());
        let Some(real) = real else { continue };
        let real = real.to_str().expect("UTF-8");
        // By another name it is not known, and reads every line.
        let other = folder.path("reader");
        symlink(real, &other).expect("it can be made");
        let other = other.to_str().expect("UTF-8");
        let direct = all(&folder, real, &lines);
        let log = logged(&folder);
        let read = all(&folder, other, &lines);
        assert_eq!(said(&direct.stdout, real), said(&read.stdout, other), "{shell}");
        assert_eq!(said(&direct.stderr, real), said(&read.stderr, other), "{shell}");
        for (direct, read) in log.iter().zip(logged(&folder)) {
            assert_eq!(direct, &read, "{shell}");
        }
        assert_eq!((log.len(), direct.status.code()), (lines.len(), Some(101)));
    }
}

#[test]
fn a_shell_is_left_out_only_where_it_may_be() {
    // dash hands on only variables whose names it can have: others tell who started it.
    if !std::path::Path::new("/bin/dash").is_file() {
        return;
    }
    let folder = Folder::new("map-shells-who");
    let direct = |args: &[&str]| {
        let mut command = folder.command(&["map"]);
        command.args(args).args(["env", ":::", "x=1"]);
        let output = fed(command.env("PARALLEL_SHELL", "/bin/dash").env("a.b", "here"), b"");
        String::from_utf8_lossy(&output.stdout).contains("a.b=here")
    };
    assert!(direct(&[]) && direct(&["--env", "y={}"]) && direct(&["--argv"]));
    let path = std::env::var("PATH").expect("there is one");
    assert!(!direct(&["--env", "PWD=/"]) && !direct(&["--env", &format!("PATH=:{path}")]));
}

#[test]
fn plans_and_logs_name_the_line() {
    let folder = Folder::new("map-shells-log");
    folder.write("a b", "text\n");
    let words = ["cat {}", ":::", "a b"];
    let run = folder.tine(&[&["map", "--dry-run"], &words[..]].concat());
    assert_eq!(run.out, "cat 'a b'\n");
    let run = folder.tine(&[&["map", "--joblog", "log", "-v"], &words[..]].concat());
    assert_eq!(run.out, "cat 'a b'\ntext\n");
    assert!(folder.read("log").contains("\tcat 'a b'\t"));
}

#[test]
fn scripts_of_job_files_are_started_in_the_same_way() {
    let folder = folder("run-shells");
    folder.write(
        "jobs.toml",
        "[[job]]\nname = \"direct\"\nshell = \"env\"\ncwd = \"bin\"\n\
         [[job]]\nname = \"read\"\nshell = \"env;\"\ncwd = \"bin\"\n\
         [[job]]\nname = \"say\"\nshell = \"./say 'a b' {x}\"\nmatrix = { x = [\"it's\"] }\n\
         [[job]]\nname = \"fails\"\nshell = \"./plain\"\n\
         [defaults]\nshell = [\"dash\", \"-eu\", \"-c\"]\n",
    );
    if !std::path::Path::new("/bin/dash").is_file() {
        return;
    }
    let job = |name: &str| {
        let mut command = folder.command(&["run", "jobs.toml", name]);
        let output = command.env("a.b", "here").output().expect("the command is built");
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
    };
    let place = fs::canonicalize(folder.path("bin")).expect("it is there");
    let pwd = format!("PWD={}\n", place.display());
    for (name, direct) in [("direct", true), ("read", false)] {
        let (out, code) = job(name);
        assert_eq!((out.contains("a.b=here"), code), (direct, Some(0)), "{name}: {out}");
        assert!(out.contains(&pwd), "{name}: {out}");
    }
    let (out, _) = job("say");
    assert!(out.starts_with("./say\0a b\0it's\0"), "{out:?}");
    assert_eq!(job("fails"), ("no first line\n".to_owned(), Some(1)));
}
