//! `needs`: which jobs of another entry a job waits for. Axes with the same name pair equal values;
//! along the others all are taken.
//! It knows no files.

use std::collections::HashMap;

use super::super::group::Group;
use super::super::{JobFile, Mistake};

/// How the jobs of one entry are paired with those of another.
#[derive(Debug)]
pub(super) struct Pairing {
    group: usize,
    shared: Vec<Shared>,
    /// How many values each axis of the other has that this one does not, and how far apart they are.
    free: Vec<(usize, usize)>,
}

/// An axis that both have.
#[derive(Debug)]
struct Shared {
    own: usize,
    /// How far apart the other's jobs are along it.
    stride: usize,
    /// The other's index of each value.
    theirs: Vec<u32>,
}

/// The pairings of all entries of a file.
pub(super) fn of(file: &JobFile) -> Result<Vec<Vec<Pairing>>, Mistake> {
    let pairing = |own: &Group| {
        own.needs
            .iter()
            .map(|need| {
                Pairing::new(own, need.what, &file.groups()[need.what]).map_err(|lone| {
                    let (own, other) = (&own.name.what, &file.groups()[need.what].name.what);
                    let Lone { axis, value } = lone;
                    let message = format!(
                        "`{own}:{axis}={value}` needs `{other}`, which has no {axis}={value}"
                    );
                    file.mistake(&need.span, message).help(format!(
                        "jobs wait for those with the same `{axis}`: give both the same values, or \
                         the axis another name in one of them"
                    ))
                })
            })
            .collect()
    };
    file.groups().iter().map(pairing).collect()
}

/// A value that the other does not have.
struct Lone {
    axis: String,
    value: Box<str>,
}

impl Pairing {
    fn new(own: &Group, group: usize, other: &Group) -> Result<Pairing, Lone> {
        let mut pairing = Pairing { group, shared: Vec::new(), free: Vec::new() };
        let mut stride = other.len();
        for axis in other.axes.iter() {
            stride /= axis.values.len();
            let Some(mine) = own.axes.iter().position(|a| a.name == axis.name) else {
                pairing.free.push((axis.values.len(), stride));
                continue;
            };
            let places: HashMap<&str, u32> = axis.values.iter().map(|v| &**v).zip(0..).collect();
            let theirs = own.axes[mine].values.iter().map(|value| {
                let place = places.get(&**value).copied();
                place.ok_or_else(|| Lone { axis: axis.name.clone(), value: value.clone() })
            });
            let theirs = theirs.collect::<Result<_, _>>()?;
            pairing.shared.push(Shared { own: mine, stride, theirs });
        }
        Ok(pairing)
    }

    /// The other entry.
    pub(super) fn group(&self) -> usize {
        self.group
    }

    /// How many jobs each waits for.
    pub(super) fn each_count(&self) -> u64 {
        self.free.iter().map(|&(len, _)| len as u64).product()
    }

    /// Calls `each` with the positions in the other entry that the job of `own` at `position` waits
    /// for, in order.
    pub(super) fn each(&self, own: &Group, position: usize, each: &mut dyn FnMut(usize)) {
        let along = |s: &Shared| s.stride * s.theirs[own.coordinate(position, s.own)] as usize;
        let base: usize = self.shared.iter().map(along).sum();
        for mut n in 0..self.each_count() as usize {
            let mut at = base;
            for &(len, stride) in self.free.iter().rev() {
                at += n % len * stride;
                n /= len;
            }
            each(at);
        }
    }
}
