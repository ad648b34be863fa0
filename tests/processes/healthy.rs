//! Tasks that sleep long, and in many ways, but will go on: none is ever proved to be locked.
//! It does not test tasks that are locked: see `deadlocks`.

use std::time::{Duration, Instant};

use tine_scheduler::{Graph, Key, Processes, get};

use crate::runner::step;

#[path = "../../examples/healthy/bodies.rs"]
mod bodies;

/// For so long they are tried again and again.
const TIME: Duration = Duration::from_secs(15);

pub(crate) fn tasks_are_never_proved_locked() {
    let start = Instant::now();
    let mut round = 0;
    while start.elapsed() < TIME {
        let mut g = Graph::builder();
        let keys: Vec<Key> = bodies::ALL.iter().map(|(name, _)| Key::from(*name)).collect();
        for (name, body) in bodies::ALL {
            let (body, time) = (*body, bodies::time(round));
            g.task(*name, [] as [&str; 0], move || body(time));
        }
        let scheduler = Processes::new().workers(bodies::ALL.len());
        let out = get(&g.build().expect("a graph"), keys, &scheduler);
        let out = out.unwrap_or_else(|e| panic!("round {round}: {e}"));
        for (i, (name, _)) in bodies::ALL.iter().enumerate() {
            assert_eq!(out.get::<u64>(i).expect("a number"), 1, "{name}");
        }
        step(format!("round {round}"));
        round += 1;
    }
}
