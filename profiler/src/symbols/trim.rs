//! Where a task's own code begins on the stack of a worker.
//! It knows the names of tine's functions around a body, and of the glue between.

use crate::trace::Frame;

/// The outermost frames of tine around every body: what they call is the body.
const AROUND: [&str; 3] = [
    "tine_scheduler::worker::attempt::",
    "<tine_scheduler::worker::Worker>::run_body",
    "tine_scheduler::worker::Worker::run_body",
];

/// What stands between the engine and a user's function: unwinding, closures, and tine's own bodies,
/// which fetch inputs and call.
const GLUE: [&str; 13] = [
    "tine_scheduler::worker::",
    "<tine_scheduler::worker::",
    "tine_scheduler::panics::",
    "tine_scheduler::graph::",
    "<tine_scheduler::graph::",
    "tine_collection::",
    "tine_delayed::",
    "std::panicking::",
    "std::panic::catch_unwind",
    "core::panic::unwind_safe::",
    "<core::panic::unwind_safe::",
    "core::ops::function::",
    "__rust_try",
];

/// The same, of types that are not tine's: `<F as ..TaskFn<..>>::call`, `<Box<F> as FnOnce<..>>`.
const GLUE_TRAITS: [&str; 2] = [" as tine_scheduler::graph::body::", " as core::ops::function::Fn"];

/// The frames of a task, the outermost first, without those of tine below its body: they begin at
/// the user's function. A stack on which no body is found stays as it is, and so does one with
/// nothing above the glue.
pub(crate) fn from_body(frames: &[Frame]) -> &[Frame] {
    let is = |known: &[&str], frame: &Frame| known.iter().any(|k| frame.function.starts_with(k));
    let Some(around) = frames.iter().position(|f| is(&AROUND, f)) else { return frames };
    let of_trait = |f: &Frame| GLUE_TRAITS.iter().any(|t| f.function.contains(t));
    let glue = frames[around..].iter().position(|f| !is(&GLUE, f) && !of_trait(f));
    glue.map_or(frames, |own| &frames[around + own..])
}

/// What an allocation goes through before it comes to the place that counts it.
const ALLOCATING: [&str; 6] = [
    "tine_profiler::alloc::",
    "<tine_profiler::alloc::",
    "__rust_",
    "__rustc::",
    "alloc::alloc::",
    "<alloc::alloc::Global",
];

/// How many of these frames, the innermost first, belong to the allocator rather than to who asks.
pub(crate) fn allocator(frames: &[Frame]) -> usize {
    let own = |f: &Frame| !ALLOCATING.iter().any(|a| f.function.starts_with(a));
    frames.iter().position(own).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(names: &[&str]) -> Vec<Frame> {
        let frame = |n: &&str| Frame { function: (*n).to_owned(), ..Frame::default() };
        names.iter().map(frame).collect()
    }

    const ENGINE: [&str; 6] = [
        "tine_scheduler::worker::Worker::run",
        "tine_scheduler::worker::attempt::<impl tine_scheduler::worker::Worker>::run_body",
        "std::panicking::catch_unwind",
        "__rust_try",
        "<tine_delayed::body::Body<A,R,F> as tine_scheduler::graph::body::TaskBody>::run",
        "<Func as tine_scheduler::graph::body::TaskFn<(),Ret>>::call",
    ];

    #[test]
    fn begins_at_the_users_function() {
        let own = ["core::ops::function::FnOnce::call_once", "work::sum", "std::panicking::try"];
        let all = frames(&[&ENGINE[..], &own].concat());
        assert_eq!(from_body(&all), &all[7..]);
    }

    #[test]
    fn shows_what_tine_does_itself_within_a_body() {
        let all = frames(&[&ENGINE[..], &["tine_scheduler::codec::encode", "memcpy"]].concat());
        assert_eq!(from_body(&all), &all[6..]);
    }

    #[test]
    fn allocations_begin_above_the_allocator() {
        let all = frames(&["tine_profiler::alloc::hook::sample", "__rustc::__rust_alloc", "work"]);
        assert_eq!([allocator(&all), allocator(&all[..2]), allocator(&[])], [2, 0, 0]);
    }

    #[test]
    fn a_stack_without_a_body_stays_whole() {
        let engine = frames(&ENGINE);
        assert_eq!(from_body(&engine), engine);
        let cut = frames(&["work::sum", "core::ops::function::FnOnce::call_once"]);
        assert_eq!(from_body(&cut), cut);
    }
}
