//! What is meant by the options of `tine map`.

use super::sources::unescaped;
use super::*;

#[test]
fn slots_are_numbers_as_gnu_parallel_has_them() {
    let of = |text| slots(text, 4).map_err(|e| e.to_string());
    assert_eq!(of("3"), Ok(3));
    assert_eq!(of("0"), Ok(1024));
    assert_eq!((of("+2"), of("-1"), of("-9")), (Ok(6), Ok(3), Ok(1)));
    assert_eq!((of("150%"), of("1%")), (Ok(6), Ok(1)));
    for text in ["", "x", "-", "%", "-5%", "1.5", "5000", "nan%"] {
        assert!(of(text).is_err(), "{text}");
    }
}

#[test]
fn escapes_are_those_of_printf() {
    let of = |text: &str| unescaped(text.as_ref()).expect("it has no other failures");
    assert_eq!(of(r"a\n\t\0\x41\101\\\q\"), b"a\n\t\0AA\\\\q\\");
    assert_eq!(of(r"\xz"), b"\\xz");
}

#[test]
fn timeouts_are_times_or_shares() {
    assert_eq!(timeout("200%").ok(), Some(Timeout::Share(2.0)));
    assert_eq!(timeout("4.1").ok(), Some(Timeout::Fixed(Duration::from_millis(4_100))));
    assert!(timeout("0%").is_err() && timeout("soon").is_err());
}

#[test]
fn variables_have_names() {
    let of = |text: &str| variables(&[text.into()]);
    assert_eq!(of("a=b=c").ok(), Some(vec![("a".into(), "b=c".into())]));
    assert!(of("=x").is_err() && of("NO_SUCH_VARIABLE_HERE").is_err());
    assert_eq!(of("PATH").ok(), Some(vec![]));
}
