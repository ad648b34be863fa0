//! Where a task's own code begins on the stack of a worker.
//! It knows the names of tine's functions around a body, and of the glue between.

use crate::trace::Frame;

/// The outermost frames of tine around every body: what they call is the body.
const AROUND: [&str; 3] = [
    "tine_scheduler::worker::attempt::",
    "<tine_scheduler::worker::Worker>::run_body",
    "tine_scheduler::worker::Worker::run_body",
];

/// What stands between the engine and a user's function: unwinding, boxed closures, and tine's own
/// bodies, which fetch inputs and call.
const GLUE: [&str; 12] = [
    "tine_scheduler::worker::",
    "<tine_scheduler::worker::",
    "tine_scheduler::panics::",
    "tine_scheduler::graph::body::",
    "<tine_scheduler::graph::body::",
    "std::panicking::",
    "std::panic::catch_unwind",
    "core::panic::unwind_safe::",
    "<core::panic::unwind_safe::",
    "core::ops::function::",
    "<alloc::boxed::Box",
    "__rust_try",
];

/// The frames of a task, the outermost first, without those of tine below its body: they begin at
/// the user's function. A stack on which no body is found stays as it is, and so does one with
/// nothing above the glue.
pub(crate) fn from_body(frames: &[Frame]) -> &[Frame] {
    let is = |known: &[&str], frame: &Frame| known.iter().any(|k| frame.function.starts_with(k));
    let Some(around) = frames.iter().position(|f| is(&AROUND, f)) else { return frames };
    let glue = frames[around..].iter().position(|f| !is(&GLUE, f));
    glue.map_or(frames, |own| &frames[around + own..])
}
