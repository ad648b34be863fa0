//! Function names and paths as people read them.
//! It knows how Rust writes them, and nothing of where they come from.

/// The longest name that is kept whole, in characters.
const LONGEST: usize = 240;

/// A demangled name without the arguments of generic functions, and not too long.
///
/// What stands in `::<..>` says which copy of a function it is, and can be pages long: copies of one
/// function are one function here. What a name begins with, as `<Vec<T> as Clone>::clone`, stays.
pub(crate) fn legible(name: &str) -> String {
    let mut out = String::with_capacity(name.len().min(4 * LONGEST));
    let mut rest = name;
    while let Some(at) = rest.find("::<") {
        // `::<impl Trait for Type>` says whose function it is.
        let end = Some(&rest[at + 2..]).filter(|r| !r.starts_with("<impl ")).and_then(closing);
        match end {
            Some(end) => {
                out.push_str(&rest[..at]);
                rest = &rest[at + 2 + end..];
            }
            None => {
                out.push_str(&rest[..at + 3]);
                rest = &rest[at + 3..];
            }
        }
    }
    out.push_str(rest);
    shorten(out)
}

/// The length of the brackets that `text` begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut before = ' ';
    for (i, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            // The arrow of a function type closes nothing.
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(i + c.len_utf8());
        }
        before = c;
    }
    None
}

/// Leaves the middle out of what is too long: both ends say most.
fn shorten(name: String) -> String {
    let count = name.chars().count();
    if count <= LONGEST {
        return name;
    }
    let half = (LONGEST - 1) / 2;
    let head: String = name.chars().take(half).collect();
    let tail: String = name.chars().skip(count - half).collect();
    format!("{head}…{tail}")
}

/// A path as it stands in a trace: that of the standard library without the compiler's version.
pub(crate) fn path(path: &str) -> String {
    let inside = path.strip_prefix("/rustc/").and_then(|rest| rest.split_once('/'));
    inside.map_or(path, |(_version, rest)| rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_without_arguments() {
        let names = [
            ("work::sum", "work::sum"),
            ("core::iter::fold::<u64, fn(u8) -> u64>", "core::iter::fold"),
            ("a::map::<b<c::<d>>>::{closure#0}::<e>", "a::map::{closure#0}"),
            ("<a::B<C> as d::E>::f::<g>", "<a::B<C> as d::E>::f"),
            ("a::<impl b::C for d>::e", "a::<impl b::C for d>::e"),
            ("broken::<name", "broken::<name"),
            ("operator<<", "operator<<"),
            ("", ""),
        ];
        for (long, short) in names {
            assert_eq!(legible(long), short);
        }
    }

    #[test]
    fn names_have_an_end() {
        let name = legible(&format!("é{}z", "x".repeat(10_000)));
        assert_eq!(name.chars().count(), LONGEST - 1);
        assert!(name.starts_with('é') && name.ends_with('z') && name.contains('…'));
    }

    #[test]
    fn paths_of_the_standard_library_are_short() {
        assert_eq!(path("/rustc/5980/library/core/src/ops.rs"), "library/core/src/ops.rs");
        assert_eq!(path("src/main.rs"), "src/main.rs");
    }
}
