//! The matrix of a job: its axes, and the values along each.
//! It does not know what the values are for.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeValue;

use super::braces::is_name;
use super::keys::{Entry, Table, kind};
use super::source::{Mistake, Source, Spot};

/// One axis: a name, and the values that it takes.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Its name.
    pub(crate) name: String,
    /// Its values, of which there is at least one, all different.
    pub(crate) values: Vec<Box<str>>,
}

/// Names that stand for something else.
const TAKEN: [&str; 5] = ["inputs", "outputs", "needs", "cores", "attempt"];

const FORM: &str =
    "write matrix = { x = [1, 2], y = [\"a\", \"b\"] }, or { f = { glob = \"data/*.csv\" } }";

/// Reads `matrix = {..}`, in the order in which it is written.
pub(super) fn read(
    source: Source<'_>,
    entry: Option<Entry<'_>>,
    folder: &Path,
) -> Result<Vec<Axis>, Mistake> {
    let Some(entry) = entry else { return Ok(Vec::new()) };
    let DeValue::Table(table) = entry.value.get_ref() else {
        let message = format!("`matrix` must be a table, not {}", kind(entry.value.get_ref()));
        return Err(source.mistake(&entry.value.span(), message).help(FORM));
    };
    let mut spots: Vec<_> = table.iter().collect();
    spots.sort_by_key(|(name, _)| name.span().start);
    let mut axes = Vec::new();
    for (name, values) in spots {
        let text: &str = name.get_ref();
        check_name(source, &Spot { what: text, span: name.span() })?;
        axes.push(Axis { name: text.to_owned(), values: read_axis(source, text, values, folder)? });
    }
    Ok(axes)
}

fn check_name(source: Source<'_>, name: &Spot<&str>) -> Result<(), Mistake> {
    let what = name.what;
    if TAKEN.contains(&what) {
        return Err(source
            .mistake(
                &name.span,
                format!("`{what}` cannot be an axis: `{{{what}}}` is something else"),
            )
            .help("choose another name"));
    }
    if !is_name(what) {
        let message = format!("`{what}` cannot be an axis: it could not stand in braces");
        return Err(source
            .mistake(&name.span, message)
            .help("use letters, digits, `_` and `-`, and begin with a letter"));
    }
    Ok(())
}

fn read_axis(
    source: Source<'_>,
    name: &str,
    values: &Spanned<DeValue<'_>>,
    folder: &Path,
) -> Result<Vec<Box<str>>, Mistake> {
    let found: Vec<Box<str>> = match values.get_ref() {
        DeValue::Array(array) => {
            array.iter().map(|v| scalar(source, name, v)).collect::<Result<_, _>>()?
        }
        DeValue::Table(_) => glob_of(source, values, folder)?,
        other => {
            let message = format!("the values of `{name}` must be a list, not {}", kind(other));
            return Err(source.mistake(&values.span(), message).help(FORM));
        }
    };
    if found.is_empty() {
        return Err(source
            .mistake(&values.span(), format!("`{name}` has no values, so there is no job"))
            .help("give it at least one, or leave the whole job out"));
    }
    check_different(source, name, values, &found)?;
    Ok(found)
}

fn check_different(
    source: Source<'_>,
    name: &str,
    values: &Spanned<DeValue<'_>>,
    found: &[Box<str>],
) -> Result<(), Mistake> {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|&a, &b| (&found[a], a).cmp(&(&found[b], b)));
    let twice = order.windows(2).filter(|w| found[w[0]] == found[w[1]]).map(|w| w[1]).min();
    let Some(twice) = twice else { return Ok(()) };
    let span = match values.get_ref() {
        DeValue::Array(array) => array.get(twice).map_or(values.span(), Spanned::span),
        _ => values.span(),
    };
    let message = format!("`{name}` has the value {} twice", found[twice]);
    Err(source.mistake(&span, message).help("each value stands for one job: leave one out"))
}

