//! A generic function does not say what text becomes: the type does.
use tine::prelude::*;

#[delayed]
fn show<T: std::fmt::Display>(x: T) -> String {
    x.to_string()
}

fn main() {
    let _ = show("text");
}
