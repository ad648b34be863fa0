//! Records what the tasks of a run cost into a trace, and reads and writes trace files.
//!
//! It knows what schedulers tell an observer; it draws nothing.

mod diagnosis;
mod export;
mod file;
mod host;
mod memory;
mod profile;
mod recorder;
mod trace;

pub use diagnosis::{Finding, Rule, Severity, diagnose};
pub use export::{Fold, Folded, Measure, frame_name};
pub use file::{TraceError, TraceErrorKind};
pub use host::Host;
pub use memory::MemorySample;
pub use profile::{Recorded, Recording, profile};
pub use recorder::Recorder;
pub use trace::{
    About, Frame, GroupTotal, Notice, NoticeKind, Sample, Sampled, SettingInForce, StackId, Stacks,
    TaskFacts, TaskRecord, Trace, TraceGroup,
};
