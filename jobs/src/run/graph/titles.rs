//! What the tasks of a job file are called, and where their entries stand in it.
//! It does not know what a graph looks like; it keeps the values of each axis, and no text a job.

use std::sync::Arc;

use tine_scheduler::{Place, TaskId, Titles};

use crate::file::{Axis, JobId, Jobs, write_name};

/// The names of jobs.
#[derive(Debug)]
pub(super) struct Names {
    /// The job of each task.
    jobs: Arc<[JobId]>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The number of its first job.
    first: usize,
    name: String,
    axes: Arc<[Axis]>,
    place: Place,
}

impl Names {
    /// The names of `tasks`, which are jobs of `jobs`.
    pub(super) fn new(jobs: &Jobs<'_>, tasks: Arc<[JobId]>) -> Names {
        let file = jobs.file();
        let path = file.path().display().to_string();
        let entry = |(number, group): (usize, &crate::file::Group)| {
            let (line, column) = file.line_and_column(group.name.span.start);
            Entry {
                first: jobs.members(number).start,
                name: group.name.what.clone(),
                axes: group.axes.clone(),
                place: Place { file: path.clone(), line, column },
            }
        };
        Names { jobs: tasks, entries: file.groups().iter().enumerate().map(entry).collect() }
    }

    /// The entry of a task, and its position in the matrix.
    fn entry(&self, task: TaskId) -> Option<(&Entry, usize)> {
        let job = self.jobs.get(task.index())?.index();
        let entry = self.entries[..self.entries.partition_point(|e| e.first <= job)].last()?;
        Some((entry, job - entry.first))
    }
}

impl Titles for Names {
    fn name(&self, task: TaskId) -> Option<String> {
        let (entry, position) = self.entry(task)?;
        let mut name = String::new();
        write_name(&entry.name, &entry.axes, position, &mut name);
        Some(name)
    }

    fn place(&self, task: TaskId) -> Option<Place> {
        Some(self.entry(task)?.0.place.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::file::JobFile;
    use crate::run::{Selection, graph_of};

    #[test]
    fn tasks_are_called_as_their_jobs_are_and_stand_in_the_file() {
        let text = "\n[[job]]\nname = \"last\"\nshell = \"true\"\nneeds = [\"sim\"]\n\n\
                    [[job]]\nname = \"sim\"\nshell = \"echo {lr}\"\n\
                    matrix = { lr = [0.1, 1.0], depth = [2, 4] }\n";
        let file = JobFile::parse(Path::new("all.toml"), text).unwrap();
        let jobs = file.expand().unwrap();
        let all = Selection::new(&jobs, &[], &[]).unwrap();
        let graph = graph_of(&jobs, &all).unwrap();
        let tasks = graph.tasks().map(|t| {
            let place = graph.written_at(t).unwrap();
            (graph.name(t), place.to_string())
        });
        let all = tasks.collect::<Vec<_>>();
        let want = [
            ("sim:lr=0.1,depth=2", "all.toml:8:8"),
            ("sim:lr=0.1,depth=4", "all.toml:8:8"),
            ("sim:lr=1.0,depth=2", "all.toml:8:8"),
            ("sim:lr=1.0,depth=4", "all.toml:8:8"),
            ("last", "all.toml:3:8"),
        ];
        assert_eq!(all, want.map(|(n, p)| (n.to_owned(), p.to_owned())));
    }
}
