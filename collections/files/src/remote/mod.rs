//! Files in stores that are reached over a network: what is there, and the bytes of one.
//! It does not know what is in them.
//!
//! Whoever reads has a runtime of their own, made where they read and ended with it: a runtime that
//! a worker inherits from its parent is dead there, and one that lives in the parent at a fork
//! leaves threads behind.

mod driver;
mod find;
mod reader;

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use crate::error::{Error, ErrorKind, Result};

pub(crate) use find::expand;
pub(crate) use reader::open;

/// Variables of the environment that say who asks, as the stores' own tools know them.
const SETTINGS: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Returns the store behind an address, and the path in it that the address means.
///
/// # Errors
/// No address; an address that says too little; settings that contradict each other.
fn store(address: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let url = Url::parse(address)
        .map_err(|e| Error::new(ErrorKind::Name, format!("is no address: {e}")).of_file(address))?;
    if url.query().is_some() {
        let what = "has a `?`, and stores are asked by path alone; leave out what is behind it";
        return Err(Error::new(ErrorKind::Name, what).of_file(address));
    }
    let environment = std::env::vars_os().filter_map(|(key, value)| {
        let key = key.into_string().ok().filter(|k| SETTINGS.iter().any(|s| k.starts_with(s)))?;
        Some((key, value.into_string().ok()?))
    });
    // Who writes `http://` has chosen to.
    let plain = (url.scheme() == "http").then(|| ("allow_http".to_owned(), "true".to_owned()));
    let (store, path) = object_store::parse_url_opts(&url, environment.chain(plain))
        .map_err(|e| failed("reach", address, e))?;
    Ok((store.into(), path))
}

/// Returns the error of what a store refused.
fn failed(verb: &str, name: &str, error: object_store::Error) -> Error {
    let kind = match &error {
        object_store::Error::NotFound { .. } => {
            return Error::new(ErrorKind::NotFound, "no such file").of_file(name);
        }
        object_store::Error::InvalidPath { .. } => ErrorKind::Name,
        object_store::Error::NotSupported { .. } => ErrorKind::Unsupported,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("cannot {verb}: {error}")).of_file(name)
}

#[cfg(test)]
mod tests;
