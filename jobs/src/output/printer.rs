//! Writes pieces of jobs' output to the sink, with their tags.
//! It does not know whose turn it is.

use tine_scheduler::OutputStream;

use super::error::Error;
use super::held::{Held, Store};
use super::sink::Sink;
use super::tagger::Tagger;

/// About how many bytes with tags are written at once.
const CHUNK: usize = 64 << 10;

/// The tag of a job, and where in its lines each of its streams is.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    tag: Option<Box<[u8]>>,
    taggers: [Tagger; 2],
}

impl Default for Voice {
    fn default() -> Self {
        Voice::new(None)
    }
}

impl Voice {
    pub(super) fn new(tag: Option<&[u8]>) -> Voice {
        Voice { tag: tag.map(Box::from), taggers: [Tagger::Start; 2] }
    }
}

/// The sink, and room for what is on its way to it.
#[derive(Debug)]
pub(super) struct Printer<S> {
    sink: S,
    tagged: Vec<u8>,
    read: Vec<u8>,
}

impl<S: Sink> Printer<S> {
    pub(super) fn new(sink: S) -> Printer<S> {
        Printer { sink, tagged: Vec::new(), read: Vec::new() }
    }

    pub(super) fn sink(&mut self) -> &mut S {
        &mut self.sink
    }

    pub(super) fn into_sink(self) -> S {
        self.sink
    }

    /// Writes what job `seq` has printed.
    pub(super) fn print(
        &mut self,
        seq: u64,
        stream: OutputStream,
        voice: &mut Voice,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let Printer { sink, tagged, .. } = self;
        write(sink, tagged, (seq, stream), voice, bytes)
    }

    /// Writes up to so many of the held bytes of job `seq`, the oldest first.
    pub(super) fn print_held(
        &mut self,
        seq: u64,
        stream: OutputStream,
        voice: &mut Voice,
        (held, store, mut most): (&mut Held, &mut Store, u64),
    ) -> Result<(), Error> {
        let Printer { sink, tagged, read } = self;
        while most > 0 && held.len() > 0 {
            let bytes = held.take(store, most, read);
            let bytes = bytes.map_err(|e| Error::spool(seq, store.spool.folder(), e))?;
            most -= bytes.len() as u64;
            write(sink, tagged, (seq, stream), voice, bytes)?;
        }
        Ok(())
    }
}

fn write(
    sink: &mut impl Sink,
    tagged: &mut Vec<u8>,
    (seq, stream): (u64, OutputStream),
    voice: &mut Voice,
    bytes: &[u8],
) -> Result<(), Error> {
    let Voice { tag, taggers } = voice;
    let mut rest = bytes;
    while !rest.is_empty() {
        let now = match tag {
            None => std::mem::take(&mut rest),
            Some(tag) => {
                tagged.clear();
                let taken = taggers[stream as usize].tag(tag, rest, CHUNK, tagged);
                rest = &rest[taken..];
                &tagged[..]
            }
        };
        let written = sink.write(stream, now);
        written.map_err(|e| Error::stream(seq, stream, sink.name(stream), e))?;
    }
    Ok(())
}
