//! Names of tasks to group and position, and whether they say it all.
//! It knows the writings of tine and of Dask, and no file format.

/// Group and position that a name says: `sum(3, 4)`, or Dask's `('sum', 3, 4)`. Any other name is
/// a group of its own.
pub(super) fn parse(name: &str) -> (String, Vec<u32>) {
    dask(name).or_else(|| call(name)).unwrap_or_else(|| (name.to_owned(), Vec::new()))
}

fn call(name: &str) -> Option<(String, Vec<u32>)> {
    let (group, rest) = name.strip_suffix(')')?.rsplit_once('(')?;
    let position = numbers(rest)?;
    (!group.is_empty()).then(|| (group.to_owned(), position))
}

fn dask(name: &str) -> Option<(String, Vec<u32>)> {
    let inner = name.strip_prefix("('").and_then(|n| n.strip_suffix(')'))?;
    let (group, rest) = inner.split_once("',")?;
    Some((group.to_owned(), numbers(rest.trim().trim_end_matches(','))?))
}

fn numbers(list: &str) -> Option<Vec<u32>> {
    list.split(',').map(|n| n.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let owned = |g: &str, p: &[u32]| (g.to_owned(), p.to_vec());
        assert_eq!(parse("sum-3f2a(3, 4)"), owned("sum-3f2a", &[3, 4]));
        assert_eq!(parse("('sum-3f2a', 3, 4)"), owned("sum-3f2a", &[3, 4]));
        for odd in ["f()", "(3)", "f(x)", "f(3", "f(99999999999)", "('x', y)", ""] {
            assert_eq!(parse(odd), owned(odd, &[]));
        }
    }
}
