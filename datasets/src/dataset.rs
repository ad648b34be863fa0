//! Which data sets there are, of what each consists, and who writes it.
//! It knows what stands in a file from its name and number alone; where it goes, not at all.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::flights::{YEARS, write_year};
use crate::recipe::Recipe;
use crate::target::{Form, Target};
use crate::{json, numbers, tables, text, weather};

/// Data that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dataset {
    /// `accounts.*.csv`: id, names, amount, a transaction a row; `account_table.csv`: id, names,
    /// wealth.
    Accounts,
    /// `accounts.*.json.gz`: an account a line, with its transactions.
    Json,
    /// `nycflights/1990.csv` to `1999.csv`: 23 columns, some of them empty before 1995.
    Flights,
    /// `random.zarr`: a long array of exponentially distributed numbers.
    Random,
    /// `weather.zarr`: temperatures of the world, a field a day.
    Weather,
    /// `text.*.txt`: lines of twelve words.
    Text,
}

impl Dataset {
    /// All of them.
    pub const ALL: [Dataset; 6] = [
        Dataset::Accounts,
        Dataset::Json,
        Dataset::Flights,
        Dataset::Random,
        Dataset::Weather,
        Dataset::Text,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Dataset::Accounts => "accounts",
            Dataset::Json => "json",
            Dataset::Flights => "flights",
            Dataset::Random => "random",
            Dataset::Weather => "weather",
            Dataset::Text => "text",
        }
    }

    /// What appears in the folder: files, and arrays that are folders.
    pub(crate) fn targets(self, recipe: Recipe) -> Vec<Target> {
        let sizes = recipe.sizes();
        let file = |path| Target { path, form: Form::File };
        match self {
            Dataset::Accounts => {
                let tables = (0..sizes.csv_files).map(|i| format!("accounts.{i}.csv"));
                tables.chain(["account_table.csv".to_owned()]).map(file).collect()
            }
            Dataset::Json => {
                let name = |i| format!("accounts.{i:02}.json.gz");
                (0..sizes.json_files).map(name).map(file).collect()
            }
            Dataset::Flights => {
                YEARS.map(|year| format!("nycflights/{year}.csv")).map(file).collect()
            }
            Dataset::Random => {
                vec![Target::array("random.zarr", numbers::pieces(recipe))]
            }
            Dataset::Weather => {
                vec![Target::array("weather.zarr", weather::pieces(recipe))]
            }
            Dataset::Text => {
                let name = |i| format!("text.{i:02}.txt");
                (0..sizes.text_files).map(name).map(file).collect()
            }
        }
    }

    /// Writes what stands in the file that is target number `index`.
    pub(crate) fn write(self, recipe: Recipe, index: u32, out: &mut impl Write) -> io::Result<()> {
        match self {
            Dataset::Accounts if index == recipe.sizes().csv_files => tables::table(recipe, out),
            Dataset::Accounts => tables::transactions(recipe, index, out),
            Dataset::Json => json::lines(recipe, index, out),
            Dataset::Flights => {
                write_year(YEARS.start() + index, recipe.sizes().flights, recipe.seed, out)
            }
            Dataset::Text => text::words(recipe, index, out),
            Dataset::Random | Dataset::Weather => unreachable!("an array is no file"),
        }
    }

    /// Writes piece number `piece` of the array into its folder.
    pub(crate) fn write_piece(self, recipe: Recipe, piece: u32, folder: &Path) -> io::Result<()> {
        match self {
            Dataset::Random => numbers::write(recipe, piece, folder),
            Dataset::Weather => weather::write(recipe, piece, folder),
            _ => unreachable!("a file has no pieces"),
        }
    }

    /// Writes what is said of the array into its folder.
    pub(crate) fn describe(self, recipe: Recipe, folder: &Path) -> io::Result<()> {
        match self {
            Dataset::Random => numbers::describe(recipe, folder),
            Dataset::Weather => weather::describe(recipe, folder),
            _ => unreachable!("a file says all of itself"),
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
