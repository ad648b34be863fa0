//! Whether lines are started directly where they may be, and only there: against what real shells
//! read in them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn command(shell: &[&str], line: &[u8]) -> Command {
    let line = OsString::from_vec(line.to_vec());
    let argv = shell.iter().map(OsString::from).chain([line]).collect();
    Command { argv, ..Command::default() }
}

/// The words that a line is started as, without its shell.
fn words(line: &str) -> Option<Vec<String>> {
    let words = super::words::words(line.as_bytes())?;
    Some(words.into_iter().map(|w| w.into_string().unwrap()).collect())
}

/// Whether this command is started without its shell, with these changes.
fn direct(shell: &[&str], line: &str, change: impl FnOnce(&mut Command)) -> bool {
    let mut command = command(shell, line.as_bytes());
    change(&mut command);
    let before = command.argv.clone();
    if let Some(mut direct) = Direct::of(shell) {
        direct.is_prepared = false;
        direct.unwrap(&mut command);
    }
    command.argv != before
}

const SH: [&str; 2] = ["/bin/sh", "-c"];

fn plain(line: &str) -> bool {
    direct(&SH, line, |_| {})
}

#[test]
fn lines_of_words_alone_are_split() {
    let split = |line, expected: &[&str]| assert_eq!(words(line).unwrap(), expected, "{line}");
    split("gzip -9 a.csv", &["gzip", "-9", "a.csv"]);
    split("  a\t b,c:d@e%f+g_h  ", &["a", "b,c:d@e%f+g_h"]);
    split("a 'b  $c' ''", &["a", "b  $c", ""]);
    split(r#"a 'it'"'"'s' 'it'\''s' "x y/"z"#, &["a", "it's", "it's", "x y/z"]);
    split("a --key=value b=c", &["a", "--key=value", "b=c"]);
    for line in [
        "",
        "  ",
        "a;b",
        "a&",
        "a|b",
        "a>b",
        "a<b",
        "(a)",
        "{ a; }",
        "a $b",
        "a `b`",
        "a *",
        "a ?",
        "a [b]",
        "a ~",
        "a #b",
        "a !b",
        "a {b,c}",
        "a \\b",
        "a 'b",
        "a \"b",
        "a \"$b\"",
        "a \"b\\c\"",
        "a \"b!\"",
        "a=b c",
        "'a'=b c",
        "a =b",
        "a\nb",
        "a\rb",
        "a ü",
        "a\0b",
        "a ^b",
    ] {
        assert_eq!(words(line), None, "{line:?}");
    }
    assert_eq!(words(&format!("a {}", "b".repeat(LONG))), None);
    assert!(words(&format!("a {}", "b".repeat(LONG - 3))).is_some());
}

const LONG: usize = 128 << 10;

#[test]
fn programs_are_started_and_what_is_the_shells_is_not() {
    for line in ["true", "false x", "cat 'a b'", "/bin/echo x", "'cat' a", "env A=b c"] {
        assert!(plain(line), "{line}");
    }
    for line in [
        "true --help",
        "echo x",
        "printf x",
        "test x",
        "'[' x ]",
        "kill 1",
        "cd /",
        "exit 3",
        "if x",
        "time ls",
        ". x",
        "no-such-program-x",
        "./no-such-program",
        "/",
        "/etc/passwd",
        "-x",
        "''",
    ] {
        assert!(!plain(line), "{line}");
    }
}

#[test]
fn shells_that_do_more_are_left_in() {
    let as_sh = |shell: &[&str]| direct(shell, "cat x", |_| {});
    assert!(as_sh(&["/bin/sh", "-c"]) && as_sh(&["sh", "-eu", "-c"]) && as_sh(&["sh", "-euc"]));
    assert!(as_sh(&["bash", "-euo", "pipefail", "-c"]) && as_sh(&["bash", "--norc", "-c"]));
    for shell in [
        &["zsh", "-c"][..],
        &["ksh", "-c"],
        &["/usr/bin/python3", "-c"],
        &["sh"],
        &["sh", "-xc"],
        &["sh", "-lc"],
        &["sh", "-o", "pipefail", "-c"],
        &["bash", "-o", "xtrace", "-c"],
        &["bash", "-c", "x"],
        &["bin/sh", "-c"],
        &["no-such-folder/sh", "-c"],
    ] {
        assert!(!as_sh(shell), "{shell:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("sh");
    symlink("/bin/cat", &other).unwrap();
    assert!(!as_sh(&[other.to_str().unwrap(), "-c"]), "what is called sh need not be one");
}

#[test]
fn variables_count() {
    let with = |shell: &[&str], name: &str, value: Option<&str>| {
        let variable = (name.into(), value.map(OsString::from));
        direct(shell, "cat x", |command| command.env.push(variable))
    };
    let bash = ["bash", "-c"];
    assert!(with(&bash, "A", Some("b")) && with(&bash, "PATH", Some("/usr/bin:/bin")));
    for name in ["BASH_ENV", "SHELLOPTS", "BASH_FUNC_cat%%", "PWD"] {
        assert!(!with(&bash, name, Some("x")), "{name}");
    }
    assert!(!with(&SH, "PATH", None) && !with(&SH, "PATH", Some("/no-such-folder")));
    assert!(!with(&SH, "PATH", Some(".:/usr/bin:/bin")), "whose folder is that");
    assert!(!with(&SH, "PATH", Some(":/usr/bin:/bin")));
    // The shell itself is looked for there too.
    assert!(!with(&bash, "PATH", Some("/no-such-folder")));
}

/// A file that may be started, with this in it.
fn script(path: &Path, text: &[u8]) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_the_kernel_cannot_start_is_the_shells() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    let line = program.to_str().unwrap();
    let mut of = Direct::of(&SH).unwrap();
    let mut starts = || {
        let mut command = command(&SH, line.as_bytes());
        of.unwrap(&mut command);
        command.argv.len() == 1
    };
    let long = format!("#!/bin/sh {}\n", "x".repeat(200));
    for (text, expected) in [
        (&b"#!/bin/sh\nexit 3\n"[..], true),
        (b"echo no first line\n", false),
        (b"#! /bin/sh -e\n", true),
        (b"#!/no-such-interpreter\n", false),
        (b"#!bin/sh\n", false),
        (b"#!\n", false),
        (b"#!/bin/sh", false),
        (long.as_bytes(), false),
        (b"\x7fELF", false),
        (b"", false),
    ] {
        script(&program, text);
        assert_eq!(starts(), expected, "{:?}", String::from_utf8_lossy(text));
    }
    let cat = fs::read("/bin/cat").unwrap();
    script(&program, &cat);
    assert!(starts());
    // Of another machine; without its loader.
    script(&program, &[&cat[..18], &[0xff, 0xff], &cat[20..]].concat());
    assert!(!starts());
    let loader = cat.windows(4).position(|w| w == b"/lib").unwrap();
    script(&program, &[&cat[..loader], b"/LIB", &cat[loader + 4..]].concat());
    assert!(!starts());
    script(&program, &cat);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(!starts());
    fs::remove_file(&program).unwrap();
    assert!(!starts());
    fs::create_dir(&program).unwrap();
    assert!(!starts());
}

#[test]
fn the_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let place = fs::canonicalize(folder.path()).unwrap();
    fs::create_dir(place.join("real")).unwrap();
    symlink("real", place.join("link")).unwrap();
    script(&place.join("real/program"), b"#!/bin/sh\n");
    let pwd = |cwd: &str, pwd: Option<&str>| {
        let mut of = Direct::of(&SH).unwrap();
        of.pwd = pwd.map(|pwd| place.join(pwd).into_os_string());
        let mut command = command(&SH, b"./program");
        command.cwd = Some(place.join(cwd));
        of.unwrap(&mut command);
        assert_eq!(command.argv, ["./program"]);
        command.env.pop().map(|(_, pwd)| PathBuf::from(pwd.unwrap()))
    };
    assert_eq!(pwd("real", None), Some(place.join("real")));
    assert_eq!(pwd("link", Some("")), Some(place.join("real")));
    assert_eq!(pwd("real", Some("link")), None, "a shell keeps the way that it finds");
    assert_eq!(pwd("real", Some("link/../real")), Some(place.join("real")));
}

/// Lines of random parts, plain and not, the same for every run.
fn lines(seed: u64, count: usize) -> Vec<Vec<u8>> {
    const PARTS: [&[u8]; 40] = [
        b"a",
        b"-x",
        b"1",
        b"b.c",
        b"/",
        b"_",
        b"+",
        b",",
        b":",
        b"@",
        b"%",
        b"=",
        b"k=v",
        b" ",
        b" ",
        b"  ",
        b"\t",
        b"''",
        b"'a b'",
        b"'$x'",
        b"'\"'",
        b"'\n'",
        b"'\xff\x01\x7f\x81'",
        b"\"'\"",
        b"\"a b\"",
        b"\"\"",
        b"\\'",
        b"\"*\"",
        b"'it'\"'\"'s'",
        b"\"a=b\"",
        b"'~'",
        b"\xc3\xbc",
        b"~",
        b"$x",
        b"*",
        b"\"$x\"",
        b"\\",
        b"#",
        b"{a,b}",
        b"\"\xc3\xbc\"",
    ];
    let mut random = seed;
    let mut below = move |n: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % n
    };
    let mut line = || -> Vec<u8> {
        let most = if below(4) > 0 { 31 } else { PARTS.len() };
        let parts = below(9);
        (0..parts).flat_map(|_| PARTS[below(most)].to_vec()).collect()
    };
    (0..count).map(|_| line()).collect()
}

