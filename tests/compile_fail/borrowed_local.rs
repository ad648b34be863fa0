//! A task cannot borrow from the function that makes it: it may run after that has ended.
use tine::prelude::*;

fn main() {
    let table = vec![1, 2];
    let _ = delayed(1).map(|i: usize| table[i]);
}
