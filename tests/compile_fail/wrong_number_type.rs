//! Numbers are not converted by themselves, lazy ones neither.
use tine::prelude::*;

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

fn main() {
    let small: u32 = 5;
    let _ = inc(small);
    let _ = inc(tine::delayed(small));
}
