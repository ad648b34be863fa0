//! Files of a store by name and by pattern.
//! It reads none of them.

use std::time::SystemTime;

use futures_util::TryStreamExt;
use glob::Pattern;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::driver::Driver;
use super::{failed, key_of, split, store};
use crate::compression::Compression;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{FileInfo, Location};
use crate::names::RULES;

/// Adds the files that an address stands for, sorted. Behind HTTP there are no lists of files, so
/// no patterns.
///
/// # Errors
/// As for files of this machine; what the store refuses.
pub(crate) fn expand(name: &str, files: &mut Vec<FileInfo>) -> Result<()> {
    let driver = Driver::new().map_err(|e| Error::io("reach", name, e))?;
    let (base, path) = split(name);
    let (store, given) = store(&base)?;
    let found = driver.wait(async {
        match path {
            Some(pattern) if pattern.contains(['*', '?', '[']) => {
                matches(&*store, name, pattern).await
            }
            Some(key) => {
                let key = key_of(name, key)?;
                Ok(vec![one(&*store, name, &key).await?])
            }
            None => Ok(vec![one(&*store, name, &given).await?]),
        }
    })?;
    for meta in found {
        let key = meta.location.as_ref();
        let name = if path.is_some() { format!("{base}/{key}") } else { name.to_owned() };
        files.push(FileInfo {
            compression: Compression::of(key),
            location: Location::Remote { store: base.clone(), key: key.to_owned() },
            name,
            len: meta.size,
            modified: Some(SystemTime::from(meta.last_modified)),
        });
    }
    Ok(())
}

/// Returns what the store knows of a file.
///
/// # Errors
/// A file that is not there; a folder of files.
pub(super) async fn one(store: &dyn ObjectStore, name: &str, key: &Path) -> Result<ObjectMeta> {
    let error = match store.head(key).await {
        Ok(meta) => return Ok(meta),
        Err(e) => failed("find", name, e),
    };
    if error.kind() != ErrorKind::NotFound {
        return Err(error);
    }
    match store.list(Some(key)).try_next().await {
        Ok(Some(_)) => {
            let what = "is a folder; name the files in it, as with FOLDER/*";
            Err(Error::new(ErrorKind::NotAFile, what).of_file(name))
        }
        _ => Err(error),
    }
}

/// Returns the files that match a pattern, sorted; at least one.
///
/// # Errors
/// No pattern; nothing that matches.
pub(super) async fn matches(
    store: &dyn ObjectStore,
    name: &str,
    pattern: &str,
) -> Result<Vec<ObjectMeta>> {
    let matcher = Pattern::new(pattern).map_err(|e| {
        let what = format!("is no pattern, at character {} of the path: {}", e.pos + 1, e.msg);
        Error::new(ErrorKind::Name, what).of_file(name)
    })?;
    let wild = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    let folder = pattern[..wild].rsplit_once('/').map(|(folder, _)| folder);
    let folder = folder.map(Path::parse).transpose();
    let folder = folder.map_err(|e| failed("list", name, e.into()))?;
    let all = store.list(folder.as_ref()).map_err(|e| failed("list", name, e));
    let is_match = |meta: &ObjectMeta| matcher.matches_with(meta.location.as_ref(), RULES);
    let found = all.try_filter(|meta| std::future::ready(is_match(meta)));
    let mut found: Vec<ObjectMeta> = found.try_collect().await?;
    if found.is_empty() {
        return Err(Error::new(ErrorKind::NothingMatched, "matches no file").of_file(name));
    }
    found.sort_by(|a, b| a.location.cmp(&b.location));
    Ok(found)
}
