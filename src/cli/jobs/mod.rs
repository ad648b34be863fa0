//! The commands that run programs.
//! They know neither how programs are started nor how their output is kept apart.

pub(super) mod cat;
pub(super) mod map;
pub(super) mod run;

use tine_jobs::jobserver::{Jobserver, Style, VARIABLE};

use super::failure::Failure;

/// The cores that a run shares: with the make that has started it, else, where that is asked for, with
/// what its jobs start.
fn jobserver(style: Option<Style>, slots: usize) -> Result<Option<Jobserver>, Failure> {
    let flags = std::env::var_os(VARIABLE);
    match flags.as_deref().map(Jobserver::join) {
        Some(Ok(Some(joined))) => return Ok(Some(joined)),
        Some(Err(unusable)) => super::note(&format!("tine: warning: {unusable}")),
        Some(Ok(None)) | None => {}
    }
    let serve = |style| {
        Jobserver::serve(style, slots, flags.as_deref())
            .map_err(|e| Failure::new(format!("cannot make a pipe for --jobserver: {e}")))
    };
    style.map(serve).transpose()
}
