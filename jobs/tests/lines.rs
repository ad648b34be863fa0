//! Lines of `tine map` against shells: what a program is given is the argument, whatever it is and
//! wherever the place stands. It knows templates from outside alone, and stands apart from tests of
//! locked files: a shell that is being started has all files of this process for a moment.

use std::io::Write as _;
use std::process::{Command, Stdio};

use tine_jobs::template::{Filling, Marks, Reading, Template};

fn line(words: &[&str], arguments: &[&[u8]]) -> String {
    let template = Template::command(words, &Marks::default(), Reading::default());
    let line = template.and_then(|template| template.line(&Filling::new(arguments)));
    String::from_utf8(line.expect("every place can be followed")).expect("it is text")
}

/// Templates that print the argument, as it is, whatever quotes it stands in.
const PRINT: [&str; 13] = [
    "printf %s {}",
    "printf %s \"{}\"",
    "printf %s '{}'",
    "x={}; printf %s \"$x\"",
    "printf %s ''{}\"\"",
    "printf %s \"$(printf %s {}; printf .)\" | head -c -1",
    "printf %s \"$(printf %s \"{}\"; printf .)\" | head -c -1",
    "printf %s \"$(printf %s '{}' # {} it's\nprintf .)\" | head -c -1",
    "printf %s \"`printf %s {}; printf .`\" | head -c -1",
    "printf %s \"`printf %s '{}'; printf .`\" | head -c -1",
    "x=`printf %s \"{}\"; printf .`; printf %s \"$x\" | head -c -1",
    "(printf %s \"\\$\\(\"'$('\"(#\"\\'{}) | tail -c +9 # {}",
    "printf '%s' \"\\{}\" | tail -c +2",
];

/// What one shell prints for each of the lines, which stand in subshells.
fn printed(shell: &str, lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut script = vec![];
    for line in lines {
        // With `((` a shell would try arithmetic first.
        script.extend_from_slice(b"(\n");
        script.extend_from_slice(line);
        script.extend_from_slice(b"\n)\nprintf '\\0'\n");
    }
    let mut child = Command::new(shell)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .env("x", "intruder")
        .spawn()
        .expect("a shell can be started");
    child.stdin.take().expect("it is piped").write_all(&script).expect("the shell reads it");
    let output = child.wait_with_output().expect("it ends").stdout;
    let mut parts: Vec<_> = output.split(|&b| b == 0).map(<[u8]>::to_vec).collect();
    parts.pop();
    parts
}

fn shells() -> impl Iterator<Item = &'static str> {
    ["/bin/sh", "/bin/bash"].into_iter().filter(|s| std::path::Path::new(s).exists())
}

fn check(argument: &[u8]) {
    let lines: Vec<_> = PRINT
        .iter()
        .map(|words| {
            let template = Template::command(&[words], &Marks::default(), Reading::default());
            let line = template.and_then(|template| template.line(&Filling::new(&[argument])));
            line.expect("every place can be followed")
        })
        .collect();
    for shell in shells() {
        let printed = printed(shell, &lines);
        for (template, printed) in PRINT.iter().zip(&printed) {
            assert_eq!(printed, argument, "{shell} {template} {}", argument.escape_ascii());
        }
        assert_eq!(printed.len(), PRINT.len(), "{shell} {}", argument.escape_ascii());
    }
}

#[test]
fn hostile_arguments_stay_arguments() {
    let hostile: [&[u8]; 23] = [
        b"",
        b"-n",
        b"$(echo no)",
        b"`echo no`",
        b"'; echo no; '",
        b"\"; echo no; \"",
        b"a\nb\n\n",
        b"\\",
        b"\\\\'\"",
        b"~",
        b"*",
        b"$HOME",
        b"!",
        b"#",
        b"\n#'",
        b"$x",
        b"(id)",
        b"{a,b}",
        b"\xff\xfe'",
        b"%s%d\\n",
        b"if",
        b"\\'\\\"\\`\\$",
        b"{'<(",
    ];
    hostile.into_iter().for_each(check);
}

#[test]
fn after_a_dollar_only_names_mean_variables() {
    let lines: Vec<_> = ["x", "(echo no)", "{x}", "'a\\'", "1x"]
        .iter()
        .flat_map(|argument| {
            [
                line(&["printf %s ${}"], &[argument.as_bytes()]),
                line(&["printf %s \"${}\""], &[argument.as_bytes()]),
            ]
        })
        .map(String::into_bytes)
        .collect();
    for shell in shells() {
        let printed = printed(shell, &lines);
        let printed: Vec<_> = printed.iter().map(|p| String::from_utf8_lossy(p)).collect();
        assert_eq!(&printed[..2], ["intruder", "intruder"]);
        // The dollar is a character, or, as bash has it before a quote, none.
        for (pair, text) in printed[2..].chunks(2).zip(["(echo no)", "{x}", "'a\\'", "1x"]) {
            assert!(pair.iter().all(|p| p.trim_start_matches('$') == text), "{shell} {pair:?}");
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_stay_an_argument(
        argument in proptest::collection::vec(
            proptest::prop_oneof![
                1u8..=255,
                proptest::sample::select(&b"'\"`$\\(){}#;&|<>\n \t!*?~=-x"[..]),
            ],
            0..24,
        )
    ) {
        check(&argument);
    }
}
