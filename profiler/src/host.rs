//! What is said of the machine that a run happened on.
//! It knows nothing of runs.

use std::sync::OnceLock;

use sysinfo::System;

/// The machine that a run happened on; what the system does not tell is empty or 0.
///
/// ```
/// let host = tine_profiler::Host::current();
/// assert!(host.cores > 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Its name in the network.
    pub name: String,
    /// Operating system and release: `Debian GNU/Linux 12`.
    pub os: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Model of the first processor.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: u32,
    /// Main memory in bytes.
    pub memory: u64,
}

impl Host {
    /// Returns the facts of this machine, which are asked for once a process.
    pub fn current() -> Host {
        static HOST: OnceLock<Host> = OnceLock::new();
        HOST.get_or_init(Host::ask).clone()
    }

    fn ask() -> Host {
        let mut system = System::new().ok();
        if let Some(s) = &mut system {
            s.refresh_memory();
            s.refresh_cpu_all();
        }
        let first = system.as_ref().and_then(|s| s.cpus().first());
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Host {
            name: System::host_name().unwrap_or_default(),
            os: System::long_os_version().unwrap_or_default(),
            kernel: System::kernel_version().unwrap_or_default(),
            cpu: first.map(|c| c.brand().trim().to_owned()).unwrap_or_default(),
            cores: u32::try_from(cores).unwrap_or(u32::MAX),
            memory: system.as_ref().map_or(0, System::total_memory),
        }
    }
}
