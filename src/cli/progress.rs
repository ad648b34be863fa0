//! A progress bar on the terminal: one line on standard error that is written over.
//! It does not know what the tasks do.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use tine_scheduler::{GroupProgress, Observer, Progress, RunEnd, RunView, Stall, Wanted};

/// Characters of the bar itself; the whole line stays below 80.
const WIDTH: usize = 36;

/// Draws how far a run is, and takes the bar away at its end.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    title: String,
    colour: bool,
}

impl Bar {
    /// A bar with this title, of at most 24 characters.
    pub(crate) fn new(title: impl Into<String>, colour: bool) -> Self {
        Bar { title: title.into(), colour }
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
