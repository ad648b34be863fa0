//! Templates: what stands where a place was, and which places are refused.

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

proptest::proptest! {
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
