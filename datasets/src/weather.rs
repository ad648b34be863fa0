//! `weather.zarr`: the temperature of the world at two metres above ground, a field a day.
//! It does not know where the folder will be.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::io;
use std::path::Path;

use serde_json::json;

use crate::recipe::{Recipe, Subject};
use crate::zarr::Layout;

/// A chunk has a day, and so many latitudes and longitudes: 1 MB.
const CHUNK: u64 = 500;
/// At the equator, in kelvins; and how much colder the poles are.
const EQUATOR: f64 = 288.0;
const POLES: f64 = 40.0;

fn layout(recipe: Recipe) -> Layout<3> {
    Layout { shape: recipe.sizes().weather, chunks: [1, CHUNK, CHUNK] }
}

/// How many pieces the array is written in: its days.
pub(crate) fn pieces(recipe: Recipe) -> u32 {
    layout(recipe).shape[0] as u32
}

/// Writes the chunks of one day.
pub(crate) fn write(recipe: Recipe, day: u32, folder: &Path) -> io::Result<()> {
    let layout = layout(recipe);
    let [_, rows, columns] = layout.shape;
    let field = Field::new(recipe, day);
    let [_, down, across] = layout.grid();
    for (i, j) in (0..down).flat_map(|i| (0..across).map(move |j| (i, j))) {
        let mut chunk = vec![0.0; layout.chunk_len()];
        for row in i * CHUNK..rows.min((i + 1) * CHUNK) {
            let start = ((row - i * CHUNK) * CHUNK) as usize;
            let columns = j * CHUNK..columns.min((j + 1) * CHUNK);
            for (at, column) in chunk[start..].iter_mut().zip(columns) {
                *at = field.at(row as usize, column as usize) as f32;
            }
        }
        Layout::write(folder, [u64::from(day), i, j], &chunk)?;
    }
    Ok(())
}

/// Writes what is said of the array.
pub(crate) fn describe(recipe: Recipe, folder: &Path) -> io::Result<()> {
    let attributes = json!({
        "_ARRAY_DIMENSIONS": ["time", "latitude", "longitude"],
        "long_name": "2 metre temperature",
        "units": "K",
    });
    layout(recipe).describe(folder, &attributes)
}

/// Colder towards the poles, with waves around the world: each a product of what depends on the
/// latitude alone and what on the longitude alone.
struct Field {
    /// By row: what has no wave in it.
    plain: Vec<f64>,
    /// Of each wave, by row and by column.
    waves: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Field {
    fn new(recipe: Recipe, day: u32) -> Self {
        let [_, rows, columns] = recipe.sizes().weather;
        let latitudes = steps(rows, -1.0, 1.0);
        let longitudes = steps(columns, 0.0, TAU);
        let mut random = recipe.random(Subject::Weather, day);
        let waves = (1..8).map(f64::from).map(|k| {
            let (height, shift) = (random.normal(3.0), random.unit() * TAU);
            let by_row = latitudes.iter().map(|y| height * (k * y * FRAC_PI_2).cos()).collect();
            (by_row, longitudes.iter().map(|x| (k * x + shift).sin()).collect())
        });
        let waves = waves.collect();
        let warmer = random.normal(0.3);
        let plain = latitudes.iter().map(|y| EQUATOR - POLES * y * y + warmer).collect();
        Field { plain, waves }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.waves
            .iter()
            .fold(self.plain[row], |sum, (by_row, by_column)| sum + by_row[row] * by_column[column])
    }
}

/// `n` numbers from `from` to `to`, both included.
fn steps(n: u64, from: f64, to: f64) -> Vec<f64> {
    (0..n).map(|i| from + (to - from) * i as f64 / (n - 1) as f64).collect()
}
