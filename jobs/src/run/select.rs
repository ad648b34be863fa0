//! Which jobs of a file a run is about: those that are asked for, and all that they wait for.
//! It does not know what is up to date.

use crate::file::{Choice, JobId, Jobs, Unknown, suggest};

/// The jobs of a run.
#[derive(Clone, Debug)]
pub struct Selection {
    wanted: Vec<bool>,
    len: usize,
}

impl Selection {
    /// Jobs by their names, and those that have one of the tags; all where neither is given.
    ///
    /// # Errors
    /// A name or a tag that no job has.
    ///
    /// ```
    /// use std::path::Path;
    /// use tine_jobs::{file::JobFile, run::Selection};
    /// let text = "job = [{ name = 'a', argv = ['true'] }, { name = 'b', argv = ['true'], \
    ///             needs = ['a'] }, { name = 'c', argv = ['true'] }]";
    /// let file = JobFile::parse(Path::new("j.toml"), text)?;
    /// let jobs = file.expand()?;
    /// assert_eq!(Selection::new(&jobs, &["b"], &[]).unwrap().len(), 2);
    /// assert!(Selection::new(&jobs, &["d"], &[]).is_err());
    /// # Ok::<(), tine_jobs::file::Mistake>(())
    /// ```
    pub fn new(jobs: &Jobs<'_>, names: &[&str], tags: &[&str]) -> Result<Self, Unknown> {
        if names.is_empty() && tags.is_empty() {
            return Ok(Selection { wanted: vec![true; jobs.len()], len: jobs.len() });
        }
        let mut selection = Selection { wanted: vec![false; jobs.len()], len: 0 };
        for name in names {
            let choice: Choice = jobs.choose(name)?;
            jobs.chosen(&choice, &mut |job| {
                selection.want(job);
            });
        }
        for tag in tags {
            selection.want_tagged(jobs, tag)?;
        }
        selection.close(jobs);
        Ok(selection)
    }

    fn want(&mut self, job: JobId) -> bool {
        let new = !std::mem::replace(&mut self.wanted[job.index()], true);
        self.len += usize::from(new);
        new
    }

    fn want_tagged(&mut self, jobs: &Jobs<'_>, tag: &str) -> Result<(), Unknown> {
        let groups = jobs.file().groups();
        let mut found = false;
        for (g, group) in groups.iter().enumerate() {
            if group.settings.tags.iter().any(|t| t == tag) {
                found = true;
                jobs.members(g).for_each(|j| {
                    self.want(JobId::from_index(j));
                });
            }
        }
        if found {
            return Ok(());
        }
        let mut tags: Vec<&str> =
            groups.iter().flat_map(|g| &g.settings.tags).map(String::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        let message = format!("no job has the tag `{tag}`");
        Err(Unknown { message, help: suggest(tag, tags.iter().copied()) })
    }

    /// Adds all that the wanted jobs wait for.
    fn close(&mut self, jobs: &Jobs<'_>) {
        let wanted = self.wanted.iter().enumerate().filter(|(_, w)| **w);
        let mut open: Vec<JobId> = wanted.map(|(j, _)| JobId::from_index(j)).collect();
        while let Some(job) = open.pop() {
            for before in jobs.before(job) {
                if self.want(before) {
                    open.push(before);
                }
            }
        }
    }

    /// The entries of the file, each with how many of its jobs are part of the run.
    pub fn groups<'f>(&self, jobs: &Jobs<'f>) -> Vec<(&'f str, usize)> {
        let groups = jobs.file().groups().iter().enumerate();
        let wanted = |g: usize| self.wanted[jobs.members(g)].iter().filter(|w| **w).count();
        groups.map(|(g, group)| (group.name.what.as_str(), wanted(g))).collect()
    }

    /// Whether a job is part of the run.
    pub fn has(&self, job: JobId) -> bool {
        self.wanted[job.index()]
    }

    /// How many jobs there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
