//! `random.zarr`: a long array of exponentially distributed numbers.
//! It does not know where the folder will be.

use std::io;
use std::path::Path;

use serde_json::json;

use crate::recipe::{Recipe, Subject};
use crate::zarr::Layout;

/// Numbers a chunk: 4 MB.
const CHUNK: u64 = 1_000_000;

fn layout(recipe: Recipe) -> Layout<1> {
    Layout { shape: [recipe.sizes().numbers], chunks: [CHUNK] }
}

/// How many pieces the array is written in: its chunks.
pub(crate) fn pieces(recipe: Recipe) -> u32 {
    layout(recipe).grid()[0] as u32
}

/// Writes one chunk.
pub(crate) fn write(recipe: Recipe, piece: u32, folder: &Path) -> io::Result<()> {
    let mut random = recipe.random(Subject::Numbers, piece);
    let chunk: Vec<f32> = (0..CHUNK).map(|_| random.exponential(1.0) as f32).collect();
    Layout::write(folder, [u64::from(piece)], &chunk)
}

/// Writes what is said of the array.
pub(crate) fn describe(recipe: Recipe, folder: &Path) -> io::Result<()> {
    layout(recipe).describe(folder, &json!({}))
}
