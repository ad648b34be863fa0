//! Jobs as users write them: files of jobs, templates with arguments, and what is written down of
//! them: logs, journals, output in order.
//! It reads no command line and draws nothing; programs are run by `tine_scheduler::jobs`.

mod direct;
pub mod file;
pub mod gates;
pub mod input;
pub mod jobserver;
mod lock;
pub mod log;
pub mod map;
pub mod output;
pub mod run;
pub mod template;