/// A value as text: numbers as they are written.
pub(super) fn scalar(
    source: Source<'_>,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Result<Box<str>, Mistake> {
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Float(f) => f.as_str().to_owned(),
        DeValue::Integer(i) if i.radix() == 10 => i.as_str().to_owned(),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(n) => n.to_string(),
            Err(_) => i.to_string(),
        },
        other => {
            let message =
                format!("a value of `{name}` must be a text or a number, not {}", kind(other));
            return Err(source.mistake(&value.span(), message));
        }
    };
    if text.contains('\0') {
        return Err(source.mistake(&value.span(), format!("a value of `{name}` has a NUL in it")));
    }
    Ok(text.into())
}

fn glob_of(
    source: Source<'_>,
    value: &Spanned<DeValue<'_>>,
    folder: &Path,
) -> Result<Vec<Box<str>>, Mistake> {
    let table = Table::new(source, value, "a value of `matrix`", &["glob"])?;
    let pattern = table.need("glob")?;
    let found = glob(source, pattern, folder)?;
    if found.is_empty() {
        let message = format!("no file is like {}", pattern.text()?);
        return Err(source.mistake(&pattern.value.span(), message).help(format!(
            "the pattern counts from the folder of the job file, {}",
            folder.display()
        )));
    }
    Ok(found)
}

/// The files that a pattern stands for, sorted: below the folder they are written without it.
pub(super) fn glob(
    source: Source<'_>,
    pattern: Entry<'_>,
    folder: &Path,
) -> Result<Vec<Box<str>>, Mistake> {
    let text = pattern.text()?;
    let span = pattern.value.span();
    let escaped = glob::Pattern::escape(&folder.display().to_string());
    let whole = if text.starts_with('/') { text.to_owned() } else { format!("{escaped}/{text}") };
    let paths = glob::glob(&whole).map_err(|e| {
        source
            .mistake(&span, format!("{text} is no pattern for files: {}", e.msg))
            .help("`*` and `?` stand for any characters of a name, `**` for folders, [ab] for one of them")
    })?;
    let undecodable = |path: &Path| {
        let shown = path.strip_prefix(folder).unwrap_or(path);
        let message = format!("the name of a file is not UTF-8: {}", shown.display());
        source.mistake(&span, message).help("rename it, or use a narrower pattern")
    };
    let mut found: Vec<Box<str>> = Vec::new();
    for path in paths {
        let path: PathBuf =
            path.map_err(|e| source.mistake(&span, format!("a folder cannot be read: {e}")))?;
        let name = path.strip_prefix(folder).unwrap_or(&path).to_str();
        found.push(name.ok_or_else(|| undecodable(&path))?.into());
    }
    if let Some(path) = super::undecodable::first(&whole) {
        return Err(undecodable(&path));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use crate::file::JobFile;

    /// What is said of a matrix over this pattern.
    fn said(folder: &Path, pattern: &str) -> Result<usize, String> {
        let text = format!(
            "[[job]]\nname = 'a'\nargv = ['true']\nmatrix = {{ f = {{ glob = '{pattern}' }} }}"
        );
        let file = JobFile::parse(&folder.join("jobs.toml"), &text);
        let file = file.map_err(|e| format!("{} {:?}", e.message(), e.place().map(|p| p.0)))?;
        Ok(file.expand().map_err(|e| e.to_string())?.len())
    }

    #[test]
    fn names_that_are_no_text_are_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let bad = |name: &[u8]| folder.path().join(OsStr::from_bytes(name));
        fs::create_dir(bad(b"d\xff")).unwrap();
        fs::create_dir(bad(b"sub")).unwrap();
        for name in [&b"a.csv"[..], b"b\xff.csv", b"d\xff/x.txt", b"sub/c\xfe.csv", b"sub/c.csv"] {
            fs::write(bad(name), "").unwrap();
        }
        let no = |name: &str| Err(format!("the name of a file is not UTF-8: {name} Some(4)"));
        for (pattern, want) in [
            ("*.csv", no("b\u{fffd}.csv")),
            ("?\u{fffd}.csv", no("b\u{fffd}.csv")),
            ("a*.csv", Ok(1)),
            ("sub/*", no("sub/c\u{fffd}.csv")),
            ("*/x.txt", no("d\u{fffd}/x.txt")),
            ("**/c?.csv", no("sub/c\u{fffd}.csv")),
            ("**/c.csv", Ok(1)),
        ] {
            assert_eq!(said(folder.path(), pattern), want, "{pattern}");
        }
    }
}
