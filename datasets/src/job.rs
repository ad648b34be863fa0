//! What there is to do in a folder, as tasks: what is whole is kept, the rest is written.
//! It does not know how the tasks are run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tine_collection::compute;
use tine_delayed::{Delayed, try_call};

use crate::dataset::Dataset;
use crate::draft;
use crate::error::Error;
use crate::manifest::{Made, Manifest};
use crate::recipe::Recipe;
use crate::target::{Form, Target, size};

/// Bytes written at a time: large enough for the disk, small beside a worker's memory.
const BLOCK: usize = 1 << 20;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Order {
    /// The folder; made where there is none.
    pub folder: PathBuf,
    /// Size and seed.
    pub recipe: Recipe,
    /// Which data sets.
    pub datasets: Vec<Dataset>,
    /// Whether files that are there are written anew.
    pub overwrite: bool,
}

/// What there is to do.
#[derive(Debug)]
#[must_use = "nothing is written before the tasks are computed"]
pub struct Job {
    order: Order,
    manifest: Manifest,
    writing: Vec<(Dataset, Target)>,
    rows: Vec<Row>,
    /// The process that made it: a forked worker that drops its copy must not remove drafts.
    maker: u32,
}

/// What is done about one data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub dataset: Dataset,
    /// Files and arrays that were there, and are kept.
    pub kept: usize,
    /// Of these, how many are of unknown origin.
    pub foreign: usize,
    /// Files and arrays that are written.
    pub written: usize,
    /// Bytes of all of them; of those that are not yet written, 0.
    pub bytes: u64,
}

/// Has the data sets written into `folder` by the scheduler in force, as far as they are not there.
///
/// # Errors
/// Those of [`Job::plan`] and [`Job::finish`], and that of the run.
pub fn ensure(folder: &Path, recipe: Recipe, datasets: &[Dataset]) -> Result<(), Error> {
    let (folder, datasets) = (folder.to_owned(), datasets.to_vec());
    let job = Job::plan(Order { folder, recipe, datasets, overwrite: false })?;
    let tasks = job.tasks();
    if !tasks.is_empty() {
        let sizes = compute(&tasks)?;
        job.finish(&sizes)?;
    }
    Ok(())
}

impl Job {
    /// Looks at what is there, and notes in the folder what is to come.
    ///
    /// # Errors
    /// A folder that cannot be made or read, and data of the same names by another recipe, unless
    /// they are to be overwritten.
    pub fn plan(order: Order) -> Result<Self, Error> {
        let folder = &order.folder;
        fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
        let manifest = Manifest::read(folder)?;
        let before = manifest.clone();
        let maker = std::process::id();
        let mut job = Job { order, manifest, writing: Vec::new(), rows: Vec::new(), maker };
        let mut datasets = job.order.datasets.clone();
        datasets.sort();
        datasets.dedup();
        for dataset in datasets {
            job.look(dataset)?;
        }
        job.make_folders()?;
        // Where all is there, a folder that cannot be written to will do.
        if job.manifest != before {
            job.manifest.write(&job.order.folder)?;
        }
        Ok(job)
    }

    /// One task a file: its value is how many bytes it has.
    #[must_use]
    pub fn tasks(&self) -> Vec<Delayed<u64>> {
        self.writing.iter().map(|(dataset, target)| self.task(*dataset, target)).collect()
    }

    /// What is done about each data set.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Notes how large the files became, given the values of the [`tasks`](Self::tasks), and returns
    /// what was done about each data set.
    ///
    /// # Errors
    /// Notes that cannot be written.
    pub fn finish(mut self, sizes: &[u64]) -> Result<Vec<Row>, Error> {
        for ((dataset, target), &bytes) in self.writing.iter().zip(sizes) {
            if let Some(row) = self.rows.iter_mut().find(|r| r.dataset == *dataset) {
                row.bytes += bytes;
            }
            if let Some(made) = self.manifest.datasets.get_mut(dataset) {
                made.files.insert(target.path.clone(), bytes);
            }
        }
        self.manifest.write(&self.order.folder)?;
        Ok(std::mem::take(&mut self.rows))
    }

