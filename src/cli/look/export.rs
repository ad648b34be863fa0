//! A run in the formats of other programs.
//! It knows no format: the profiler writes them.

use tine_profiler::Fold;

use super::input::Opened;
use super::{output, pictures};
use crate::cli::failure::Failure;
use crate::cli::{high, low};

/// `tine trace`.
pub(super) fn run(job: &high::Trace) -> Result<String, Failure> {
    let opened = Opened::new(&job.source)?;
    let trace = opened.trace();
    pictures::has_samples(trace, job.measure)?;
    let by_default = tine_viz::flame::Options::default().measure_of(trace);
    let fold = Fold { measure: job.measure.unwrap_or(by_default), ..Fold::default() };
    output::write(&job.output, |out| match job.format {
        low::Format::Chrome => trace.write_chrome(out),
        low::Format::Folded => trace.write_folded(&fold, out),
        low::Format::Csv => trace.write_csv(out),
        low::Format::Jsonl => trace.write_json_lines(out),
    })
}
