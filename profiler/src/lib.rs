//! Records what the tasks of a run cost into a trace, and reads and writes trace files.
//!
//! It knows what schedulers tell an observer; it draws nothing.

#[expect(unsafe_code, reason = "a global allocator: see the module's invariant")]
#[cfg_attr(
    any(
        not(target_os = "linux"),
        tine_portable,
        not(any(target_arch = "x86_64", target_arch = "aarch64"))
    ),
    expect(dead_code, reason = "nothing is sampled here")
)]
pub mod alloc;
mod diagnosis;
mod effects;
mod export;
mod file;
mod host;
mod memory;
mod profile;
mod recorder;
#[cfg_attr(
    any(
        not(target_os = "linux"),
        tine_portable,
        not(any(target_arch = "x86_64", target_arch = "aarch64"))
    ),
    expect(dead_code, reason = "nothing is sampled here")
)]
mod sampler;
mod stats;
mod symbols;
mod trace;

pub use diagnosis::{Finding, Rule, Severity, diagnose};
pub use export::{Fold, Folded, Measure, frame_name};
pub use file::{TraceError, TraceErrorKind};
pub use host::Host;
pub use memory::MemorySample;
pub use profile::{Recorded, Recording, profile, profile_to};
pub use recorder::Recorder;
pub use sampler::Sampler;
pub use stats::{
    CriticalPath, GroupStats, GroupTotal, Link, Parallelism, Shares, Statistics, Step, WorkerStats,
};
pub use trace::{
    About, Failure, Frame, Notice, NoticeKind, Sample, Sampled, SettingInForce, StackId, Stacks,
    TaskFacts, TaskRecord, Trace, TraceGroup,
};
