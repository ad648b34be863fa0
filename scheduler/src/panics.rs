//! Panics of tasks: caught here and nowhere else, with the place that only the hook knows.
//! It does not know what becomes of the error.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::ptr::NonNull;
use std::sync::{Once, OnceLock, mpsc};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::table::Slot;
use crate::worker;

/// What the runtime says of a panic during a panic, after both; it adds nothing to them.
const IN_CLEANUP: &str = "panic in a destructor during cleanup";

/// What the hook saw.
struct Seen {
    text: String,
    place: Option<Place>,
    backtrace: Option<String>,
}

thread_local! {
    /// Set while a task runs on this thread.
    static WATCHED: RefCell<Option<Watched>> = const { RefCell::new(None) };
}

struct Watched {
    slot: NonNull<Slot>,
    seen: Option<Seen>,
}

/// Makes panics of tasks silent and known; those of everybody else go to the hook before.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) && !QUIET.get() {
                before(info);
            }
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) -> bool {
    if QUIET.get() {
        return true;
    }
    WATCHED.with(|watched| {
        let Ok(mut watched) = watched.try_borrow_mut() else { return false };
        let Some(watched) = watched.as_mut() else { return false };
        let place = info.location().map(Place::from);
        let text = text_of(info.payload());
        // For the case that the process does not survive: panic=abort, or a panic in a drop.
        let at = place.as_ref().map_or_else(String::new, |p| format!(", at {p}"));
        if text != IN_CLEANUP {
            slot_of(watched).leave_words(&format!("{text}{at}"));
        }
        let backtrace = if can_trace() { backtrace() } else { None };
        watched.seen = Some(Seen { text, place, backtrace });
        true
    })
}

fn backtrace() -> Option<String> {
    let trace = Backtrace::capture();
    (trace.status() == BacktraceStatus::Captured).then(|| users_frames(&trace.to_string()))
}

/// Whether backtraces can be had here. They take a lock of the standard library's, and another
/// thread of the parent, which was about to print a panic of its own, may have held it at the fork.
/// Another thread tries, the first time: it may never come back from it.
fn can_trace() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    if !worker::is_process() {
        return true;
    }
    *CAN.get_or_init(|| {
        let (tried, done) = mpsc::channel();
        let trial = std::thread::Builder::new().spawn(move || {
            drop(Backtrace::capture());
            let _ = tried.send(());
        });
        trial.is_ok() && done.recv_timeout(TRIAL).is_ok()
    })
}

/// To capture a trace takes microseconds; a lock that is held so long is held for ever.
const TRIAL: Duration = Duration::from_millis(200);

/// The frames of a backtrace that are the user's: between the machinery of panics and the engine.
fn users_frames(trace: &str) -> String {
    let mut frames: Vec<Vec<&str>> = Vec::new();
    for line in trace.lines() {
        let place = line.trim_start().starts_with("at ");
        match frames.last_mut() {
            Some(frame) if place => frame.push(line),
            _ => frames.push(vec![line]),
        }
    }
    let has = |frame: &[&str], name: &str| frame.first().is_some_and(|l| l.contains(name));
    let machinery = ["rust_begin_unwind", "core::panicking::", "std::panicking::", "panic_fmt"];
    // Frames of panics lie below the task too, where it is called: only those above the engine count.
    let engine = |f: &Vec<&str>| has(f, "tine_scheduler::worker::");
    let end = frames.iter().position(engine).unwrap_or(frames.len());
    let from = frames[..end].iter().rposition(|f| machinery.iter().any(|m| has(f, m)));
    let own = |f: &Vec<&str>| has(f, "tine_scheduler::") || has(f, "tine_delayed::");
    let users = frames[..end].iter().skip(from.map_or(0, |i| i + 1)).filter(|f| !own(f));
    users.flatten().copied().collect::<Vec<_>>().join("\n")
}

#[expect(unsafe_code, reason = "`watch` keeps the slot borrowed while it is set")]
fn slot_of(watched: &Watched) -> &Slot {
    // SAFETY: `watch` holds `&Slot` for as long as the pointer is in `WATCHED`.
    unsafe { watched.slot.as_ref() }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    if let Some(s) = payload.downcast_ref::<&str>() {
        return (*s).to_owned();
    }
    payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic without a text".into())
}

/// Runs `body` with its panics turned into errors.
pub(crate) fn watch(
    slot: &Slot,
    body: impl FnOnce() -> std::thread::Result<Result<()>>,
) -> Result<()> {
    let outer = WATCHED.replace(Some(Watched { slot: NonNull::from(slot), seen: None }));
    let done = body();
    let seen = WATCHED.replace(outer).and_then(|w| w.seen);
    if seen.is_some() {
        // Also of a panic that the body caught itself: what comes later has other reasons.
        slot.forget_words();
    }
    let payload = match done {
        Ok(result) => return result,
        // Not a panic, but the engine's own way out of a body that cannot go on.
        Err(payload) => match payload.downcast::<Error>() {
            Ok(error) => return Err(*error),
            Err(payload) => payload,
        },
    };
    let (text, place, backtrace) = match seen {
        Some(seen) => (seen.text, seen.place, seen.backtrace),
        None => (text_of(&*payload), None, None),
    };
    // A payload may panic when it is dropped; there is nothing more to learn from it.
    std::mem::forget(payload);
    Err(Error::new(ErrorKind::Panic, text).panicked(place, backtrace))
}

/// Whether the task that runs on this thread was asked to stop.
pub(crate) fn is_asked_to_stop() -> bool {
    WATCHED.with_borrow(|watched| watched.as_ref().is_some_and(|w| slot_of(w).is_asked()))
}

thread_local! {
    /// Set while a panic of this thread is an answer, and nobody's news.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`; `Err` with the text where it panics, of which nobody else hears.
pub(crate) fn quietly<T>(f: impl FnOnce() -> T) -> std::result::Result<T, String> {
    install_hook();
    let before = QUIET.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    done.map_err(|payload| {
        let text = text_of(&*payload);
        std::mem::forget(payload);
        text
    })
}

/// Drops a task's value outside of the task. It may panic: the text is printed, nobody is to blame.
pub(crate) fn dispose<T>(value: T) {
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| drop(value))) {
        std::mem::forget(payload);
    }
}
