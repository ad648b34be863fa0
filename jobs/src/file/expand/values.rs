//! What names in braces stand for, for one job.
//! It does not know which texts they are in.

use super::super::braces::{Value, Values};
use super::{JobId, Jobs};

/// The values of one job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobValues<'j, 'f> {
    jobs: &'j Jobs<'f>,
    job: JobId,
    cores: u32,
    attempt: u32,
    absolute: bool,
}

impl<'j, 'f> JobValues<'j, 'f> {
    pub(super) fn new(jobs: &'j Jobs<'f>, job: JobId) -> Self {
        let cores = jobs.group(job).settings.cores;
        JobValues { jobs, job, cores, attempt: 1, absolute: false }
    }

    /// With so many slots, and as this attempt.
    pub(crate) fn started(self, cores: u32, attempt: u32) -> Self {
        JobValues { cores, attempt, ..self }
    }

    /// With whole paths, for a job that runs in a folder of its own.
    pub(crate) fn absolute(self) -> Self {
        JobValues { absolute: true, ..self }
    }

    fn path(&self, path: &str, each: &mut dyn FnMut(&str)) {
        match self.absolute && !path.starts_with('/') {
            true => each(&format!("{}/{path}", self.jobs.file.folder().display())),
            false => each(path),
        }
    }
}

impl Values for JobValues<'_, '_> {
    fn words(&self, value: Value, each: &mut dyn FnMut(&str)) {
        match value {
            Value::Axis(axis, part) => {
                let (group, position) = self.jobs.place(self.job);
                let group = &self.jobs.file.groups()[group];
                let at = group.coordinate(position, axis);
                each(part.of(&group.axes[axis].values[at]));
            }
            Value::Inputs => self.jobs.inputs(self.job).iter().for_each(|p| self.path(p, each)),
            Value::Outputs => self.jobs.outputs(self.job).iter().for_each(|p| self.path(p, each)),
            Value::NeedsOutputs => self.jobs.needed(self.job, &mut |other| {
                self.jobs.outputs(other).iter().for_each(|p| self.path(p, each));
            }),
            Value::Cores => each(&self.cores.to_string()),
            Value::Attempt => each(&self.attempt.to_string()),
        }
    }
}
