//! Purity: whether two calls of one function with equal inputs are one task.
//! It does not know how equality is found out: see `Token`.

use std::cell::Cell;
use std::sync::OnceLock;

use tine_scheduler::{Error, ErrorKind, Result};

/// What a call says of itself; it wins over scope and configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purity {
    /// As the innermost [`with_pure`] has it, else `TINE_DELAYED_PURE`, else impure.
    #[default]
    Default,
    /// Equal calls are one task.
    Pure,
    /// Every call is a task of its own.
    Impure,
}

thread_local! {
    static SCOPE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Runs `scope` with calls pure, or not, unless they say themselves what they are.
///
/// Two pure calls of the same function with equal inputs are one task. Inputs are equal by content:
/// a constant by what it serialises to, a lazy one by being the same task. Closures that capture
/// something are never merged.
///
/// ```
/// use tine::prelude::*;
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
/// let (a, b) = tine::with_pure(true, || (inc(1), inc(1)));
/// assert_eq!(a.zip(&b).graph()?.len(), 2); // one `inc`, one `zip`
/// # Ok::<(), tine::Error>(())
/// ```
pub fn with_pure<R>(pure: bool, scope: impl FnOnce() -> R) -> R {
    let _restore = Restore(SCOPE.replace(Some(pure)));
    scope()
}

/// Puts the scope back, also when it is left by a panic.
struct Restore(Option<bool>);

impl Drop for Restore {
    fn drop(&mut self) {
        SCOPE.set(self.0);
    }
}

impl Purity {
    /// Whether a call that says this, here and now, is pure.
    ///
    /// # Errors
    /// A `TINE_DELAYED_PURE` that is neither yes nor no.
    pub(crate) fn holds(self) -> Result<bool> {
        match self {
            Purity::Pure => Ok(true),
            Purity::Impure => Ok(false),
            Purity::Default => SCOPE.get().map_or_else(configured, Ok),
        }
    }
}

/// What the environment says; it is read once.
fn configured() -> Result<bool> {
    static SETTING: OnceLock<Result<bool>> = OnceLock::new();
    SETTING.get_or_init(|| parse(std::env::var("TINE_DELAYED_PURE").ok().as_deref())).clone()
}

fn parse(setting: Option<&str>) -> Result<bool> {
    match setting.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "0" | "false" | "no" | "off") => Ok(false),
        Some("1" | "true" | "yes" | "on") => Ok(true),
        Some(other) => {
            let what = format!("TINE_DELAYED_PURE is `{other}`; write `true` or `false`");
            Err(Error::new(ErrorKind::Config, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_yes_or_no() {
        assert!(!parse(None).unwrap());
        assert!(parse(Some("True")).unwrap());
        assert!(!parse(Some("0")).unwrap());
        assert_eq!(parse(Some("maybe")).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn scopes_nest_and_are_left_by_panics() {
        let pure = || Purity::Default.holds().unwrap();
        with_pure(true, || {
            assert!(pure());
            with_pure(false, || assert!(!pure()));
            assert!(pure());
            assert!(!Purity::Impure.holds().unwrap());
            let panicked = std::panic::catch_unwind(|| with_pure(false, || panic!("on purpose")));
            assert!(panicked.is_err());
            assert!(pure());
        });
    }
}
