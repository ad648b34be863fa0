//! An element of a lazy list is `list.item(0)`.
use tine::prelude::*;

fn main() {
    let list = delayed(vec![1, 2]);
    let _ = list[0];
}