/// Shells read the lines as arguments of a function that prints how many they are, and each.
#[test]
fn shells_find_the_same_words() {
    for shell in ["sh", "dash", "bash"] {
        let mut script = b"p() { printf '%s\\0' \"$#\" \"$@\"; }\n".to_vec();
        let mut expected = vec![];
        for line in lines(11, 20_000) {
            let line = [b"p ", &line[..]].concat();
            let Some(words) = super::words::words(&line) else { continue };
            script.extend([&line[..], b"\n"].concat());
            let arguments = words[1..].iter().map(|w| w.as_bytes());
            let count = (words.len() - 1).to_string();
            for word in std::iter::once(count.as_bytes()).chain(arguments) {
                expected.extend([word, b"\0"].concat());
            }
        }
        assert!(expected.len() > 100_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &script).unwrap();
        let output = std::process::Command::new(shell).arg(file.path()).output();
        let Ok(output) = output else { continue };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");
        let printed: Vec<&[u8]> = output.stdout.split(|&b| b == 0).collect();
        for (i, (printed, expected)) in printed.iter().zip(expected.split(|&b| b == 0)).enumerate()
        {
            let show = |bytes| OsString::from_vec(<[u8]>::to_vec(bytes));
            assert_eq!(show(printed), show(expected), "{shell}: word {i}");
        }
        assert_eq!(output.stdout.len(), expected.len());
    }
}

#[test]
fn what_is_no_line_stays() {
    let mut of = Direct::of(&SH).unwrap();
    for argv in [&[][..], &["cat"], &["/bin/sh", "-c"], &["cat", "-c", "cat x"]] {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let mut command = Command { argv: argv.clone(), ..Command::default() };
        of.unwrap(&mut command);
        assert_eq!(command.argv, argv);
    }
    assert!(Direct::of::<&OsStr>(&[]).is_none());
}
