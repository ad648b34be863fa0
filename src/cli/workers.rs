//! Who computes what the command has computed: forked processes, or threads where there are none.
//! It does not know what that is.

use tine_scheduler::Scheduler;

use crate::cli::failure::Failure;

/// Forked processes, `count` of them or as many as there are cores, within `memory`.
///
/// # Errors
/// None.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn local(
    count: Option<usize>,
    memory: Option<&str>,
) -> Result<Box<dyn Scheduler>, Failure> {
    let mut processes = tine_scheduler::Processes::new();
    if let Some(count) = count {
        processes = processes.workers(count);
    }
    if let Some(memory) = memory {
        processes = processes.memory(memory);
    }
    Ok(Box::new(processes))
}

/// Threads, `count` of them or as many as there are cores.
///
/// # Errors
/// A budget of memory: nothing keeps threads within one.
#[cfg(any(not(target_os = "linux"), tine_portable))]
pub(crate) fn local(
    count: Option<usize>,
    memory: Option<&str>,
) -> Result<Box<dyn Scheduler>, Failure> {
    if memory.is_some() {
        let failure =
            Failure::usage("--memory needs forked processes, which are there on Linux only");
        return Err(failure.help("leave it out: threads run with what the system gives"));
    }
    let threads = tine_scheduler::Threads::new();
    Ok(Box::new(count.map_or(threads.clone(), |n| threads.workers(n))))
}
