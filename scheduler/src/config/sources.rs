//! Where this process looks for settings: folders, files, environment variables.
//! It opens none of them.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The places of settings, given by hand in tests.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Folders that need not be there, the lowest first.
    pub(super) folders: Vec<PathBuf>,
    /// A file or folder that the user named: it must be there.
    pub(super) named: Option<PathBuf>,
    /// Environment variables whose names begin with `TINE_`, by name.
    pub(super) environment: Vec<(String, OsString)>,
}

impl Sources {
    /// Returns the places that this process's environment tells of.
    pub(super) fn of_this_process() -> Self {
        let user = env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute()) // as its specification asks
            .or_else(|| env::home_dir().map(|home| home.join(".config")));
        let mut environment: Vec<_> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, value)| name.starts_with("TINE_") && !value.is_empty())
            .collect();
        environment.sort();
        Sources {
            folders: [Some(PathBuf::from("/etc")), user]
                .into_iter()
                .flatten()
                .map(|folder| folder.join("tine"))
                .collect(),
            named: env::var_os("TINE_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from),
            environment,
        }
    }
}
