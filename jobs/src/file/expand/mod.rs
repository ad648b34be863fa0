//! All jobs of a file: how they are numbered, what each is called, reads, makes and waits for.
//! It runs nothing; of a million jobs it keeps no text, only what is made by whom.

mod cycle;
mod label;
mod makers;
mod pairs;
mod values;

use super::braces::Text;
use super::group::Group;
use super::{JobFile, Mistake};
pub use label::{Choice, Unknown};
pub(crate) use makers::HashTable;
use makers::Reading;
use pairs::Pairing;
pub(crate) use values::JobValues;

/// The most jobs that a run can have.
const MOST_JOBS: usize = (1 << 30) - 1;
/// The most times that a job may wait for another: beyond it the graph does not fit most memories.
const MOST_EDGES: u64 = 1 << 27;

/// Index of a job in its file, from 0: in the order of the entries, and in each along its matrix,
/// the last axis being the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u32);

impl JobId {
    /// The index as a number, for tables that are parallel to the jobs.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The job with this index.
    ///
    /// # Panics
    /// If `index` does not fit 32 bits; a file has fewer jobs.
    pub fn from_index(index: usize) -> Self {
        JobId(u32::try_from(index).expect("a file has fewer than 2^30 jobs"))
    }
}

/// The jobs of a file.
#[derive(Debug)]
pub struct Jobs<'f> {
    file: &'f JobFile,
    /// The first job of each entry, and at the end how many there are.
    bases: Vec<u32>,
    /// By entry and by what it needs.
    pairings: Vec<Vec<Pairing>>,
    /// By entry and by what it reads.
    readings: Vec<Vec<Reading>>,
    /// The entries so that each comes after those that it waits for; in the order of the file where
    /// that cannot be, because some of their jobs wait for each other crosswise.
    order: Vec<usize>,
}

impl<'f> Jobs<'f> {
    pub(super) fn of(file: &'f JobFile) -> Result<Self, Mistake> {
        let bases = number(file)?;
        let mut jobs =
            Jobs { file, bases, pairings: Vec::new(), readings: Vec::new(), order: Vec::new() };
        jobs.pairings = pairs::of(file)?;
        jobs.readings = makers::of(&jobs)?;
        jobs.check_edges()?;
        jobs.order = cycle::order(&jobs)?;
        Ok(jobs)
    }

    /// The file.
    pub fn file(&self) -> &'f JobFile {
        self.file
    }

    /// How many jobs there are.
    pub fn len(&self) -> usize {
        *self.bases.last().expect("there is one more than entries") as usize
    }

    /// Whether there is none: never, as a file without jobs is a mistake.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries in an order in which they can be run.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// The number of the entry of a job, and the position in its matrix.
    pub(crate) fn place(&self, job: JobId) -> (usize, usize) {
        let group = self.bases.partition_point(|&b| b <= job.0) - 1;
        (group, (job.0 - self.bases[group]) as usize)
    }

    /// The entry of a job.
    pub(crate) fn group(&self, job: JobId) -> &'f Group {
        &self.file.groups()[self.place(job).0]
    }

    /// The jobs of an entry, as a range of indices.
    pub(crate) fn members(&self, group: usize) -> std::ops::Range<usize> {
        self.bases[group] as usize..self.bases[group + 1] as usize
    }

    /// The job at a position of an entry.
    pub(crate) fn at(&self, group: usize, position: usize) -> JobId {
        JobId(self.bases[group] + u32::try_from(position).expect("positions are below 2^30"))
    }

    /// Calls `each` with the jobs that `job` waits for; one that it needs and reads from, twice.
    fn each_before(&self, job: JobId, each: &mut dyn FnMut(JobId)) {
        let (group, position) = self.place(job);
        let entry = &self.file.groups()[group];
        for pairing in &self.pairings[group] {
            pairing.each(entry, position, &mut |p| each(self.at(pairing.group(), p)));
        }
        for reading in &self.readings[group] {
            if let Some(maker) = reading.maker(entry, position) {
                each(maker);
            }
        }
    }

    /// The jobs that `job` waits for, each once, in the order of the file.
    pub fn before(&self, job: JobId) -> Vec<JobId> {
        let mut all = Vec::new();
        self.each_before(job, &mut |j| all.push(j));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The jobs that `job` needs by name, in the order in which it names them.
    pub(crate) fn needed(&self, job: JobId, each: &mut dyn FnMut(JobId)) {
        let (group, position) = self.place(job);
        for pairing in &self.pairings[group] {
            let entry = &self.file.groups()[group];
            pairing.each(entry, position, &mut |p| each(self.at(pairing.group(), p)));
        }
    }

    /// The values of a job, for texts that are known before it runs.
    pub(crate) fn values(&self, job: JobId) -> JobValues<'_, 'f> {
        JobValues::new(self, job)
    }

    /// The files that a job reads, as they are written.
    pub fn inputs(&self, job: JobId) -> Vec<String> {
        self.rendered(job, self.group(job).inputs.iter().map(|s| &s.what))
    }

    /// The files that a job makes, as they are written.
    pub fn outputs(&self, job: JobId) -> Vec<String> {
        self.rendered(job, self.group(job).outputs.iter().map(|s| &s.what))
    }

    fn rendered<'a>(&self, job: JobId, texts: impl Iterator<Item = &'a Text>) -> Vec<String> {
        let values = self.values(job);
        texts.map(|text| text.plain(&values)).collect()
    }

    /// Fails where so many jobs wait for so many that the graph would not fit.
    fn check_edges(&self) -> Result<(), Mistake> {
        let mut total = 0u64;
        for (group, entry) in self.file.groups().iter().enumerate() {
            for (need, pairing) in entry.needs.iter().zip(&self.pairings[group]) {
                total =
                    total.saturating_add(pairing.each_count().saturating_mul(entry.len() as u64));
                if total > MOST_EDGES {
                    let groups = self.file.groups();
                    let (own, other) = (&entry.name.what, &groups[need.what].name.what);
                    let message = format!(
                        "{} jobs `{own}` would each wait for {} jobs `{other}`",
                        entry.len(),
                        pairing.each_count()
                    );
                    return Err(self.file.mistake(&need.span, message).help(
                        "put one job without a matrix between them, which the first need and which \
                         needs the others",
                    ));
                }
            }
        }
        Ok(())
    }
}

fn number(file: &JobFile) -> Result<Vec<u32>, Mistake> {
    let (mut bases, mut total) = (vec![0u32], 0usize);
    for group in file.groups() {
        let len = group.shape().try_fold(1usize, usize::checked_mul);
        total = len.and_then(|n| n.checked_add(total)).filter(|&n| n <= MOST_JOBS).ok_or_else(
            || {
                let message =
                    format!("with the matrix of `{}` there are too many jobs", group.name.what);
                file.mistake(&group.name.span, message)
                    .help(format!("a run has at most {MOST_JOBS}: use fewer values"))
            },
        )?;
        bases.push(u32::try_from(total).expect("fewer than 2^30"));
    }
    Ok(bases)
}

#[cfg(test)]
mod tests;
