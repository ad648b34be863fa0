//! The name of a function, for the keys of its tasks.
//! It does not know which tasks there are.

/// The name of the function `F`, or `otherwise` for a closure or a function pointer.
pub(crate) fn of<F>(otherwise: &'static str) -> &'static str {
    last_segment(std::any::type_name::<F>()).unwrap_or(otherwise)
}

/// The identifier at the end of a path: `max` of `<i64 as core::cmp::Ord>::max`, `first` of
/// `app::first<u8>`.
fn last_segment(path: &'static str) -> Option<&'static str> {
    let path = match path.strip_suffix('>') {
        Some(inner) => without_arguments(inner)?,
        None => path,
    };
    let name = path.rsplit("::").next()?;
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(letter)).then_some(name)
}

/// What stands before the `<` that belongs to the `>` at the end, which has been cut off.
fn without_arguments(path: &'static str) -> Option<&'static str> {
    let mut depth = 1;
    let mut after = ' ';
    for (i, c) in path.char_indices().rev() {
        match c {
            '<' => depth -= 1,
            '>' => depth += 1,
            // The arrow of a function type has no opening bracket.
            '-' if after == '>' => depth -= 1,
            _ => {}
        }
        after = c;
        if depth == 0 && c == '<' {
            return Some(path[..i].trim_end_matches("::"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_last_name() {
        assert_eq!(last_segment("core::cmp::Ord::max"), Some("max"));
        assert_eq!(last_segment("<i64 as core::cmp::Ord>::max"), Some("max"));
        assert_eq!(last_segment("app::first<alloc::vec::Vec<u8>>"), Some("first"));
        assert_eq!(last_segment("app::twice<fn(u8) -> u8>"), Some("twice"));
        assert_eq!(last_segment("inc"), Some("inc"));
    }

    #[test]
    fn closures_have_none() {
        assert_eq!(last_segment("app::main::{{closure}}"), None);
        assert_eq!(last_segment("fn(i64) -> i64"), None);
        assert_eq!(last_segment("fn(i64) -> alloc::vec::Vec<i64>"), None);
    }
}
