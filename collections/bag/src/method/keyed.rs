//! Values by key, put together: a map a partition, the maps merged part by part.
//! It does not know what the values are, or how elements come to have keys.
//!
//! Each partition's map is cut into parts by the hash of its keys. A tree merges some maps into
//! one, part by part, so that they die young; its last level is the source of the bag that comes
//! out, in which every partition merges one part: no task ever holds all keys, unless it is the
//! only one.

use std::hash::Hash;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use tine_collection::{Input, Levels, Node, Packer, Parcels, SPLIT_EVERY, width};
use tine_scheduler::{Error, ErrorKind, Finished, Result, TaskBody, TaskContext, TypeTag, Value};

use crate::bag::Bag;
use crate::flow::{End, Flow, LookEnd, Opening, Reading, Sink, Source};
use crate::hash::{Map, part_of};

/// Entries of a map in parts, by the hash of their keys.
pub(crate) type Entries<K, A> = Parcels<Vec<(K, A)>>;

/// What a key of a map must be.
pub(crate) trait Key: Value + Clone + Hash + Eq {}
impl<K: Value + Clone + Hash + Eq> Key for K {}

/// Names of the tasks, from the partitions on.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) partial: &'static str,
    pub(crate) combine: &'static str,
    pub(crate) source: &'static str,
}

/// More parts than this have too few keys each to be worth a task.
const MOST_PARTS: usize = 8;

/// So many entries are encoded as one list, and held in memory as one: few, as they may be large.
const LIST: usize = 256;

impl<T: Clone + 'static> Bag<T> {
    /// The bag of keys and values, in no order that matters. `step` takes an element into a map,
    /// where a value that is being worked on may be taken out meanwhile; `merge` puts two values of
    /// a key together, the one of earlier partitions first.
    #[track_caller]
    pub(crate) fn keyed<K, A, S, M>(&self, names: Names, step: S, merge: M) -> Bag<(K, A)>
    where
        K: Key,
        A: Value + Clone,
        S: Fn(&mut Map<K, Option<A>>, &T, &Reading) -> Flow + Send + Sync + 'static,
        M: Fn(A, A) -> A + Send + Sync + 'static,
    {
        let end = |parts| {
            let done = move |map: Map<K, Option<A>>| {
                pack(map.into_iter().filter_map(|(k, a)| Some((k, a?))), parts)
            };
            LookEnd::new(names.partial, |_: &Opening<'_>| Ok(Map::default()), step, done)
        };
        self.keyed_by(names, end, merge)
    }

    /// As [`keyed`](Self::keyed), with an end that puts the entries of a partition into so many
    /// parcels, as [`pack`] does.
    #[track_caller]
    pub(crate) fn keyed_by<K, A, E, M>(
        &self,
        names: Names,
        end: impl FnOnce(u32) -> E,
        merge: M,
    ) -> Bag<(K, A)>
    where
        K: Key,
        A: Value + Clone,
        E: End<In = T, Out = Entries<K, A>>,
        M: Fn(A, A) -> A + Send + Sync + 'static,
    {
        let split_every = self.tree_width().unwrap_or(SPLIT_EVERY);
        if split_every < 2 {
            return Bag::wrong(format!("split_every is {split_every}: it must be 2 or more"));
        }
        if let Err(error) = self.link() {
            return Bag::failed(error.clone());
        }
        let parts = self.npartitions().div_ceil(split_every).clamp(1, MOST_PARTS) as u32;
        let maps = self.end(end(parts));
        let merge = Arc::new(Merge { parts, merge, of: PhantomData::<fn(K, A)> });
        let left = width(maps.len(), split_every) as u32;
        let (body, place) = (merge.clone(), Location::caller());
        let levels = Levels { name: names.combine, split_every, body, place };
        let node = Node::layer(maps, levels);
        let maps = (0..left).map(|i| Input::part(node.clone(), i)).collect();
        Bag::of_source(Merged { name: names.source, maps, merge })
    }
}

/// Puts entries into parcels, by the hash of their keys.
pub(crate) fn pack<K: Key, A: Value>(
    entries: impl Iterator<Item = (K, A)>,
    parts: u32,
) -> Result<Entries<K, A>> {
    let mut packer = Packer::new(parts);
    let mut lists: Vec<Vec<(K, A)>> = (0..parts).map(|_| Vec::new()).collect();
    for entry in entries {
        let part = part_of(&entry.0, parts);
        let list = &mut lists[part as usize];
        list.push(entry);
        if list.len() == LIST {
            packer.put(part, list)?;
            list.clear();
        }
    }
    for (part, list) in (0..parts).zip(&lists).filter(|(_, list)| !list.is_empty()) {
        packer.put(part, list)?;
    }
    Ok(packer.pack())
}

/// Merges maps part by part.
struct Merge<K, A, M> {
    parts: u32,
    merge: M,
    of: PhantomData<fn(K, A)>,
}

impl<K, A, M> Merge<K, A, M>
where
    K: Key,
    A: Value,
    M: Fn(A, A) -> A,
{
    /// One part of the maps that are inputs `from..to` of a task.
    fn merged(
        &self,
        part: u32,
        task: &TaskContext<'_>,
        from: usize,
        to: usize,
    ) -> Result<Map<K, Option<A>>> {
        let mut map: Map<K, Option<A>> = Map::default();
        for i in from..to {
            for list in task.input::<Entries<K, A>>(i)?.part(part) {
                for (key, value) in list? {
                    let slot = map.entry(key).or_default();
                    *slot = Some(match slot.take() {
                        Some(before) => (self.merge)(before, value),
                        None => value,
                    });
                }
            }
        }
        Ok(map)
    }
}

impl<K, A, M> TaskBody for Merge<K, A, M>
where
    K: Key,
    A: Value,
    M: Fn(A, A) -> A + Send + Sync + 'static,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let mut packer = Packer::new(self.parts);
        for part in 0..self.parts {
            let map = self.merged(part, task, 0, task.len())?;
            let mut list = Vec::with_capacity(map.len().min(LIST));
            for (key, value) in map {
                list.push((key, value.ok_or_else(lost)?));
                if list.len() == LIST {
                    packer.put(part, &list)?;
                    list.clear();
                }
            }
            if !list.is_empty() {
                packer.put(part, &list)?;
            }
        }
        task.finish(packer.pack())
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<Entries<K, A>>()
    }

    fn input_type(&self, _i: usize) -> Option<TypeTag> {
        Some(TypeTag::of::<Entries<K, A>>())
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Corrupt, "a key lost its value")
}

/// The merged maps as the source of a bag: one part a partition.
struct Merged<K, A, M> {
    name: &'static str,
    maps: Vec<Input>,
    merge: Arc<Merge<K, A, M>>,
}

impl<K, A, M> Source for Merged<K, A, M>
where
    K: Key,
    A: Value + Clone,
    M: Fn(A, A) -> A + Send + Sync + 'static,
{
    type Item = (K, A);

    fn name(&self) -> &'static str {
        self.name
    }

    fn blocks(&self) -> u32 {
        self.merge.parts
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.maps.clone()
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<(K, A)>>) -> Result<()> {
        let (from, to) = (opening.base, opening.base + self.maps.len());
        let map = self.merge.merged(opening.block, opening.task, from, to)?;
        for (key, value) in map {
            if down.push((key, value.ok_or_else(lost)?)).is_break() {
                break;
            }
        }
        Ok(())
    }
}
