//! `Rc` cannot be passed: it does not leave its thread, or its process.
use std::rc::Rc;
use tine::prelude::*;

#[delayed]
fn first(table: Rc<Vec<i64>>) -> i64 {
    table[0]
}

fn main() {
    let _ = first(Rc::new(vec![1, 2]));
}
