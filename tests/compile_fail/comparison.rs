//! A lazy value cannot be compared before it is computed.
use tine::prelude::*;

fn main() {
    let x = delayed(5);
    if x > 3 {
        let _ = compute(x);
    }
}
