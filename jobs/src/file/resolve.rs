//! Names in braces, looked up: what each stands for, and whether it is known at its place.
//! It does not know the values.

use std::ops::Range;

use super::braces::{Part, Piece, Text, Token, Value, tokens};
use super::matrix::Axis;
use super::names::suggest;
use super::script::{Maker, Script};
use super::source::{Mistake, Source};
use crate::template::Quotes;
use crate::template::quote::is_operand;

/// Where a text stands, and so which names are known in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// What files there are must be known before anything runs.
    Files,
    /// What is made up when a job starts.
    Start,
}

/// What stands for itself wherever a job starts.
const BUILT_IN: [(&str, Value); 5] = [
    ("inputs", Value::Inputs),
    ("outputs", Value::Outputs),
    ("needs.outputs", Value::NeedsOutputs),
    ("cores", Value::Cores),
    ("attempt", Value::Attempt),
];

/// Looks up the names of one entry of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver<'a> {
    pub(super) source: Source<'a>,
    /// The name of the job, for messages.
    pub(super) job: &'a str,
    /// Its axes.
    pub(super) axes: &'a [Axis],
    /// Its lists of files.
    pub(super) lists: Lists,
}

/// What to write where a name cannot stand, for this reason.
fn instead(name: &str, why: &str) -> String {
    let variable = format!("put it into a variable in a line before, `v={{{name}}}`, and write");
    match () {
        // A variable would be no better: some shells run commands that are in its value.
        () if why.contains("((") => {
            "compute in `$((...))`, where values are checked, or compare with `[ ... ]`".to_owned()
        }
        () if why.contains("here-document") => {
            format!("{variable} $v here, where the word behind `<<` has no quotes")
        }
        () => format!("{variable} \"$v\" in its place"),
    }
}

/// What to do about what cannot be computed with.
const NUMBERS: &str = "only numbers, and names of variables of the shell, can stand there";

/// Why a list of files of a job has none, and what to do about it; unset where it has some.
pub(super) type Empty = Option<(&'static str, &'static str)>;

/// Which lists of files of a job are empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lists {
    pub(super) inputs: Empty,
    pub(super) outputs: Empty,
    pub(super) needs: Empty,
}

impl Lists {
    fn empty(&self, value: Value) -> Empty {
        match value {
            Value::Inputs => self.inputs,
            Value::Outputs => self.outputs,
            Value::NeedsOutputs => self.needs,
            Value::Axis(..) | Value::Cores | Value::Attempt => None,
        }
    }
}

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
struct Written<'a> {
    text: &'a str,
    span: &'a Range<usize>,
    key: &'a str,
    place: Place,
}

