//! Configuration files: which there are, and what is in one, with the place of every entry.
//! It does not know which file wins.

use std::fs;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Value;
use toml::de::{DeTable, DeValue};

use super::layers::{Layers, Source};
use super::sources::Sources;
use crate::error::{Error, ErrorKind, Result};

/// Returns the files to read, the lowest first.
pub(super) fn list(sources: &Sources) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in &sources.folders {
        files.extend(files_in(folder)?.unwrap_or_default());
    }
    if let Some(named) = &sources.named {
        match files_in(named)? {
            Some(found) => files.extend(found),
            None if named.exists() => files.push(named.clone()),
            None => {
                let why = format!("TINE_CONFIG names {}, which is not there", named.display());
                return Err(Error::new(ErrorKind::Config, why));
            }
        }
    }
    Ok(files)
}

/// Returns the TOML files of a folder in alphabetical order; `None` where there is no folder.
fn files_in(folder: &Path) -> Result<Option<Vec<PathBuf>>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), Io::NotFound | Io::NotADirectory) => return Ok(None),
        Err(e) => return Err(unreadable(folder, &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| unreadable(folder, &e))?.path();
        if path.extension().is_some_and(|x| x == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(Some(files))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let why = format!("the configuration {} cannot be read: {error}", path.display());
    Error::new(ErrorKind::Config, why)
}

/// Reads a file into `layers`.
pub(super) fn read(path: &Path, layers: &mut Layers) -> Result<()> {
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let table = DeTable::parse(&text).map_err(|e| {
        let source = place(path, &text, e.span().map_or(0, |span| span.start));
        Error::new(ErrorKind::Config, format!("{source}: this is not TOML: {}", e.message()))
    })?;
    Reading { path, text: &text, layers }.table("", table.into_inner())
}

struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    layers: &'a mut Layers,
}

impl Reading<'_> {
    fn table(&mut self, above: &str, table: DeTable<'_>) -> Result<()> {
        for (name, value) in table {
            let source = place(self.path, self.text, name.span().start);
            let key = format!("{above}{}", name.into_inner());
            if matches!(value.get_ref(), DeValue::Table(_)) {
                let DeValue::Table(inner) = value.into_inner() else { continue };
                self.table(&format!("{key}."), inner)?;
                continue;
            }
            let value = Value::deserialize(value.into_deserializer())
                .map_err(|e| Error::new(ErrorKind::Config, format!("{source}: {}", e.message())))?;
            self.layers.insert_known(&key, value, &source)?;
        }
        Ok(())
    }
}

/// Returns the line and column of a byte, both from 1, columns in characters.
fn place(path: &Path, text: &str, byte: usize) -> Source {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Source::File {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}
