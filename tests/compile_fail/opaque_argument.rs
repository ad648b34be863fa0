//! A value that serde cannot write is no argument.
use tine::prelude::*;

#[derive(Clone)]
struct Opaque(i64);

#[delayed]
fn open<T: Into<i64>>(x: T) -> i64 {
    x.into()
}

impl From<Opaque> for i64 {
    fn from(x: Opaque) -> i64 {
        x.0
    }
}

fn main() {
    let _ = open(Opaque(1));
}
