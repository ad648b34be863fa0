//! What a shell must be told: words that stay words, and which shell there is.
//! It starts nothing.

use std::env;
use std::path::Path;

/// Appends `word` so that a shell reads it as one word, and as it is.
///
/// A word of letters, digits and harmless signs stays as it is.
pub(crate) fn quote(word: &str, out: &mut String) {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(harmless) && !word.starts_with('=') {
        out.push_str(word);
        return;
    }
    out.push('\'');
    for (i, part) in word.split('\'').enumerate() {
        if i > 0 {
            out.push_str("'\\''");
        }
        out.push_str(part);
    }
    out.push('\'');
}

/// The command that shell jobs are given to where nothing else is said: bash with `-euo pipefail`
/// where there is bash, otherwise `sh -eu`.
pub(crate) fn default_shell() -> Vec<String> {
    let is_bash = |folder: &Path| folder.join("bash").is_file();
    let found = env::var_os("PATH").is_some_and(|p| env::split_paths(&p).any(|f| is_bash(&f)));
    let words: &[&str] =
        if found { &["bash", "-euo", "pipefail", "-c"] } else { &["sh", "-eu", "-c"] };
    words.iter().map(|&w| w.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        let words =
            ["plain", "a b", "", "it's", "$(rm -rf x)", "a\nb", "=ls", "~", "-n", "ü*", "\\"];
        for word in words {
            let mut line = "printf %s ".to_owned();
            // A word that begins with a dash would be an option of any command.
            quote(&format!("x{word}"), &mut line);
            let out = std::process::Command::new("sh").arg("-c").arg(&line).output().unwrap();
            assert_eq!(String::from_utf8(out.stdout).unwrap(), format!("x{word}"), "{line}");
            let mut alone = String::new();
            quote(word, &mut alone);
            let line = format!("for w in {alone}; do printf '[%s]' \"$w\"; done");
            let out = std::process::Command::new("sh").arg("-c").arg(&line).output().unwrap();
            assert_eq!(String::from_utf8(out.stdout).unwrap(), format!("[{word}]"), "{line}");
        }
    }
}
