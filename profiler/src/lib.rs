//! Records what the tasks of a run cost into a trace, and reads and writes trace files.
//!
//! It knows what schedulers tell an observer; it draws nothing.

#[expect(unsafe_code, reason = "a global allocator: see the module's invariant")]
pub mod alloc;
mod diagnosis;
mod export;
mod file;
mod host;
mod memory;
mod profile;
mod recorder;
mod sampler;
mod symbols;
mod trace;

pub use diagnosis::{Finding, Rule, Severity, diagnose};
pub use export::frame_name;
pub use file::{TraceError, TraceErrorKind};
pub use host::Host;
pub use memory::MemorySample;
pub use profile::{Recorded, Recording, profile};
pub use recorder::Recorder;
pub use sampler::Sampler;
pub use trace::{
    About, Frame, GroupTotal, Notice, NoticeKind, Sample, Sampled, SettingInForce, StackId, Stacks,
    TaskFacts, TaskRecord, Trace, TraceGroup,
};
