//! What was typed of `tine prep`.
//! No file is looked at and nothing is decided here: see `high`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Files to learn and to measure with: accounts, flights, text, arrays
///
/// Writes artificial data on forked worker processes, a file a task. The same scale and
/// seed give the same bytes. A file appears under its name when it is whole; files that
/// are there already are kept. prep.json in the folder says what they were made by.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, verbatim_doc_comment)]
pub(crate) struct Prep {
    /// Folder of the files; made where there is none
    #[arg(value_name = "DIR", default_value = "tine-data")]
    pub(crate) folder: PathBuf,

    /// How much: small is some 35 MB, full some 2 GB
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scale: Scale,

    /// Some of the data only; may be given more than once [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME")]
    pub(crate) only: Vec<Name>,

    /// Where random numbers start [default: 42]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Write files anew that are there already, those of another scale or seed too
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Worker processes [default: the cores that this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Print one JSON object instead of the table, and no progress
    #[arg(long)]
    pub(crate) json: bool,
}

/// How much data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scale {
    /// For lessons and tests
    #[default]
    Small,
    /// For measuring
    Full,
}

/// Data that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// accounts.*.csv: id, names, amount; account_table.csv
    Accounts,
    /// accounts.*.json.gz: an account a line, with its transactions
    Json,
    /// nycflights/*.csv: ten years of flights, 23 columns
    Flights,
    /// random.zarr: a long array of exponentially distributed numbers
    Random,
    /// weather.zarr: temperatures of the world, a field a day
    Weather,
    /// text.*.txt: lines of twelve words
    Text,
}

const EXAMPLES: &str = "\
Examples:
  tine prep                           all data of the lessons, in tine-data/
  tine prep data --scale full         enough to measure with
  tine prep data --only json,text
  tine prep --json | jq .bytes

Exit codes: 0 done, 1 failed (a file that cannot be written, other data in the folder), 2 the
command line is wrong, 130 interrupted by Ctrl-C.";
