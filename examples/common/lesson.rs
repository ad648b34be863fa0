//! What the lessons share: where their data and their pictures are, headings, a clock.
//! It knows nothing of what they teach.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use tine_datasets::{Dataset, Recipe, ensure};

/// One lesson, and its folder for pictures.
pub(crate) struct Lesson {
    pictures: PathBuf,
}

impl Lesson {
    /// Begins a lesson: its pictures go to `tine-lessons/` and the lesson's name, or to such a folder
    /// below that of `TINE_LESSONS`.
    pub(crate) fn begin(name: &str, title: &str) -> Result<Lesson, Box<dyn Error>> {
        let pictures = folder("TINE_LESSONS", "tine-lessons").join(name);
        fs::create_dir_all(&pictures)
            .map_err(|e| format!("cannot make the folder {}: {e}", pictures.display()))?;
        say(&format!("{title}\n{}", "=".repeat(title.chars().count())));
        Ok(Lesson { pictures })
    }

    /// The file of a picture.
    pub(crate) fn picture(&self, name: &str) -> PathBuf {
        self.pictures.join(name)
    }

    /// Ends the lesson: says where the pictures are.
    pub(crate) fn end(&self) {
        say(&format!("\nPictures are in {}; a browser shows them.", self.pictures.display()));
    }
}

/// The folder of the data, `tine-data/` or that of `TINE_DATA`, with these data in it: what is missing
/// is written, as `tine prep` does it, on worker processes.
pub(crate) fn data(datasets: &[Dataset]) -> Result<PathBuf, Box<dyn Error>> {
    let folder = folder("TINE_DATA", "tine-data");
    ensure(&folder, Recipe::SMALL, datasets)?;
    Ok(folder)
}

fn folder(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(default), PathBuf::from)
}

/// Begins a part of a lesson.
pub(crate) fn part(heading: &str) {
    say(&format!("\n{heading}\n{}", "-".repeat(heading.chars().count())));
}

/// Says something to the learner.
#[expect(clippy::print_stdout, reason = "a lesson speaks")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Says something to the learner, with values in it.
macro_rules! say {
    ($($text:tt)*) => { $crate::lesson::say(&format!($($text)*)) };
}

/// What `work` returns, and how long it took, in milliseconds.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let value = work();
    (value, started.elapsed().as_secs_f64() * 1e3)
}
