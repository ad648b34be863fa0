//! A progress bar on the terminal: one line on standard error that is written over.
//! It does not know what the tasks do.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use tine_scheduler::config::units::format_bytes;
use tine_scheduler::{
    GroupProgress, MemoryUse, Observer, Progress, RunEnd, RunView, Stall, Wanted,
};

/// Characters of the bar itself; the whole line stays below 80.
const WIDTH: usize = 36;

/// Draws how far a run is, and takes the bar away at its end.
#[derive(Debug)]
pub(crate) struct Bar {
    title: String,
    colour: bool,
    /// What was said of memory.
    told: Mutex<Vec<String>>,
}

impl Bar {
    /// A bar with this title, of at most 24 characters.
    pub(crate) fn new(title: impl Into<String>, colour: bool) -> Self {
        Bar { title: title.into(), colour, told: Mutex::default() }
    }

    fn line(&self, groups: &[GroupProgress], elapsed: u64) -> String {
        let ended: usize = groups.iter().map(|g| g.ended).sum();
        let total: usize = groups.iter().map(|g| g.total).sum();
        let full = (WIDTH * ended).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
        let (on, off) = if self.colour { ("\x1b[36m", "\x1b[0m") } else { ("", "") };
        let mut line = format!("\r{:<24} {on}", self.title);
        line.extend(std::iter::repeat_n('━', full));
        line.push_str(off);
        line.extend(std::iter::repeat_n('╌', WIDTH - full));
        let percent = (100 * ended).checked_div(total).unwrap_or(100);
        write!(line, " {percent:>3} % {:>5.1} s", elapsed as f64 / 1e9)
            .expect("writing to a String cannot fail");
        line
    }
}

/// What there is to say of a run's memory: nothing, where there is enough.
fn tell(memory: &MemoryUse) -> String {
    let budget = format!("{} ({})", format_bytes(memory.budget), memory.source);
    match (memory.held_back, memory.spilled) {
        (true, _) => {
            format!("memory is short, nothing new is read for now; the budget is {budget}")
        }
        (false, 0) => String::new(),
        (false, _) => format!("results that do not fit are moved to disk; the budget is {budget}"),
    }
}

/// Writes to standard error, without minding whether anybody reads it.
fn draw(text: &str) {
    let mut err = io::stderr().lock();
    drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
}

impl Observer for Bar {
    fn wanted(&self) -> Wanted {
        Wanted { ticks: true, ..Wanted::NOTHING }
    }

    fn run_started(&self, _run: &RunView<'_>) {
        draw(&self.line(&[GroupProgress { ended: 0, total: 1 }], 0));
    }

    fn tick(&self, _run: &RunView<'_>, progress: &Progress<'_>) {
        draw(&self.line(&progress.groups(), progress.elapsed));
    }

    fn memory_changed(&self, _run: &RunView<'_>, memory: &MemoryUse) {
        let text = tell(memory);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.last() != Some(&text) && !text.is_empty() {
            draw(&format!("\r\x1b[Ktine: {text}\n"));
            told.push(text);
        }
    }

    fn stalled(&self, _run: &RunView<'_>, stall: &Stall) -> bool {
        draw(&format!("\r\x1b[Ktine: {}\n", stall.text));
        true
    }

    fn run_finished(&self, _run: &RunView<'_>, _end: &RunEnd<'_>) {
        draw("\r\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_how_far_the_run_is() {
        let groups = [GroupProgress { ended: 3, total: 4 }, GroupProgress { ended: 7, total: 16 }];
        let line = Bar::new("reading", false).line(&groups, 1_250_000_000);
        let bar = format!("{}{}", "━".repeat(18), "╌".repeat(18));
        assert_eq!(line, format!("\r{:<24} {bar}  50 %   1.2 s", "reading"));
        assert!(line.chars().count() < 80);
    }

    #[test]
    fn memory_is_told_of_where_it_is_short() {
        let source = "asked for".to_owned();
        let enough = MemoryUse {
            budget: 512 << 20,
            source,
            results: 1,
            private: 0,
            spilled: 0,
            held_back: false,
        };
        assert_eq!(tell(&enough), "");
        let short = MemoryUse { held_back: true, ..enough.clone() };
        assert!(tell(&short).ends_with("the budget is 512.00 MiB (asked for)"), "{}", tell(&short));
        assert!(tell(&MemoryUse { spilled: 1, ..enough }).contains("moved to disk"));
    }

    #[test]
    fn l16_nothing_to_do_is_complete() {
        let line = Bar::new("x", false).line(&[], 0);
        assert!(line.contains("100 %"), "{line}");
        let done = [GroupProgress { ended: 5, total: 5 }];
        assert!(Bar::new("x", false).line(&done, 0).contains("100 %"));
    }

    #[test]
    fn no_colour_means_no_escape() {
        let groups = [GroupProgress { ended: 0, total: 0 }];
        assert!(!Bar::new("x", false).line(&groups, 0).contains('\x1b'));
        assert!(Bar::new("x", true).line(&groups, 0).contains("\x1b[36m"));
    }
}