    /// Decides about one data set.
    fn look(&mut self, dataset: Dataset) -> Result<(), Error> {
        let Order { folder, recipe, overwrite, .. } = &self.order;
        let (recipe, overwrite) = (*recipe, *overwrite);
        let before = self.manifest.datasets.get(&dataset).cloned();
        if let Some(made) = &before
            && made.recipe != recipe
        {
            if !overwrite {
                let (folder, found) = (folder.clone(), made.recipe);
                return Err(Error::Other { folder, dataset, found, wanted: recipe });
            }
            // A pattern such as `accounts.*.json.gz` must not find some of both.
            remove_others(folder, dataset, made.recipe, recipe)?;
        }
        let mut row = Row { dataset, kept: 0, foreign: 0, written: 0, bytes: 0 };
        let mut files = BTreeMap::new();
        for target in dataset.targets(recipe) {
            let path = folder.join(&target.path);
            draft::sweep(&path);
            let there = size(&path).map_err(Error::io("read", &path))?.filter(|_| !overwrite);
            let noted = before.as_ref().and_then(|made| made.files.get(&target.path)).copied();
            match there.filter(|&bytes| noted.is_none_or(|n| n == bytes)) {
                Some(bytes) => {
                    row.kept += 1;
                    row.foreign += usize::from(before.is_none());
                    row.bytes += bytes;
                    files.extend(noted.map(|n| (target.path, n)));
                }
                None => {
                    row.written += 1;
                    self.writing.push((dataset, target));
                }
            }
        }
        // Of files whose origin nobody knows, nothing is noted.
        if row.foreign == 0 {
            self.manifest.datasets.insert(dataset, Made { recipe, files });
        }
        self.rows.push(row);
        Ok(())
    }

    /// Makes the folders that files are in, and those that arrays are while they are written.
    fn make_folders(&self) -> Result<(), Error> {
        for (_, target) in &self.writing {
            let path = self.order.folder.join(&target.path);
            let folder = match target.form {
                Form::File => path.parent().unwrap_or(&path).to_owned(),
                Form::Array { .. } => draft::part(&path, self.maker),
            };
            fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
        }
        Ok(())
    }

    #[track_caller]
    fn task(&self, dataset: Dataset, target: &Target) -> Delayed<u64> {
        let recipe = self.order.recipe;
        let path = self.order.folder.join(&target.path);
        let place = Place { part: draft::part(&path, self.maker), path };
        match target.form {
            Form::File => {
                let all = dataset.targets(recipe);
                let index = all.iter().position(|t| t == target).expect("made by `targets`");
                try_call(write_file, (place, dataset, recipe, index as u32))
            }
            Form::Array { pieces } => {
                let piece = |i| try_call(write_piece, (place.clone(), dataset, recipe, i));
                let pieces: Vec<Delayed<()>> = (0..pieces).map(piece).collect();
                try_call(finish_array, (place, dataset, recipe, pieces))
            }
        }
    }
}

impl Drop for Job {
    /// Removes the drafts of a run that failed or was interrupted.
    fn drop(&mut self) {
        if self.maker == std::process::id() {
            for (_, target) in &self.writing {
                drop(draft::remove(&draft::part(
                    &self.order.folder.join(&target.path),
                    self.maker,
                )));
            }
        }
    }
}

/// Removes what one recipe has and the other has not.
fn remove_others(folder: &Path, dataset: Dataset, old: Recipe, new: Recipe) -> Result<(), Error> {
    let new = dataset.targets(new);
    for target in dataset.targets(old) {
        let path = folder.join(&target.path);
        if !new.iter().any(|t| t.path == target.path) && path.exists() {
            draft::remove(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Where something will be, and where it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    path: PathBuf,
    part: PathBuf,
}

impl Place {
    /// Gives the draft its name. A worker may have died right after it did: then the name is there,
    /// and the draft is not.
    fn publish(&self) -> Result<u64, Error> {
        if self.part.is_dir() && self.path.exists() {
            draft::remove(&self.path).map_err(Error::io("replace", &self.path))?;
        }
        match fs::rename(&self.part, &self.path) {
            Err(_) if !self.part.exists() && self.path.exists() => {}
            renamed => renamed.map_err(Error::io("write", &self.path))?,
        }
        Ok(size(&self.path).map_err(Error::io("read", &self.path))?.unwrap_or(0))
    }
}

fn write_file(place: Place, dataset: Dataset, recipe: Recipe, index: u32) -> Result<u64, Error> {
    let write = || {
        let mut out = BufWriter::with_capacity(BLOCK, File::create(&place.part)?);
        dataset.write(recipe, index, &mut out)?;
        out.flush()
    };
    write().map_err(Error::io("write", &place.path))?;
    place.publish()
}

fn write_piece(place: Place, dataset: Dataset, recipe: Recipe, piece: u32) -> Result<(), Error> {
    dataset.write_piece(recipe, piece, &place.part).map_err(Error::io("write", &place.path))
}

fn finish_array(
    place: Place,
    dataset: Dataset,
    recipe: Recipe,
    _pieces: Vec<()>,
) -> Result<u64, Error> {
    // Run again after the death of its worker, it may find the array in its place.
    if place.part.exists() {
        dataset.describe(recipe, &place.part).map_err(Error::io("write", &place.path))?;
    }
    place.publish()
}
