//! A result must be able to go to another process.
use tine::prelude::*;

struct Model(f64);

#[delayed]
fn fit(x: f64) -> Model {
    Model(x)
}

fn main() {
    let _ = fit(1.0);
}
