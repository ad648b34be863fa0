//! Files in stores that are reached over a network: what is there, the bytes of one, and new ones.
//! It does not know what is in them.
//!
//! Whoever reads or writes has a runtime of their own, made where they do and ended with it: a
//! runtime that a worker inherits from its parent is dead there, and one that lives in the parent at
//! a fork leaves threads behind. A request that fails for reasons that pass is sent again by the
//! client of the store, up to ten times in three minutes, whether it reads or writes.

mod driver;
mod find;
mod reader;
mod upload;

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use crate::error::{Error, ErrorKind, Result};

pub(crate) use find::expand;
pub(crate) use reader::open;
pub(crate) use upload::{Upload, create};

/// Variables of the environment that say who asks, as the stores' own tools know them.
const SETTINGS: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Returns what of an address names the store, and what the file in it. Behind HTTP the address as a
/// whole does both.
fn split(address: &str) -> (String, Option<&str>) {
    let (scheme, rest) = address.split_once("://").expect("it was told by its scheme");
    let is_http = scheme.to_ascii_lowercase().starts_with("http");
    match rest.split_once('/') {
        // A path in a bucket is taken letter by letter, and may have what an address may not.
        Some((bucket, key)) if !is_http => (format!("{scheme}://{bucket}"), Some(key)),
        _ => (address.to_owned(), None),
    }
}

/// Refuses, before anything is computed, files that could not be written: those at these addresses.
///
/// # Errors
/// As [`create`].
pub(crate) fn check(addresses: impl IntoIterator<Item = String>) -> Result<()> {
    let mut known = None;
    for address in addresses {
        let (base, key) = split(&address);
        match key {
            // Making a store takes a while, and all files of a pattern are in one.
            Some(key) if known.as_ref() == Some(&base) => drop(key_of(&address, key)?),
            _ => drop(place(&address)?),
        }
        known = Some(base);
    }
    Ok(())
}

/// Returns the store and the path in it of one file.
fn place(address: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let (base, key) = split(address);
    let (store, given) = store(&base)?;
    let path = match key {
        Some(key) => key_of(address, key)?,
        None => given,
    };
    match path.as_ref().is_empty() {
        false => Ok((store, path)),
        true => Err(Error::new(ErrorKind::Name, "names no file in the store").of_file(address)),
    }
}

fn key_of(address: &str, key: &str) -> Result<Path> {
    Path::parse(key).map_err(|e| failed("reach", address, e.into()))
}

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

/// Returns the error of what a store refused, with what to do where that is known.
fn failed(verb: &str, name: &str, error: object_store::Error) -> Error {
    use object_store::Error as Refused;

    let kind = match &error {
        Refused::NotFound { .. } => {
            return Error::new(ErrorKind::NotFound, "no such file").of_file(name);
        }
        Refused::InvalidPath { .. } => ErrorKind::Name,
        Refused::NotSupported { .. } | Refused::NotImplemented { .. } => ErrorKind::Unsupported,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("cannot {verb}: {error}{}", advice(&error))).of_file(name)
}

/// What can be done about a refusal; empty where only the store's own words help.
fn advice(error: &object_store::Error) -> &'static str {
    match error {
        object_store::Error::Unauthenticated { .. } => {
            "; say who asks, by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
             GOOGLE_APPLICATION_CREDENTIALS, or AZURE_STORAGE_ACCOUNT_NAME and its key"
        }
        object_store::Error::PermissionDenied { .. } => {
            "; whoever asks may not do this: ask as somebody else, or have the store allow it"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests;
