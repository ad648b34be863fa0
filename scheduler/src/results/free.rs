//! The end of a result: its memory is given back, once, by whoever finds that nobody holds it.
//! It does not know who held it.

use std::sync::atomic::Ordering;

use super::stream::Stream;
use super::word::{Status, Word, live};
use super::{Kind, begin_free, block_of, end_free, take_memory};
use crate::arena::{Arena, Tag};
use crate::kill_point::kill_point;
use crate::panics;
use crate::table::{PINNED, Table};

impl Table {
    /// Frees the result of `task`, which nobody holds, and those that only it held.
    pub(crate) fn free_result(&self, task: u32, worker: u16, arena: Option<&'static Arena>) {
        let mut stack = vec![task];
        while let Some(task) = stack.pop() {
            let cell = self.cell(task);
            if cell.flags.load(Ordering::SeqCst) & PINNED != 0 {
                continue;
            }
            let slot = self.slot(worker.into());
            slot.set_freeing(task);
            kill_point!(MidFree);
            // Whoever moves it changes the word meanwhile, and is then soon done.
            let mut word = live(cell);
            while word.is_some_and(|w| !begin_free(cell, w, worker)) {
                word = live(cell);
            }
            if let Some(word) = word {
                kill_point!(MidFree);
                match word.kind {
                    Kind::Inline => {}
                    Kind::Memory if arena.is_some() => {}
                    Kind::Memory => panics::dispose(take_memory(cell)),
                    Kind::Block => self.free_blocks(task, arena, &mut stack),
                }
                kill_point!(MidFree);
                end_free(cell);
            }
            slot.set_freeing(crate::table::NOBODY);
        }
    }

    /// Frees the blocks of a result, its stream last: while that is there, all can be done again.
    fn free_blocks(&self, task: u32, arena: Option<&'static Arena>, stack: &mut Vec<u32>) {
        let Some(arena) = arena else { return };
        let block = block_of(self.cell(task));
        let tag = Tag { epoch: self.epoch(), task };
        if !arena.has_tag(block.offset, tag) {
            return;
        }
        if let Ok(stream) = Stream::read(arena, block) {
            for alias in stream.aliases() {
                let (producer, bit) = (alias.producer, alias.bit);
                let is_edge = producer < self.last() && bit < self.out_degree(producer);
                if is_edge && self.drop_hold(producer, bit) {
                    stack.push(producer);
                }
                kill_point!(MidFree);
            }
            for block in stream.blocks() {
                arena.free(block.offset, Some(tag));
                kill_point!(MidFree);
            }
        }
        arena.free(block.offset, Some(tag));
    }

    /// Ends the freeing that dead `worker` was in the middle of, or about to begin.
    pub(crate) fn resume_free(&self, task: u32, worker: u16, arena: Option<&'static Arena>) {
        let cell = self.cell(task);
        let word = Word::load(cell);
        if word.is_some_and(Word::is_live) && self.is_let_go(task) {
            return self.free_result(task, self.workers() as u16, arena);
        }
        let mine = word.is_some_and(|w| w.status == Status::Freeing && w.worker == worker);
        if !mine {
            return;
        }
        let mut stack = Vec::new();
        self.free_blocks(task, arena, &mut stack);
        end_free(cell);
        for task in stack {
            self.free_result(task, self.workers() as u16, arena);
        }
    }

    /// Drops what is left in the cells of a run within one process.
    pub(crate) fn drop_results(&self) {
        for task in 0..self.last() {
            let cell = self.cell(task);
            if let Some(word) = live(cell).filter(|w| w.kind == Kind::Memory)
                && begin_free(cell, word, 0)
            {
                panics::dispose(take_memory(cell));
                end_free(cell);
            }
        }
    }
}
