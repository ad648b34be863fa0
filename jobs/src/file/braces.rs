//! Braces in the texts of a job file: `{name}` and what stands for it.
//! It does not know which names there are, or what their values are.
//!
//! Only a name between single braces is one of ours: letters, digits, `_` and `-`, after a letter or
//! `_`, in parts joined by dots. `{{`, `${`, and braces around anything else (`{print $1}`, `{a,b}`,
//! `{1..3}`, `{}`) stay as they are, so that awk, the shell and JSON need no escapes.

/// A piece of a text: as it is, or a name between braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text.
    Literal(&'a str),
    /// A name, without its braces.
    Name(&'a str),
}

impl Token<'_> {
    /// How many bytes it is written as.
    pub(crate) fn len(&self) -> usize {
        match self {
            Token::Literal(text) => text.len(),
            Token::Name(name) => name.len() + 2,
        }
    }
}

/// Splits a text into its pieces.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['{', '$']) {
        let open = at + found;
        let rest = &text[open..];
        if rest.starts_with("{{") || rest.starts_with("${") {
            at = open + 2;
        } else if let Some(name) = name_between(rest) {
            if open > from {
                tokens.push(Token::Literal(&text[from..open]));
            }
            tokens.push(Token::Name(name));
            at = open + name.len() + 2;
            from = at;
        } else {
            at = open + 1;
        }
    }
    if from < text.len() {
        tokens.push(Token::Literal(&text[from..]));
    }
    tokens
}

/// The name in the braces that `text` begins with.
fn name_between(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let end = inside.find(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)))?;
    let name = &inside[..end];
    (inside[end..].starts_with('}') && name.split('.').all(is_name)).then_some(name)
}

/// Whether `text` can stand between braces, and so be the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// A text whose names are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pieces: Vec<Piece>,
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it is.
    Literal(Box<str>),
    /// What stands for a name.
    Value(Value),
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// The value of this axis of the matrix, or a part of it.
    Axis(usize, Part),
    /// The files that the job reads.
    Inputs,
    /// The files that it makes.
    Outputs,
    /// The files that the jobs make that it needs.
    NeedsOutputs,
    /// How many slots it has.
    Cores,
    /// Which attempt it is, from 1.
    Attempt,
}

/// Which part of a value, read as a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it: `{f}`, `data/a.csv.gz`.
    Whole,
    /// The folder: `{f.dir}`, `data`; `.` where there is none.
    Dir,
    /// Without the folder: `{f.name}`, `a.csv.gz`.
    Name,
    /// Without the folder and the last extension: `{f.stem}`, `a.csv`.
    Stem,
    /// The last extension: `{f.ext}`, `gz`.
    Ext,
}

impl Part {
    /// The names of parts, in the order of the documentation.
    pub(crate) const NAMES: [&'static str; 4] = ["dir", "name", "stem", "ext"];

    /// The part with this name.
    pub(crate) fn named(name: &str) -> Option<Part> {
        Some(match name {
            "dir" => Part::Dir,
            "name" => Part::Name,
            "stem" => Part::Stem,
            "ext" => Part::Ext,
            _ => return None,
        })
    }

    /// This part of `value`.
    pub(crate) fn of(self, value: &str) -> &str {
        let (dir, name) = match value.rfind('/') {
            Some(0) => ("/", &value[1..]),
            Some(at) => (&value[..at], &value[at + 1..]),
            None => (".", value),
        };
        // A dot at the beginning is no extension: `.bashrc`.
        let dot = name.rfind('.').filter(|&at| at > 0);
        match self {
            Part::Whole => value,
            Part::Dir => dir,
            Part::Name => name,
            Part::Stem => dot.map_or(name, |at| &name[..at]),
            Part::Ext => dot.map_or("", |at| &name[at + 1..]),
        }
    }
}

/// Who knows what names stand for.
pub(crate) trait Values {
    /// Calls `each` with the words that stand for `value`: one, or for lists any number.
    fn words(&self, value: Value, each: &mut dyn FnMut(&str));
}

impl Text {
    /// A text of these pieces.
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        Text { pieces }
    }

    /// A text that is what it is.
    pub(crate) fn literal(text: &str) -> Self {
        Text { pieces: vec![Piece::Literal(text.into())] }
    }

    /// The values in it.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value> + '_ {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Literal(_) => None,
            Piece::Value(value) => Some(*value),
        })
    }

    /// The axes that it depends on, in order and each once.
    pub(crate) fn axes(&self) -> Vec<usize> {
        let axis = |value| match value {
            Value::Axis(axis, _) => Some(axis),
            _ => None,
        };
        let mut axes: Vec<usize> = self.values().filter_map(axis).collect();
        axes.sort_unstable();
        axes.dedup();
        axes
    }

    /// The text with its values, unquoted; words of a list are separated by spaces.
    pub(crate) fn plain(&self, values: &dyn Values) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value(value) => {
                    let mut first = true;
                    values.words(*value, &mut |word| {
                        if !std::mem::take(&mut first) {
                            out.push(' ');
                        }
                        out.push_str(word);
                    });
                }
            }
        }
        out
    }

    /// The list that this text is and nothing else, which becomes one argument a word.
    pub(crate) fn as_list(&self) -> Option<Value> {
        match self.pieces.as_slice() {
            [Piece::Value(list @ (Value::Inputs | Value::Outputs | Value::NeedsOutputs))] => {
                Some(*list)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |t: &Token<'_>| match t {
            Token::Literal(text) => (*text).to_owned(),
            Token::Name(name) => format!("<{name}>"),
        };
        tokens(text).iter().map(show).collect()
    }

    #[test]
    fn only_names_in_single_braces_are_names() {
        for (text, want) in [
            ("a {x} b", "a <x> b"),
            ("{x}{y-1}{_z}", "<x><y-1><_z>"),
            ("{needs.outputs}", "<needs.outputs>"),
            ("{{x}} ${x} ${x:-{y}}", "{{x}} ${x} ${x:-<y>}"),
            ("{{{x}}}", "{{<x>}}"),
            ("awk '{print $1}' {}", "awk '{print $1}' {}"),
            ("{a,b} {1..3} {1} {a..c} { x } {x", "{a,b} {1..3} {1} {a..c} { x } {x"),
            ("$${x} $x {-x} {x.} {.x}", "$${x} $x {-x} {x.} {.x}"),
            ("{\"k\": {v}}", "{\"k\": <v>}"),
            ("{größe}é{", "<größe>é{"),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn nothing_is_lost_between_the_pieces() {
        let alphabet = ["{", "}", "$", "x", ".", "-", "é", " ", "1"];
        for mut n in 0..60_000usize {
            let mut text = String::new();
            while n > 0 {
                text.push_str(alphabet[n % 9]);
                n /= 9;
            }
            let back: String = tokens(&text)
                .iter()
                .map(|t| match t {
                    Token::Literal(text) => (*text).to_owned(),
                    Token::Name(name) => format!("{{{name}}}"),
                })
                .collect();
            assert_eq!(back, text);
        }
    }

    #[test]
    fn parts_of_paths() {
        for (path, parts) in [
            ("data/a.csv.gz", ["data", "a.csv.gz", "a.csv", "gz"]),
            ("a", [".", "a", "a", ""]),
            ("/a.b", ["/", "a.b", "a", "b"]),
            ("x/.bashrc", ["x", ".bashrc", ".bashrc", ""]),
            ("a.d/b", ["a.d", "b", "b", ""]),
        ] {
            let got = Part::NAMES.map(|n| Part::named(n).unwrap().of(path));
            assert_eq!(got, parts, "{path}");
        }
    }
}
