//! Names in braces, looked up: what each stands for, and whether it is known at its place.
//! It does not know the values.

use std::ops::Range;

use super::braces::{Part, Piece, Text, Token, Value, tokens};
use super::matrix::Axis;
use super::names::suggest;
use super::source::{Mistake, Source};

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
        let mut pieces = Vec::new();
        for token in tokens(text) {
            pieces.push(match token {
                Token::Literal(text) => Piece::Literal(text.into()),
                Token::Name(name) => match self.value(name, place) {
                    Ok(value) => Piece::Value(value),
                    Err(wrong) => {
                        let span = self.source.within(span, &format!("{{{name}}}"));
                        return Err(self.explain(&wrong, name, &span, (key, place)));
                    }
                },
            });
        }
        Ok(Text::new(pieces))
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
