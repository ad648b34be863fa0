//! The links of a chain: a source, then steps, each knowing the one before it.
//! They do not know what comes after them.

use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::{Error, ErrorKind, Result};

use super::opening::Opening;
use super::sink::{AnySink, Sink, join};

/// A link whose types of elements are not known here.
pub(crate) trait Link: Send + Sync + 'static {
    /// Its name in the keys of tasks.
    fn name(&self) -> &'static str;

    /// The link before; a source has none.
    fn up(&self) -> Option<&Arc<dyn Link>>;

    /// How many partitions the source has.
    fn blocks(&self) -> u32;

    /// How many links stand before.
    fn depth(&self) -> u32;

    /// What the task of a partition reads for this link alone.
    fn inputs(&self, block: u32) -> Vec<Input>;

    /// What is to be given to the link before, so that `sinks` get the elements of this one.
    fn lead(&self, opening: &Opening<'_>, sinks: Vec<AnySink>) -> Result<AnySink>;

    /// Gives all elements of the partition to `sinks`, where this is a source.
    fn pour(&self, opening: &Opening<'_>, sinks: Vec<AnySink>) -> Result<()>;
}

/// One step of a chain.
pub(crate) trait Stage: Send + Sync + 'static {
    /// What it is given.
    type In: Clone + 'static;
    /// What it gives on.
    type Out: Clone + 'static;

    /// Its name in the keys of tasks.
    fn name(&self) -> &'static str;

    /// What the task of a partition reads for this step.
    fn inputs(&self, _block: u32) -> Vec<Input> {
        Vec::new()
    }

    /// What is to be given the elements, so that `down` gets those of this step.
    ///
    /// # Errors
    /// An input that cannot be read.
    fn open(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        down: Box<dyn Sink<Self::Out>>,
    ) -> Result<Box<dyn Sink<Self::In>>>;
}

/// A step with what stands before it.
pub(crate) struct Staged<S> {
    up: Arc<dyn Link>,
    stage: Arc<S>,
}

impl<S: Stage> Staged<S> {
    pub(crate) fn link(up: Arc<dyn Link>, stage: S) -> Arc<dyn Link> {
        Arc::new(Staged { up, stage: Arc::new(stage) })
    }
}

impl<S: Stage> Link for Staged<S> {
    fn name(&self) -> &'static str {
        self.stage.name()
    }

    fn up(&self) -> Option<&Arc<dyn Link>> {
        Some(&self.up)
    }

    fn blocks(&self) -> u32 {
        self.up.blocks()
    }

    fn depth(&self) -> u32 {
        self.up.depth() + 1
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        self.stage.inputs(block)
    }

    fn lead(&self, opening: &Opening<'_>, sinks: Vec<AnySink>) -> Result<AnySink> {
        Ok(AnySink::new(self.stage.open(opening, join(sinks)?)?))
    }

    fn pour(&self, _opening: &Opening<'_>, _sinks: Vec<AnySink>) -> Result<()> {
        Err(Error::new(ErrorKind::Corrupt, "a step of a bag was taken for its source"))
    }
}

/// Where the elements of a bag come from.
pub(crate) trait Source: Send + Sync + 'static {
    /// What it gives.
    type Item: Clone + 'static;

    /// Its name in the keys of tasks.
    fn name(&self) -> &'static str;

    /// How many partitions it has.
    fn blocks(&self) -> u32;

    /// What the task of a partition reads.
    fn inputs(&self, _block: u32) -> Vec<Input> {
        Vec::new()
    }

    /// Gives the elements of a partition to `down`, until it wants no more.
    ///
    /// # Errors
    /// What cannot be read.
    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<Self::Item>>) -> Result<()>;
}

/// A source as the first link of chains.
pub(crate) struct Sourced<S>(S);

impl<S: Source> Sourced<S> {
    pub(crate) fn link(source: S) -> Arc<dyn Link> {
        Arc::new(Sourced(source))
    }
}

impl<S: Source> Link for Sourced<S> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn up(&self) -> Option<&Arc<dyn Link>> {
        None
    }

    fn blocks(&self) -> u32 {
        self.0.blocks()
    }

    fn depth(&self) -> u32 {
        0
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        self.0.inputs(block)
    }

    fn lead(&self, _opening: &Opening<'_>, _sinks: Vec<AnySink>) -> Result<AnySink> {
        Err(Error::new(ErrorKind::Corrupt, "the source of a bag was taken for a step"))
    }

    fn pour(&self, opening: &Opening<'_>, sinks: Vec<AnySink>) -> Result<()> {
        let mut down = join::<S::Item>(sinks)?;
        self.0.pour(opening, &mut down)?;
        opening.reading.outcome()?;
        down.finish()
    }
}
