//! What jobs are called, and which are meant by a name: `train`, `train:lr=0.1,seed=2`.
//! It does not know what jobs do.

use super::super::group::write_name;
use super::super::names::suggest;
use super::{JobId, Jobs};

/// Jobs that somebody named: an entry, or those of it that have certain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    group: usize,
    /// By axis, the index of the value that is asked for.
    fixed: Vec<Option<usize>>,
}

/// A name that no job has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub help: Option<String>,
}

impl Jobs<'_> {
    /// What a job is called: its name, and its values where it has a matrix.
    pub fn name(&self, job: JobId) -> String {
        let mut out = String::new();
        self.write_name(job, &mut out);
        out
    }

    /// Appends what a job is called.
    pub(crate) fn write_name(&self, job: JobId, out: &mut String) {
        let (group, position) = self.place(job);
        let group = &self.file.groups()[group];
        write_name(&group.name.what, &group.axes, position, out);
    }

    /// The job with exactly this name.
    pub fn find(&self, name: &str) -> Option<JobId> {
        let choice = self.choose(name).ok()?;
        let shape = self.file.groups()[choice.group].shape();
        let position = shape
            .zip(&choice.fixed)
            .try_fold(0, |at, (len, fixed)| fixed.map(|index| at * len + index))?;
        Some(self.at(choice.group, position))
    }

    /// The jobs that a name means: without values all of an entry, with some of them those that have
    /// them.
    ///
    /// # Errors
    /// No such job, variable or value; the nearest is named.
    pub fn choose(&self, name: &str) -> Result<Choice, Unknown> {
        let (entry, values) = match name.split_once(':') {
            Some((entry, values)) => (entry, Some(values)),
            None => (name, None),
        };
        let groups = self.file.groups();
        let names = groups.iter().map(|g| g.name.what.as_str());
        let Some(group) = names.clone().position(|n| n == entry) else {
            let message = format!("there is no job `{entry}` in {}", self.file.path().display());
            return Err(Unknown { message, help: suggest(entry, names) });
        };
        let mut choice = Choice { group, fixed: vec![None; groups[group].axes.len()] };
        for (axis, value) in values.map_or(Ok(Vec::new()), |v| self.pairs(group, v))? {
            let known = &groups[group].axes[axis];
            let found = known.values.iter().position(|v| **v == *value);
            choice.fixed[axis] = Some(found.ok_or_else(|| Unknown {
                message: format!("the job `{entry}` has no {}={value}", known.name),
                help: suggest(&value, known.values.iter().map(|v| &**v)),
            })?);
        }
        Ok(choice)
    }

    /// Splits `x=1,y=a,b` at the commas that a variable follows.
    fn pairs(&self, group: usize, text: &str) -> Result<Vec<(usize, String)>, Unknown> {
        let entry = &self.file.groups()[group];
        let axis = |part: &str| {
            let (name, value) = part.split_once('=')?;
            Some((entry.axes.iter().position(|a| a.name == name)?, value.to_owned()))
        };
        let mut pairs: Vec<(usize, String)> = Vec::new();
        for part in text.split(',') {
            match (axis(part), pairs.last_mut()) {
                (Some(pair), _) => pairs.push(pair),
                (None, Some((_, value))) => *value += &format!(",{part}"),
                (None, None) => {
                    let name = part.split('=').next().unwrap_or(part);
                    let message = format!("the job `{}` has no variable `{name}`", entry.name.what);
                    let help = suggest(name, entry.axes.iter().map(|a| a.name.as_str()));
                    return Err(Unknown { message, help });
                }
            }
        }
        Ok(pairs)
    }

    /// Calls `each` with the jobs of a choice.
    pub fn chosen(&self, choice: &Choice, each: &mut dyn FnMut(JobId)) {
        let group = &self.file.groups()[choice.group];
        for position in 0..group.len() {
            let mut fixed = choice.fixed.iter().enumerate();
            if fixed.all(|(a, f)| f.is_none_or(|f| f == group.coordinate(position, a))) {
                each(self.at(choice.group, position));
            }
        }
    }
}
