//! What the compiler says to mistakes; `TRYBUILD=overwrite` rewrites the messages.
//! It does not know the macros.

#[test]
fn messages_say_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
