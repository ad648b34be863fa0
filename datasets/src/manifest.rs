//! `prep.json`: which recipe the data in a folder were made by, and how large each file became.
//! It does not know how files are made.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::draft;
use crate::error::Error;
use crate::recipe::Recipe;

/// The name of the file.
pub(crate) const NAME: &str = "prep.json";

/// Raised when the same recipe gives other bytes than before.
const VERSION: u32 = 1;

/// What is known of the data in a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    version: u32,
    pub(crate) datasets: BTreeMap<Dataset, Made>,
}

/// How one data set was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Made {
    #[serde(flatten)]
    pub(crate) recipe: Recipe,
    /// Bytes by path; noted at the end of a run: a file that is not here is as large as it was made.
    pub(crate) files: BTreeMap<String, u64>,
}

impl Manifest {
    /// Reads the file in `folder`. Where there is none, nothing is known of the data. Notes of an
    /// earlier version count as none: nobody knows what that version wrote.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Manifest::empty()),
            Err(e) => return Err(Error::io("read", &path)(e)),
        };
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|source| Error::Notes { path, source })?;
        Ok(if manifest.version == VERSION { manifest } else { Manifest::empty() })
    }

    fn empty() -> Self {
        Manifest { version: VERSION, datasets: BTreeMap::new() }
    }

    /// Writes the file into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(NAME);
        let part = draft::part(&path, std::process::id());
        let text = serde_json::to_string_pretty(self).expect("names and numbers are JSON") + "\n";
        fs::write(&part, text).map_err(Error::io("write", &path))?;
        fs::rename(&part, &path).map_err(Error::io("write", &path))
    }
}
