//! What decides every byte of the data: a size and a seed.
//! It does not know what the data look like.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// How much data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Some 35 MB: for lessons and tests.
    #[default]
    Small,
    /// Some 2.5 GB: for measuring.
    Full,
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scale::Small => "small",
            Scale::Full => "full",
        })
    }
}

/// Size and seed: the same recipe gives the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// How much.
    pub scale: Scale,
    /// Where random numbers start.
    pub seed: u64,
}

impl Recipe {
    /// What the lessons use.
    pub const SMALL: Recipe = Recipe { scale: Scale::Small, seed: 42 };

    pub(crate) fn sizes(self) -> Sizes {
        match self.scale {
            Scale::Small => Sizes {
                csv_files: 3,
                csv_rows: 20_000,
                json_files: 5,
                json_rows: 5_000,
                flights: 5_000,
                numbers: 4_000_000,
                weather: [5, 288, 576],
                text_files: 2,
                text_words: 200_000,
            },
            Scale::Full => Sizes {
                csv_files: 3,
                csv_rows: 1_000_000,
                json_files: 50,
                json_rows: 100_000,
                flights: 260_000,
                numbers: 200_000_000,
                weather: [31, 1440, 2880],
                text_files: 10,
                text_words: 8_600_000,
            },
        }
    }

    /// The random numbers of one part of one subject: they have nothing in common with any other's.
    pub(crate) fn random(self, subject: Subject, part: u32) -> Random {
        Random::new(self.seed, (subject as u64) << 32 | u64::from(part))
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scale {}, seed {}", self.scale, self.seed)
    }
}

/// What random numbers are for. Flights are not here: their streams are years.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    TableParameters = 1,
    Tables = 2,
    JsonParameters = 3,
    Json = 4,
    Numbers = 5,
    Weather = 6,
    Vocabulary = 7,
    Text = 8,
}

/// How many of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) csv_files: u32,
    /// Rows a file.
    pub(crate) csv_rows: u32,
    pub(crate) json_files: u32,
    /// Transactions a file.
    pub(crate) json_rows: u32,
    /// Flights a year.
    pub(crate) flights: u64,
    /// Numbers of the long array.
    pub(crate) numbers: u64,
    /// Days, latitudes, longitudes.
    pub(crate) weather: [u64; 3],
    pub(crate) text_files: u32,
    /// Words a file.
    pub(crate) text_words: u32,
}
