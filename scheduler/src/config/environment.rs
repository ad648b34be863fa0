//! Settings from environment variables: `TINE_A__B=value` is `a.b`.
//! It does not read the environment: it is given names and values.

use std::ffi::OsString;

use toml::Value;
use toml::de::DeValue;

use super::known::{self, RESERVED};
use super::layers::{Layers, Source};
use crate::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::IntoDeserializer;

const PREFIX: &str = "TINE_";

/// Reads variables into `layers`. Keys that are no settings are kept, unless they look misspelt:
/// other programs may have names of their own there.
pub(super) fn read(variables: &[(String, OsString)], layers: &mut Layers) -> Result<()> {
    for (name, value) in variables {
        let Some(key) = key(name) else { continue };
        if RESERVED.iter().any(|(reserved, _)| *reserved == key) {
            continue;
        }
        let source = Source::Environment(name.clone());
        let text = value.to_str().ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("{source}: its value is not UTF-8"))
        })?;
        let value = literal(text);
        if known::setting(&key).is_some() || known::misspelt(&key) {
            layers.insert_known(&key, value, &source)?;
        } else {
            layers.insert(&key, value, &source);
        }
    }
    Ok(())
}

/// Returns the key that a variable sets; `None` where it sets none.
fn key(variable: &str) -> Option<String> {
    let name = variable.strip_prefix(PREFIX)?;
    let key = name.to_lowercase().replace("__", ".").replace('_', "-");
    key.split('.').all(|part| !part.is_empty()).then_some(key)
}

/// Returns the variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__").replace('-', "_"))
}

/// Reads a value as TOML would; text that is no literal is text.
pub(super) fn literal(text: &str) -> Value {
    match text.trim() {
        "True" => return Value::Boolean(true),
        "False" => return Value::Boolean(false),
        _ => {}
    }
    let parsed = DeValue::parse(text.trim()).ok();
    parsed
        .and_then(|value| Value::deserialize(value.into_deserializer()).ok())
        .unwrap_or_else(|| Value::String(text.to_owned()))
}
