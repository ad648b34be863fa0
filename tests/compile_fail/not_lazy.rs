//! What is computed is lazy.
use tine::prelude::*;

struct Plain;

fn main() {
    let _ = compute((delayed(1), Plain));
}
