//! The valid name that somebody may have meant.
//! It does not know what the names are of.

/// The candidate that reads most like `name`, the first of equals; `None` where none is near.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
        // A third of the letters may be wrong, as rustc has it.
        let (a, b) = (name.chars().count(), candidate.chars().count());
        let allowed = a.max(b).max(3) / 3;
        if distance <= allowed && distance < a.min(b) && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// What to say of `name`, which is none of `candidates`.
pub(crate) fn suggest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    /// More names than these are no help.
    const LISTED: usize = 20;
    if let Some(near) = nearest(name, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|c| format!("`{c}`")).collect();
    let (shown, more) = (&all[..all.len().min(LISTED)], all.len().saturating_sub(LISTED));
    match (all.len(), more) {
        (0, _) => None,
        (1, _) => Some(format!("there is only {}", all[0])),
        (_, 0) => Some(format!("there are {}", shown.join(", "))),
        _ => Some(format!("there are {}, and {more} more", shown.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let keys = ["name", "needs", "inputs", "outputs"];
        assert_eq!(nearest("input", keys), Some("inputs"));
        assert_eq!(nearest("ouptuts", keys), Some("outputs"));
        assert_eq!(nearest("NEEDS", keys), Some("needs"));
        assert_eq!(nearest("memory", keys), None);
        assert_eq!(suggest("x", ["seed"]).as_deref(), Some("there is only `seed`"));
        assert_eq!(suggest("x", []), None);
    }
}
