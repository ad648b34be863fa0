//! Every scheduler gives the same answers, in spite of errors, deaths and company.
//! It does not test what one worker process does when it is treated badly: see `tests/processes`.

mod agree;
mod conformance;
mod deaths;
mod memory;
mod observers;
mod policies;
mod pressure;
mod repeat;
mod spec;
mod watchdog;
mod wide;

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Tests run side by side in one process; those that count its descriptors, children or memory
/// must be alone.
static COMPANY: RwLock<()> = RwLock::new(());

/// For a test that does not mind others.
fn in_company() -> RwLockReadGuard<'static, ()> {
    COMPANY.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// For a test that counts what the process holds.
fn alone() -> RwLockWriteGuard<'static, ()> {
    COMPANY.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
