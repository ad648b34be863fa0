//! A graph as bytes and back, for a process that did not inherit it: of its tasks, those that a run
//! needs.
//! It does not know how the bytes get there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::body::{Absent, TaskBody};
use super::group::{CarriedGroup, GroupId, GroupTable};
use super::{Edge, Graph, Origin, Tags, TaskId};
use crate::error::{Error, ErrorKind, Result};
use crate::portable::{Portable, offset_of_place, place_at};

/// A graph that can cross to another process of the same program.
#[derive(Serialize, Deserialize)]
pub(crate) struct CarriedGraph {
    bodies: Vec<Portable<Arc<dyn TaskBody>>>,
    /// Which of the bodies each task has; `ABSENT` for one that is not needed.
    body_of: Vec<u32>,
    spans: Vec<(u32, u32)>,
    edges: Vec<u32>,
    places: Vec<(u32, u32)>,
    origins: Vec<u32>,
    origin_table: Vec<(u64, Tags)>,
    groups: Vec<CarriedGroup>,
}

const ABSENT: u32 = u32::MAX;

impl Graph {
    /// The graph with the bodies of the `needed` tasks; `None` where one of them is not portable,
    /// or all of them take more than `limit` bytes.
    pub(crate) fn carry(&self, needed: &[TaskId], limit: usize) -> Option<CarriedGraph> {
        let mut body_of = vec![ABSENT; self.len()];
        let mut bodies: Vec<Portable<Arc<dyn TaskBody>>> = Vec::new();
        let (mut last, mut size): (Option<&Arc<dyn TaskBody>>, usize) = (None, 0);
        for &task in needed {
            let body = self.body(task);
            // The tasks of a layer share one body, and stand side by side.
            if !last.is_some_and(|l| Arc::ptr_eq(l, body)) {
                let portable = body.portable()?;
                size += portable.len();
                bodies.push(portable);
                last = Some(body);
            }
            if size > limit {
                return None;
            }
            body_of[task.index()] = bodies.len() as u32 - 1;
        }
        let origin = |o: &Origin| Some((offset_of_place(o.place)?, o.tags.as_ref().clone()));
        Some(CarriedGraph {
            bodies,
            body_of,
            spans: self.spans.clone(),
            edges: self.edges.iter().map(|e| e.0).collect(),
            places: self.places.iter().map(|(g, i)| (g.index() as u32, *i)).collect(),
            origins: self.origins.clone(),
            origin_table: self.origin_table.iter().map(origin).collect::<Option<_>>()?,
            groups: self.groups.carry(),
        })
    }
}

impl CarriedGraph {
    /// The graph, in the process that it came to.
    ///
    /// # Errors
    /// Bodies that cannot be made here, or numbers that do not fit together.
    pub(crate) fn restore(self) -> Result<Graph> {
        let absent: Arc<dyn TaskBody> = Arc::new(Absent);
        let bodies: Vec<_> = self.bodies.iter().map(Portable::restore).collect::<Result<_>>()?;
        let body = |&i: &u32| match i {
            ABSENT => Ok(absent.clone()),
            i => bodies.get(i as usize).cloned().ok_or_else(corrupt),
        };
        let origin = |(place, tags): (u64, Tags)| {
            Ok(Origin { place: place_at(place)?, tags: Arc::new(tags) })
        };
        let groups = GroupTable::restore(self.groups);
        let group = |(group, index): (u32, u32)| match groups.id_at(group) {
            Some(id) => Ok((id, index)),
            None => Err(corrupt()),
        };
        let places: Vec<(GroupId, u32)> =
            self.places.into_iter().map(group).collect::<Result<_>>()?;
        let graph = Graph {
            bodies: self.body_of.iter().map(body).collect::<Result<_>>()?,
            spans: self.spans,
            edges: self.edges.into_iter().map(Edge).collect(),
            places,
            origins: self.origins,
            groups,
            origin_table: self.origin_table.into_iter().map(origin).collect::<Result<_>>()?,
            titles: None,
        };
        graph.is_whole().then_some(graph).ok_or_else(corrupt)
    }
}

impl Graph {
    /// Whether every number in it is the number of something.
    fn is_whole(&self) -> bool {
        let (n, edges) = (self.len(), self.edges.len() as u64);
        let spans = |(from, len): &(u32, u32)| u64::from(*from) + u64::from(*len) <= edges;
        [self.spans.len(), self.places.len(), self.origins.len()].iter().all(|&len| len == n)
            && self.spans.iter().all(spans)
            && self.edges.iter().all(|e| e.task().index() < n)
            && self.origins.iter().all(|&o| (o as usize) < self.origin_table.len())
    }
}

fn corrupt() -> Error {
    Error::new(ErrorKind::Corrupt, "a graph was handed over whose parts do not fit together")
}
