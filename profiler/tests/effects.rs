//! Side effects of tasks: those that a forked worker keeps to itself are noticed, others are none.
//! It does not test how they are judged: see `diagnosis`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use tine_profiler::{NoticeKind, profile};
use tine_scheduler::{Buffer, Graph, Processes, Scheduler, Threads, get};

static COUNT: AtomicU64 = AtomicU64::new(0);
static TABLE: OnceLock<Vec<u64>> = OnceLock::new();

/// What is noticed of a run of fifty tasks.
fn noticed(
    body: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
    on: &dyn Scheduler,
) -> Vec<String> {
    let mut g = Graph::builder();
    for i in 0..50u32 {
        let body = body.clone();
        g.task(("work", i), [] as [&str; 0], move || body(i.into()));
    }
    let keys: Vec<_> = (0..50u32).map(|i| ("work", i)).collect();
    let graph = g.build().unwrap();
    let recorded = profile(|| get(&graph, keys, on));
    recorded.output.unwrap();
    let trace = recorded.run.longest().unwrap();
    let effects = trace.notices().iter().filter(|n| n.kind == NoticeKind::SideEffect);
    effects.map(|n| n.text.clone()).collect()
}

fn processes() -> Processes {
    Processes::new().workers(2)
}

#[test]
fn a_captured_mutex_is_noticed_once() {
    let list = Arc::new(Mutex::new(Vec::new()));
    let push = move |x| {
        list.lock().unwrap().push(x);
        x
    };
    let texts = noticed(push.clone(), &processes());
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("work") && texts[0].contains("its closure holds"), "{texts:?}");
    // Threads share it: nothing is lost.
    assert_eq!(noticed(push, &Threads::new().workers(2)), [] as [String; 0]);
}

#[test]
fn a_static_is_noticed_by_name() {
    let texts = noticed(|x| x + COUNT.fetch_add(1, Ordering::Relaxed), &processes());
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("the static `effects::COUNT`"), "{texts:?}");
}

#[test]
fn tasks_without_side_effects_are_not_noticed() {
    let table: Arc<Vec<u64>> = Arc::new((0..1000).collect());
    let name = String::from("a name");
    let plain = move |x: u64| {
        // Allocates, prints into a string, sets up a static once, and reads what it holds.
        let text = format!("{name} {x}");
        let squares = TABLE.get_or_init(|| (0..100).map(|i| i * i).collect());
        table.iter().sum::<u64>() + squares[x as usize] + text.len() as u64
    };
    assert_eq!(noticed(plain, &processes()), [] as [String; 0]);
    let numbers = Buffer::from(vec![1.5f64; 100_000]);
    let shared = move |x: u64| numbers.iter().sum::<f64>() as u64 + x;
    assert_eq!(noticed(shared, &processes()), [] as [String; 0]);
    let dice = |x: u64| {
        let mut map = std::collections::HashMap::new();
        (0..x).for_each(|i| drop(map.insert(i, i.to_string())));
        map.len() as u64
    };
    assert_eq!(noticed(dice, &processes()), [] as [String; 0]);
}
