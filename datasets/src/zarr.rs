//! Arrays of 32-bit floats in Zarr's second format: a folder with a description and uncompressed chunks.
//! It does not know what the numbers are.
//!
//! By hand, not by a library: what is written here is one JSON file and plain bytes, and a chunk is
//! made by a task that knows nothing of the others. The second format, because all that read Zarr
//! read it.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

/// Shape and chunks of an array of N dimensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<const N: usize> {
    pub(crate) shape: [u64; N],
    pub(crate) chunks: [u64; N],
}

impl<const N: usize> Layout<N> {
    /// How many chunks there are along each dimension.
    pub(crate) fn grid(&self) -> [u64; N] {
        std::array::from_fn(|i| self.shape[i].div_ceil(self.chunks[i]))
    }

    /// Numbers in a chunk. All chunks are of one size: those at the far borders are filled up.
    pub(crate) fn chunk_len(&self) -> usize {
        self.chunks.iter().product::<u64>() as usize
    }

    /// Writes what a reader needs to know of the array, with attributes of its own.
    pub(crate) fn describe(&self, folder: &Path, attributes: &Value) -> io::Result<()> {
        let about = json!({
            "zarr_format": 2,
            "shape": self.shape.as_slice(),
            "chunks": self.chunks.as_slice(),
            "dtype": "<f4",
            "fill_value": 0.0,
            "order": "C",
            "filters": null,
            "compressor": null,
            "dimension_separator": ".",
        });
        fs::write(folder.join(".zarray"), format!("{about:#}\n"))?;
        fs::write(folder.join(".zattrs"), format!("{attributes:#}\n"))
    }

    /// Writes the chunk at `place` in the grid; `numbers` are as many as a chunk has.
    pub(crate) fn write(folder: &Path, place: [u64; N], numbers: &[f32]) -> io::Result<()> {
        let name = place.map(|i| i.to_string()).join(".");
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs::write(folder.join(name), bytes)
    }
}
