//! What is meant by `tine prep`.
//! It writes nothing.

use tine_datasets::{Dataset, Order, Recipe, Scale};

use super::{SEED, low, may_animate, may_colour};

/// What `tine prep` is to do.
#[derive(Clone, Debug)]
pub(crate) struct Prep {
    /// What is wanted, and where.
    pub(crate) order: Order,
    /// How many workers; `None` for the default of the scheduler.
    pub(crate) workers: Option<usize>,
    /// One JSON object, nothing else.
    pub(crate) json: bool,
    /// Whether to draw a progress bar.
    pub(crate) progress: bool,
    /// Whether it may have colours.
    pub(crate) colour: bool,
}

impl From<low::Prep> for Prep {
    fn from(typed: low::Prep) -> Self {
        let scale = match typed.scale {
            low::Scale::Small => Scale::Small,
            low::Scale::Full => Scale::Full,
        };
        let only: Vec<Dataset> = typed.only.into_iter().map(dataset).collect();
        let order = Order {
            folder: typed.folder,
            recipe: Recipe { scale, seed: typed.seed.unwrap_or(SEED) },
            datasets: if only.is_empty() { Dataset::ALL.to_vec() } else { only },
            overwrite: typed.overwrite,
        };
        Prep {
            order,
            workers: typed.workers.map(usize::from),
            json: typed.json,
            progress: !typed.json && may_animate(),
            colour: may_colour(),
        }
    }
}

fn dataset(name: low::Name) -> Dataset {
    match name {
        low::Name::Accounts => Dataset::Accounts,
        low::Name::Json => Dataset::Json,
        low::Name::Flights => Dataset::Flights,
        low::Name::Random => Dataset::Random,
        low::Name::Weather => Dataset::Weather,
        low::Name::Text => Dataset::Text,
    }
}
