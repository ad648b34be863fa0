//! Files that one job makes and others read: who makes each, and what nobody makes.
//! It does not look into files, only whether they are there.
//!
//! Paths are kept as hashes of eight bytes, and rendered once more where two are equal: texts of a
//! million paths would take more than all the rest.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use twox_hash::XxHash3_64;

use super::super::Mistake;
use super::super::braces::Text;
use super::super::group::Group;
use super::super::names::nearest;
use super::super::paths::normal;
use super::super::source::Spot;
use super::{JobId, Jobs};

/// A number that is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = XxHash3_64::oneshot_with_seed(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map whose keys are hashes.
pub(crate) type HashTable<T> = HashMap<u64, T, BuildHasherDefault<Hashed>>;

const NOBODY: u32 = u32::MAX;

/// Who makes what the jobs of an entry read at one place of their `inputs`.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The axes that the path depends on.
    axes: Vec<usize>,
    /// The job for each combination of their values, the last axis being the fastest; none where no
    /// job makes any.
    makers: Vec<u32>,
}

impl Reading {
    /// Who makes what the job of `own` at `position` reads.
    pub(super) fn maker(&self, own: &Group, position: usize) -> Option<JobId> {
        if self.makers.is_empty() {
            return None;
        }
        let at = self
            .axes
            .iter()
            .fold(0, |at, &a| at * own.axes[a].values.len() + own.coordinate(position, a));
        Some(self.makers[at]).filter(|&m| m != NOBODY).map(JobId)
    }

    /// All who make any of it.
    pub(super) fn makers(&self) -> impl Iterator<Item = JobId> + '_ {
        self.makers.iter().filter(|&&m| m != NOBODY).map(|&m| JobId(m))
    }
}

/// What all entries read.
pub(super) fn of(jobs: &Jobs<'_>) -> Result<Vec<Vec<Reading>>, Mistake> {
    let makers = Makers::of(jobs)?;
    let groups = jobs.file.groups().iter().enumerate();
    groups.map(|(g, group)| group.inputs.iter().map(|i| makers.reading(g, i)).collect()).collect()
}

/// Who makes each file.
struct Makers<'j, 'f> {
    jobs: &'j Jobs<'f>,
    table: HashTable<u32>,
    /// Files whose hash another file has.
    others: Vec<(u64, u32)>,
}

impl<'j, 'f> Makers<'j, 'f> {
    fn of(jobs: &'j Jobs<'f>) -> Result<Self, Mistake> {
        let mut makers = Makers { jobs, table: HashTable::default(), others: Vec::new() };
        let files = jobs.file.groups().iter().map(|g| g.outputs.len() * g.len()).sum();
        makers.table.reserve(files);
        for (g, group) in jobs.file.groups().iter().enumerate() {
            for output in &group.outputs {
                makers.check_axes(g, output)?;
                for position in 0..group.len() {
                    makers.insert(jobs.at(g, position), output)?;
                }
            }
        }
        Ok(makers)
    }

    /// A path that does not depend on an axis is the same for all its values.
    fn check_axes(&self, group: usize, output: &Spot<Text>) -> Result<(), Mistake> {
        let entry = &self.jobs.file.groups()[group];
        let axes = output.what.axes();
        let missing =
            (0..entry.axes.len()).find(|a| entry.axes[*a].values.len() > 1 && !axes.contains(a));
        let Some(missing) = missing else { return Ok(()) };
        let stride: usize = entry.shape().skip(missing + 1).product();
        Err(self.twice(output, self.jobs.at(group, 0), self.jobs.at(group, stride)).help(format!(
            "put `{{{}}}` into the path, so that each job makes a file of its own",
            entry.axes[missing].name
        )))
    }

    fn twice(&self, output: &Spot<Text>, first: JobId, second: JobId) -> Mistake {
        let path = output.what.plain(&self.jobs.values(second));
        let (a, b) = (self.jobs.name(first), self.jobs.name(second));
        let message = match first == second {
            true => format!("the job `{a}` names {path} twice"),
            false => format!("`{a}` and `{b}` both make {path}"),
        };
        self.jobs.file.mistake(&output.span, message)
    }

