//! `Rc` cannot be captured: tasks may run on other threads.
use std::rc::Rc;
use tine::prelude::*;

fn main() {
    let table = Rc::new(vec![1, 2]);
    let _ = delayed(1).map(move |i: usize| table[i]);
}