impl Resolver<'_> {
    /// The text with its names looked up; it stands at `span`, for the key `key`.
    pub(super) fn text(
        &self,
        text: &str,
        span: &Range<usize>,
        key: &str,
        place: Place,
    ) -> Result<Text, Mistake> {
        let written = Written { text, span, key, place };
        let mut pieces = Vec::new();
        let mut at = 0;
        for token in tokens(text) {
            pieces.push(match token {
                Token::Literal(text) => Piece::Literal(text.into()),
                Token::Name(name) => Piece::Value(self.named(name, &written, at)?),
            });
            at += token.len();
        }
        Ok(Text::new(pieces))
    }

    /// The script for a shell with its names looked up; it stands at `span`.
    pub(super) fn script(
        &self,
        text: &str,
        span: &Range<usize>,
        shell: &[String],
    ) -> Result<Script, Mistake> {
        let written = Written { text, span, key: "shell", place: Place::Start };
        let mut maker = Maker::new(shell);
        let mut at = 0;
        for token in tokens(text) {
            match token {
                Token::Literal(text) => maker.literal(text),
                Token::Name(name) => {
                    let value = self.named(name, &written, at)?;
                    let quotes = maker.value(value).map_err(|why| {
                        let message = format!("`{{{name}}}` cannot be put in safely: {why}");
                        self.mistake(name, &written, at, message).help(instead(name, why))
                    })?;
                    if quotes == Quotes::Arithmetic
                        && let Some(why) = self.no_number(value)
                    {
                        let message =
                            format!("`{{{name}}}` stands in arithmetic of the shell, {why}");
                        return Err(self.mistake(name, &written, at, message).help(NUMBERS));
                    }
                }
            }
            at += token.len();
        }
        Ok(maker.end())
    }

    /// Why a value cannot stand in arithmetic; `None` where it can.
    fn no_number(&self, value: Value) -> Option<String> {
        match value {
            Value::Cores | Value::Attempt => None,
            Value::Inputs | Value::Outputs | Value::NeedsOutputs => {
                Some("and is a list of files".to_owned())
            }
            Value::Axis(axis, part) => {
                let mut values = self.axes[axis].values.iter().map(|v| part.of(v));
                let other = values.find(|v| !is_operand(v.as_bytes()))?;
                Some(format!("and `{other}` is no number"))
            }
        }
    }

    /// What a name at the byte `at` of a text stands for.
    fn named(&self, name: &str, written: &Written<'_>, at: usize) -> Result<Value, Mistake> {
        let value = self.value(name, written.place).map_err(|wrong| {
            let span = self.span(name, written, at);
            self.explain(&wrong, name, &span, (written.key, written.place))
        })?;
        // Of a command: what it means by a list without files is something else, as standard input.
        let is_command = matches!(written.key, "argv" | "shell");
        if let Some((why, help)) = self.lists.empty(value).filter(|_| is_command) {
            let message = format!("`{{{name}}}` of the job `{}` is empty: {why}", self.job);
            return Err(self.mistake(name, written, at, message).help(help));
        }
        Ok(value)
    }

    fn mistake(&self, name: &str, written: &Written<'_>, at: usize, message: String) -> Mistake {
        self.source.mistake(&self.span(name, written, at), message)
    }

    fn span(&self, name: &str, written: &Written<'_>, at: usize) -> Range<usize> {
        self.source.within(written.span, (written.text, &format!("{{{name}}}")), at)
    }

    fn value(&self, name: &str, place: Place) -> Result<Value, Wrong> {
        if let Some(&(_, value)) = BUILT_IN.iter().find(|(n, _)| *n == name) {
            return if place == Place::Start { Ok(value) } else { Err(Wrong::Place) };
        }
        let axis = |name: &str| self.axes.iter().position(|a| a.name == name);
        if let Some(axis) = axis(name) {
            return Ok(Value::Axis(axis, Part::Whole));
        }
        let Some((head, part)) = name.split_once('.') else { return Err(Wrong::Unknown) };
        let Some(axis) = axis(head) else { return Err(Wrong::Unknown) };
        Part::named(part).map(|part| Value::Axis(axis, part)).ok_or(Wrong::Part)
    }

    fn explain(
        &self,
        wrong: &Wrong,
        name: &str,
        span: &Range<usize>,
        (key, place): (&str, Place),
    ) -> Mistake {
        let mistake = |message: String| self.source.mistake(span, message);
        let known = self.known(place);
        let help = |names: &[&str], name| suggest(name, names.iter().copied());
        let (mistake, help) = match wrong {
            Wrong::Place => (
                mistake(format!("`{{{name}}}` is not known in `{key}` of the job `{}`", self.job)),
                Some(
                    "files must be known before the job starts: use variables of the matrix".into(),
                ),
            ),
            Wrong::Part => {
                let (head, part) = name.split_once('.').unwrap_or((name, ""));
                let message = format!("`{{{head}}}` has no part `{part}`");
                (mistake(message), help(&Part::NAMES, part))
            }
            Wrong::Unknown => {
                let message = format!("the job `{}` has no variable `{name}`", self.job);
                let stays = "braces with spaces in them stay as they are: `{ print }`";
                let help = help(&known, name).map(|h| format!("{h} ({stays})"));
                (mistake(message), help)
            }
        };
        match help {
            Some(help) => mistake.help(help),
            None => mistake,
        }
    }

    fn known(&self, place: Place) -> Vec<&str> {
        let axes = self.axes.iter().map(|a| a.name.as_str());
        let built_in = BUILT_IN.iter().map(|(n, _)| *n).filter(|_| place == Place::Start);
        axes.chain(built_in).collect()
    }
}

/// Why a name stands for nothing.
enum Wrong {
    Unknown,
    Place,
    Part,
}
