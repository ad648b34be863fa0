//! Which shell there is.
//! It starts none.

use std::env;
use std::path::Path;

/// The command that shell jobs are given to where nothing else is said: bash with `-euo pipefail`
/// where there is bash, otherwise `sh -eu`.
pub(crate) fn default_shell() -> Vec<String> {
    let is_bash = |folder: &Path| folder.join("bash").is_file();
    let found = env::var_os("PATH").is_some_and(|p| env::split_paths(&p).any(|f| is_bash(&f)));
    let words: &[&str] =
        if found { &["bash", "-euo", "pipefail", "-c"] } else { &["sh", "-eu", "-c"] };
    words.iter().map(|&w| w.to_owned()).collect()
}
