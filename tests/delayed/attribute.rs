//! `#[delayed]` in its forms.
//! It does not know how tasks are run.

use std::path::Path;

use tine::prelude::*;

#[delayed]
fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

/// Documented, with attributes, patterns and `mut`.
#[delayed]
#[inline]
pub(crate) fn norm((x, y): (f64, f64), mut scale: f64) -> f64 {
    scale *= 2.0;
    x.hypot(y) * scale
}

#[delayed]
fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_owned())
}

#[delayed]
fn longest<'a>(words: &'a [String], otherwise: &'a str) -> String {
    words.iter().map(String::as_str).max_by_key(|w| w.len()).unwrap_or(otherwise).to_owned()
}

#[delayed]
fn joined(parts: impl IntoIterator<Item = i64>, by: &impl std::fmt::Display) -> String {
    parts.into_iter().map(|p| p.to_string()).collect::<Vec<_>>().join(&by.to_string())
}

#[delayed]
fn first<T, const N: usize>(padded: Vec<T>, fill: T) -> Vec<T>
where
    T: Clone,
{
    padded.into_iter().chain(std::iter::repeat(fill)).take(N).collect()
}

#[delayed]
fn nothing() {}

#[delayed]
fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
    text.parse()
}

#[delayed(plain)]
fn parsed(text: &str) -> Result<i64, String> {
    text.parse().map_err(|e: std::num::ParseIntError| e.to_string())
}

#[delayed]
fn read(text: &str) -> tine::TaskResult<i64> {
    Ok(text.trim().parse()?)
}

#[delayed]
fn checked(text: &str) -> anyhow::Result<i64> {
    use anyhow::Context;
    text.parse::<i64>().with_context(|| format!("`{text}` is no number"))
}

#[delayed]
fn written(x: i64) -> std::fmt::Result {
    if x < 0 { Err(std::fmt::Error) } else { Ok(()) }
}

#[test]
fn recursion_is_plain() -> tine::Result<()> {
    let f = fib(10);
    assert_eq!(f.graph()?.len(), 1);
    assert_eq!(f.compute()?, 55);
    Ok(())
}

#[test]
fn eager_is_the_function_itself() {
    assert_eq!(fib::eager(10), 55);
    assert_eq!(norm::eager((3.0, 4.0), 1.0), 10.0);
    assert_eq!(parse::eager("7"), Ok(7));
    assert_eq!(first::eager::<i32, 2>(vec![1], 0), [1, 0]);
}

#[test]
fn patterns_lifetimes_and_impl_parameters() -> tine::Result<()> {
    assert_eq!(norm((3.0, tine::delayed(4.0)), 0.5).compute()?, 5.0);
    assert_eq!(extension(Path::new("a/b.csv").to_path_buf()).compute()?.as_deref(), Some("csv"));
    let words = vec!["a".to_owned(), "abc".to_owned()];
    assert_eq!(longest(&words, "").compute()?, "abc");
    assert_eq!(joined(vec![1, 2], '-').compute()?, "1-2");
    assert_eq!(first::<i64, 3>(vec![1], 0).compute()?, [1, 0, 0]);
    assert_eq!(nothing().compute()?, ());
    Ok(())
}

#[test]
fn results_are_recognised_by_their_name() -> tine::Result<()> {
    assert_eq!((parse("40") + 2).compute()?, 42);
    assert_eq!(parsed("x").compute()?, Err("invalid digit found in string".to_owned()));
    assert_eq!((read(" 1 ") + checked("2")).compute()?, 3);
    assert_eq!(written(1).compute()?, ());
    Ok(())
}

#[test]
fn errors_keep_type_and_chain() {
    let e = parse("x").compute().unwrap_err();
    assert_eq!(e.type_name(), Some("core::num::error::ParseIntError"));
    let e = checked("x").compute().unwrap_err();
    assert_eq!(e.message(), "`x` is no number");
    assert_eq!(e.type_name(), Some("anyhow::Error"));
    let source = std::error::Error::source(&e).expect("the chain is kept");
    assert_eq!(source.to_string(), "invalid digit found in string");
    assert_eq!(written(-1).compute().unwrap_err().type_name(), Some("core::fmt::Error"));
}

#[test]
fn a_function_inside_a_function_sees_what_is_declared_there() -> tine::Result<()> {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    struct Local(i64);

    #[delayed]
    fn unpack(x: &Local) -> i64 {
        x.0
    }

    assert_eq!(unpack(Local(3)).compute()?, 3);
    assert_eq!(unpack::eager(&Local(3)), 3);
    Ok(())
}

mod elsewhere {
    //! A module of its own.
    use tine::prelude::*;

    #[delayed]
    pub(super) fn half(x: f64) -> f64 {
        x / 2.0
    }
}

#[test]
fn one_use_brings_both_names() -> tine::Result<()> {
    use elsewhere::half;
    assert_eq!(half(half::eager(8.0)).compute()?, 2.0);
    Ok(())
}
