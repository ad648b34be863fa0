//! Templates against shells: what comes out is what went in.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

fn line(words: &[&str], arguments: &[&[u8]]) -> String {
    let template = Template::command(words, &Marks::default(), Reading::default()).unwrap();
    String::from_utf8(template.line(&Filling::new(arguments)).unwrap()).unwrap()
}

#[test]
fn places_are_filled() {
    let all: [&[u8]; 2] = [b"a/b.c", b"d e"];
    assert_eq!(line(&["echo"], &all), "echo a/b.c 'd e'");
    assert_eq!(line(&["echo {.}{/} {//} {/.} {#} {%}"], &all[..1]), "echo a/bb.c a b 1 1");
    assert_eq!(line(&["echo", "{2} {1/.} {-1} {-2//} {3}"], &all), "echo 'd e' b 'd e' a ");
    assert_eq!(line(&["echo {0} {x} {1x} ${x} {"], &all[..1]), "echo {0} {x} {1x} ${x} { a/b.c");
    assert_eq!(line(&[], &[b"ls; pwd"]), "ls; pwd");
    assert_eq!(line(&["{}"], &[b"ls; pwd"]), "ls; pwd");
    assert_eq!(line(&["{} x"], &[b"ls; pwd"]), "'ls; pwd' x");
    // Not the second descriptor.
    assert_eq!(line(&["echo {}>out {}"], &[b"2"]), "echo '2'>out 2");
}

#[test]
fn words_with_places_are_repeated_where_that_is_wanted() {
    let filled = |reading: Reading, words: &[&str]| {
        let template = Template::command(words, &Marks::default(), reading).unwrap();
        let words = template.words(&Filling::new(&[b"A B", b"C"])).unwrap();
        words.into_iter().map(|w| String::from_utf8(w).unwrap()).collect::<Vec<_>>()
    };
    let line = Reading::default();
    assert_eq!(filled(line, &["echo pre-{}-post; x"]), ["echo pre-'A B' C-post; x"]);
    let repeated = Reading { repeated: true, ..line };
    assert_eq!(filled(repeated, &["echo 'a {}' b{}"]), ["echo 'a A B' 'a C' b'A B' bC"]);
    let words = Reading { words: true, ..line };
    assert_eq!(filled(words, &["e", "pre-{}-post", ""]), ["e", "pre-A B", "C-post", ""]);
    let both = Reading { words: true, repeated: true, ..line };
    assert_eq!(filled(both, &["e", "p-{}", "{1}"]), ["e", "p-A B", "p-C", "A B"]);
    let quoted = Reading { quoted: true, ..line };
    assert_eq!(filled(quoted, &["echo", "$x y", ""]), ["echo '$x y' '' 'A B' C"]);
}

#[test]
fn marks_can_be_others() {
    let marks = Marks {
        argument: b",,".to_vec(),
        names: vec![b"col one".to_vec(), b"b".to_vec()],
        plus: true,
        ..Marks::default()
    };
    let template = Template::text(b",,|{}|{col one.}|{b/}|{..}|{2+.}|{##}|{#}", &marks);
    let filled = template.line(&Filling { total: 7, ..Filling::new(&[b"a.b.c", b"d/e.f"]) });
    assert_eq!(String::from_utf8(filled.unwrap()).unwrap(), "a.b.c d/e.f|{}|a.b|e.f|a d/e.f|f|7|1");
    assert!(template.needs_total());
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
            template.unwrap().line(&Filling::new(&[argument])).unwrap()
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
    let hostile: [&[u8]; 22] = [
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
    ];
    hostile.into_iter().for_each(check);
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

    #[test]
    fn any_line_is_read_without_panic(
        line in "[a$(){}'\"`\\\\#;<\n ]{0,24}",
        argument in "[a$()'\"`\\\\#;\n ]{0,8}",
    ) {
        if let Ok(template) = Template::command(&[line], &Marks::default(), Reading::default()) {
            drop(template.line(&Filling::new(&[argument.as_bytes()])));
        }
    }
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

#[test]
fn places_that_cannot_be_followed_are_refused() {
    let refused = [
        ("cat <<E\n{}\nE", "here-document"),
        ("echo $'a {}'", "$'...'"),
        ("echo $'\\'' {}", "$'...'"),
        ("echo \"$(case a in a) echo;; esac)\" {}", "`case`"),
        ("echo `echo \\`echo {}\\``", "backquotes inside of backquotes"),
        ("echo \"${x#'\"'}\" {}", "${...}"),
        ("echo ${x:-{}}", "${...}"),
        ("((x = {}))", "`((`"),
    ];
    for (words, why) in refused {
        let error = Template::command(&[words], &Marks::default(), Reading::default()).unwrap_err();
        assert!(error.to_string().contains(why), "{words}: {error}");
    }
    let sum =
        Template::command(&["echo $(( {} + 1 ))"], &Marks::default(), Reading::default()).unwrap();
    assert_eq!(sum.line(&Filling::new(&[b"3"])).unwrap(), b"echo $(( 3 + 1 ))");
    assert!(sum.line(&Filling::new(&[b"a[$(id)]"])).unwrap_err().to_string().contains("no number"));
}
