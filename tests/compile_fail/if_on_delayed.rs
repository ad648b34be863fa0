//! A lazy value is no condition: it is not known yet.
use tine::prelude::*;

fn main() {
    let x = delayed(5);
    let large = x.map(|v| v > 3);
    if large {
        let _ = x;
    }
}
