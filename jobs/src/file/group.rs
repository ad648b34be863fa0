//! The jobs of one entry of a job file: one, or one for each position of its matrix.
//! It knows its own entry alone, and not what the others make or need.

use std::fmt::Write as _;
use std::sync::Arc;

use super::braces::Text;
use super::matrix::Axis;
use super::script::Script;
use super::settings::Settings;
use super::source::Spot;

/// What is run.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A program and its arguments.
    Argv(Vec<Text>),
    /// A text for the shell.
    Shell(Script),
}

/// An entry `[[job]]`.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Its name.
    pub(crate) name: Spot<String>,
    /// What is run.
    pub(crate) action: Action,
    /// The entries whose jobs must be done before, as they are numbered in the file.
    pub(crate) needs: Vec<Spot<usize>>,
    /// Files that each job reads.
    pub(crate) inputs: Vec<Spot<Text>>,
    /// Files that each job makes.
    pub(crate) outputs: Vec<Spot<Text>>,
    /// How it is run.
    pub(crate) settings: Settings,
    /// What differs from job to job; none where there is one job.
    pub(crate) axes: Arc<[Axis]>,
}

impl Group {
    /// How many jobs it stands for.
    pub(crate) fn len(&self) -> usize {
        self.axes.iter().map(|a| a.values.len()).product()
    }

    /// How many values each axis has.
    pub(crate) fn shape(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.axes.iter().map(|a| a.values.len())
    }

    /// The index of the value of axis `axis` at `position`, the last axis being the fastest.
    pub(crate) fn coordinate(&self, position: usize, axis: usize) -> usize {
        coordinate(&self.axes, position, axis)
    }
}

fn coordinate(axes: &[Axis], position: usize, axis: usize) -> usize {
    let faster: usize = axes[axis + 1..].iter().map(|a| a.values.len()).product();
    position / faster % axes[axis].values.len()
}

/// Appends what the job of an entry `name` at `position` is called: `fetch:month=1,kind=a`.
pub(crate) fn write_name(name: &str, axes: &[Axis], position: usize, out: &mut String) {
    out.push_str(name);
    for (a, axis) in axes.iter().enumerate() {
        let value = &axis.values[coordinate(axes, position, a)];
        let sign = if a == 0 { ':' } else { ',' };
        write!(out, "{sign}{}={value}", axis.name).expect("writing to a String cannot fail");
    }
}
