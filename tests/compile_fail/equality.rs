//! Two lazy values are not equal or different before they are computed.
use tine::prelude::*;

fn main() {
    let (x, y) = (delayed(5), delayed(5));
    let _ = x == y;
}
