//! How many processes of this one's control group the kernel has killed for lack of memory.
//! It does not know which.

use std::path::Path;
use std::sync::OnceLock;

use super::cgroup::{self, Group, Version};

/// The count, as it was when it was last asked for.
#[derive(Clone, Debug)]
pub(crate) struct OomKills {
    group: Option<&'static Group>,
    seen: u64,
}

impl OomKills {
    /// Begins to count.
    pub(crate) fn watch() -> Self {
        // Finding the group means reading files; it is the same for the life of the process.
        static GROUP: OnceLock<Option<Group>> = OnceLock::new();
        let group = GROUP.get_or_init(|| {
            let mut chain = cgroup::chain(Path::new("/"), "memory").into_iter();
            chain.find(|g| count(g).is_some())
        });
        OomKills { group: group.as_ref(), seen: group.as_ref().and_then(count).unwrap_or(0) }
    }

    /// Whether processes have been killed since the last call. False where there is no group.
    pub(crate) fn moved(&mut self) -> bool {
        let Some(now) = self.group.and_then(count) else { return false };
        std::mem::replace(&mut self.seen, now) < now
    }
}

fn count(group: &Group) -> Option<u64> {
    let file = match group.version {
        Version::V1 => "memory.oom_control",
        Version::V2 => "memory.events",
    };
    group.field(file, "oom_kill")
}