    fn insert(&mut self, job: JobId, output: &Spot<Text>) -> Result<(), Mistake> {
        let path = output.what.plain(&self.jobs.values(job));
        let path = normal(&path, self.jobs.file.folder());
        if path.is_empty() {
            let message = format!("`{}` would make a file without a name", self.jobs.name(job));
            return Err(self.jobs.file.mistake(&output.span, message));
        }
        let hash = XxHash3_64::oneshot(path.as_bytes());
        if let Some(first) = self.table.insert(hash, job.0) {
            let own = (first == job.0).then_some(output);
            if self.outputs_have(JobId(first), &path, own) {
                return Err(self
                    .twice(output, JobId(first), job)
                    .help("a file is made by one job: give one of them another output"));
            }
            self.others.push((hash, first));
        }
        Ok(())
    }

    /// Whether a job makes a file of this name, at another place of its outputs than `except`.
    fn outputs_have(&self, job: JobId, path: &str, except: Option<&Spot<Text>>) -> bool {
        let values = self.jobs.values(job);
        let others = self.jobs.group(job).outputs.iter();
        let mut others = others.filter(|o| except.is_none_or(|e| e.span != o.span));
        others.any(|o| normal(&o.what.plain(&values), self.jobs.file.folder()) == path)
    }

    fn maker(&self, path: &str) -> Option<JobId> {
        let hash = XxHash3_64::oneshot(path.as_bytes());
        let others = self.others.iter().filter(|(h, _)| *h == hash).map(|(_, j)| j);
        let mut all = self.table.get(&hash).into_iter().chain(others).map(|&j| JobId(j));
        all.find(|&job| self.outputs_have(job, path, None))
    }

    fn reading(&self, group: usize, input: &Spot<Text>) -> Result<Reading, Mistake> {
        let entry = &self.jobs.file.groups()[group];
        let axes = input.what.axes();
        let stride = |a: usize| entry.shape().skip(a + 1).product::<usize>();
        let steps: Vec<(usize, usize)> =
            axes.iter().map(|&a| (entry.axes[a].values.len(), stride(a))).collect();
        let count = steps.iter().map(|(len, _)| len).product();
        let mut makers = Vec::new();
        for mut n in 0..count {
            let (at, mut position) = (n, 0);
            for &(len, stride) in steps.iter().rev() {
                position += n % len * stride;
                n /= len;
            }
            if let Some(maker) = self.find(self.jobs.at(group, position), input)? {
                makers.resize(at, NOBODY);
                makers.push(maker.0);
            }
        }
        if !makers.is_empty() {
            makers.resize(count, NOBODY);
        }
        Ok(Reading { axes, makers })
    }

    /// Who makes what `job` reads; `None` where it is there already.
    fn find(&self, job: JobId, input: &Spot<Text>) -> Result<Option<JobId>, Mistake> {
        let written = input.what.plain(&self.jobs.values(job));
        let file = self.jobs.file;
        let path = normal(&written, file.folder());
        let maker = self.maker(&path);
        if maker == Some(job) {
            let message =
                format!("`{}` reads {written}, which it makes itself", self.jobs.name(job));
            return Err(file.mistake(&input.span, message).help("give it another output"));
        }
        if maker.is_some() || (!path.is_empty() && file.folder().join(&*path).exists()) {
            return Ok(maker);
        }
        let message = format!(
            "`{}` reads {written}, which is not there, and no job makes it",
            self.jobs.name(job)
        );
        Err(file.mistake(&input.span, message).help(self.near(&path)))
    }

    /// What to say of a file that is not there.
    fn near(&self, path: &str) -> String {
        /// Outputs of so many jobs are compared: a hint is not worth more.
        const COMPARED: usize = 1_000;
        let firsts = (0..self.jobs.file.groups().len()).take(COMPARED);
        let made: Vec<(JobId, String)> = firsts
            .map(|g| self.jobs.at(g, 0))
            .flat_map(|job| self.jobs.outputs(job).into_iter().map(move |o| (job, o)))
            .collect();
        match nearest(path, made.iter().map(|(_, o)| o.as_str())) {
            Some(near) => {
                let job = made.iter().find(|(_, o)| o == near).map_or(JobId(0), |(job, _)| *job);
                format!("did you mean {near}, which `{}` makes?", self.jobs.name(job))
            }
            None => format!(
                "paths count from the folder of the job file, {}",
                self.jobs.file.folder().display()
            ),
        }
    }
}
