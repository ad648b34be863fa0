//! Scripts against shells: what a program is given is the value, whatever it is and wherever the
//! braces stand. It knows job files from outside alone.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tine_jobs::file::{JobFile, JobId};
use tine_jobs::run::{Options, Outline, Selection};

/// Scripts that print the value, whatever stands around it.
const PRINT: [&str; 22] = [
    "printf %s {f}",
    "printf %s \"{f}\"",
    "printf %s '{f}'",
    "x={f}; printf %s \"$x\"",
    "x=\"{f}\"; printf %s \"$x\"",
    "printf %s ''{f}\"\"",
    "printf '%s' \"$(printf %s {f}; printf .)\" | head -c -1",
    "printf %s \"$(printf %s \"{f}\"; printf .)\" | head -c -1",
    "printf %s \"$(printf %s '{f}' # {f} it's\nprintf .)\" | head -c -1",
    "printf %s \"`printf %s {f}; printf .`\" | head -c -1",
    "printf %s \"`printf %s '{f}'; printf .`\" | head -c -1",
    "x=`printf %s \"{f}\"; printf .`; printf %s \"$x\" | head -c -1",
    "printf '%s' \"\\{f}\" | tail -c +2",
    "# {f}\nprintf %s {f}",
    "cat >/dev/null <<END\n'\"`echo`$(echo it)\nEND\nprintf %s \"{f}\"",
    "cat >/dev/null <<- 'E.D' # \"\n'\\\n\tE.D\nprintf %s '{f}'",
    "printf '' | tr $'\\t' x; printf %s \"{f}\"",
    "if false; then ((i = 1)); fi; printf %s '{f}'",
    "for x in {f}; do printf %s \"$x\"; done",
    "case {f} in \"{f}\") printf %s '{f}';; esac",
    "(printf %s {f})",
    "set -- a \"{f}\" b; printf %s \"$2\"",
];

/// As a text of TOML, whatever is in it.
fn toml(text: &str) -> String {
    let written = text.chars().map(|c| match c.is_ascii_alphanumeric() {
        true => c.to_string(),
        false => format!("\\U{:08x}", u32::from(c)),
    });
    format!("\"{}\"", written.collect::<String>())
}

/// The script of a job with `rest` besides, its value being `value`.
fn script(text: &str, value: &str, rest: &str) -> String {
    let (text, value) = (toml(text), toml(value));
    let file = format!("[[job]]\nname = 'a'\nmatrix = {{ f = [{value}] }}\nshell = {text}\n{rest}");
    let file = JobFile::parse(Path::new("/jobs.toml"), &file).unwrap_or_else(|e| panic!("{e}"));
    let jobs = file.expand().expect("it has one job");
    let selection = Selection::new(&jobs, &[], &[]).expect("all jobs");
    let outline =
        Outline::new(&jobs, &selection, &Options::default()).expect("there is no journal");
    outline.command(JobId::from_index(0))
}

/// What a shell prints for each of the scripts, which stand in subshells.
fn printed(shell: &str, scripts: &[String]) -> Vec<String> {
    let all: String = scripts.iter().map(|s| format!("(\n{s}\n)\nprintf '\\0'\n")).collect();
    let mut child = Command::new(shell)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env("x", "intruder")
        .spawn()
        .expect("a shell can be started");
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(all.as_bytes()));
    let output = child.wait_with_output().expect("it ends").stdout;
    writer.join().expect("it does not panic").expect("the shell reads it");
    let mut parts: Vec<_> =
        output.split(|&b| b == 0).map(|p| String::from_utf8_lossy(p).into_owned()).collect();
    parts.pop();
    parts
}

fn check(value: &str) {
    let scripts: Vec<String> = PRINT.iter().map(|text| script(text, value, "")).collect();
    for shell in ["/bin/sh", "/bin/bash"].into_iter().filter(|s| Path::new(s).exists()) {
        let printed = printed(shell, &scripts);
        for ((text, printed), script) in PRINT.iter().zip(&printed).zip(&scripts) {
            assert_eq!(printed, value, "{shell}\n{text}\n{script}");
        }
        assert_eq!(printed.len(), PRINT.len(), "{shell} {value:?}");
    }
}

#[test]
fn no_value_breaks_out() {
    // Each character with a meaning, alone and among others.
    for special in "'\"`$\\(){}[]#;&|<>\n \t!*?~=-%^,:@\r".chars() {
        check(&format!("a{special}b"));
        check(&special.to_string());
        check(&format!("{special}{special} {special}"));
    }
    for value in ["", "z$(touch pwned).dat", "$x", "if", "2", "-n", "\n#'", "END", "ü\u{1f600}'"] {
        check(value);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn any_value_is_what_it_is(value in "['\"`$\\\\(){}#;&|<>\n \t!*?~=\\-xé\u{1}-\u{7f}]{0,24}") {
        check(&value);
    }
}

#[test]
fn lists_are_words_outside_of_quotes_and_one_word_inside() {
    let outputs = "outputs = ['a b', \"c'd\", '$e{f}']";
    let scripts = ["{outputs}", "\"{outputs}\"", "'<{outputs}>'", "\"$(echo {outputs})\""]
        .map(|places| script(&format!("printf '[%s]' {places}"), "1", outputs));
    for shell in ["/bin/sh", "/bin/bash"].into_iter().filter(|s| Path::new(s).exists()) {
        let all = ["[a b][c'd][$e1]", "[a b c'd $e1]", "[<a b c'd $e1>]", "[a b c'd $e1]"];
        assert_eq!(printed(shell, &scripts), all, "{shell}");
    }
}

#[test]
fn loops_of_bash_are_read_over() {
    let text = "for ((i = 0; i < (3); i++)); do printf %s '{f}'; done";
    let script = script(text, "(", "");
    if Path::new("/bin/bash").exists() {
        assert_eq!(printed("/bin/bash", &[script]), ["((("]);
    }
}

#[test]
fn programs_that_are_no_shell_are_not_followed() {
    let rest = "[defaults]\nshell = ['/usr/bin/python3', '-c']";
    assert_eq!(script("print('''a'''\"b\", {f}) # <<E", "c d", rest), {
        "print('''a'''\"b\", 'c d') # <<E"
    });
    let rest = "[defaults]\nshell = ['/usr/bin/env', 'bash', '-c']";
    assert_eq!(script("echo '{f}'", "c' d", rest), r#"echo 'c'"'"' d'"#);
}
