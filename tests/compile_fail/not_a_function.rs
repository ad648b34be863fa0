//! What `#[delayed]` cannot make a task of, and what to do instead.
use tine::prelude::*;

struct Thing;

impl Thing {
    #[delayed]
    fn method(&self) -> i64 {
        1
    }
}

#[delayed]
async fn waits() {}

#[delayed]
fn changes(xs: &mut Vec<i64>) {
    xs.push(1);
}

#[delayed]
fn borrows(text: &str) -> &str {
    text
}

#[delayed]
fn borrows_inside(words: Vec<&str>) -> usize {
    words.len()
}

#[delayed(pur)]
fn misspelt() {}

fn main() {}
