//! How many bytes a task costs: of the graph and its plan on the heap, and of the table of a run.
//! It does not time anything. Prints one JSON line; `footprint [--tasks N] [--workers W]`.
#![expect(unsafe_code, reason = "a counting allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tine_scheduler::{Graph, Inputs, Observer, Plan, Processes, Scheduler, TaskId};

/// The system's allocator, with a count of what is out.
struct Counting;

static OUT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        OUT.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        OUT.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static HEAP: Counting = Counting;

/// What the shared mappings of tables hold, whichever process touched it: the pages of their files,
/// or where the system does not show them, those that this process has touched.
fn table_bytes() -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut touched = false;
    let mut total = 0;
    for line in maps.lines() {
        if line.contains("/memfd:tine-table") {
            let range = line.split(' ').next().unwrap_or_default();
            let pages = std::fs::metadata(format!("/proc/self/map_files/{range}"));
            total += pages.as_ref().map_or(0, |file| file.blocks() as usize * 512);
            touched = pages.is_err();
        } else if let Some(rss) = line.strip_prefix("Rss:") {
            let kb = rss.trim().trim_end_matches(" kB").parse::<usize>();
            total += if touched { kb.unwrap_or(0) * 1024 } else { 0 };
            touched = false;
        }
    }
    total
}

fn option(name: &str, default: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|a| a != name).skip(1);
    arguments.next().and_then(|v| v.parse().ok()).unwrap_or(default)
}

#[expect(clippy::print_stdout, reason = "the example's output")]
fn main() -> tine_scheduler::Result<()> {
    let (tasks, workers) = (option("--tasks", 1_000_000), option("--workers", 2));
    let start = OUT.load(Ordering::Relaxed);
    let mut g = Graph::builder();
    let inc = |i: u64| move || i + 1;
    let leaves = tasks * 15 / 16;
    let mut layer: Vec<TaskId> =
        (0..leaves).map(|i| g.task(("inc", i as u32), [] as [&str; 0], inc(i as u64))).collect();
    let mut sums = 0u32;
    while layer.len() > 1 {
        let next = layer.chunks(16).map(|part| {
            sums += 1;
            g.gather(("sum", sums - 1), part.iter().copied(), |xs: Inputs<'_, u64>| {
                xs.map(|x| *x).sum::<u64>()
            })
        });
        layer = next.collect();
    }
    let root = layer[0];
    drop(layer);
    let graph = g.build()?;
    let plan = Plan::new(&graph, &[root])?;
    let heap = OUT.load(Ordering::Relaxed) - start;
    let seen = Arc::new(Seen::default());
    let observer: Arc<dyn Observer> = seen.clone();
    let out = Processes::new().workers(workers).run(&plan, &[observer])?;
    let table = seen.0.load(Ordering::Relaxed);
    let n = plan.len();
    println!(
        "{{\"bench\":\"footprint\",\"tasks\":{n},\"workers\":{workers},\"heap_bytes\":{heap},\
         \"table_bytes\":{table},\"bytes_per_task\":{:.1},\"result\":{}}}",
        (heap + table) as f64 / n as f64,
        out.get::<u64>(0)?,
    );
    Ok(())
}

/// Looks at the mappings while the run's table is there.
#[derive(Debug, Default)]
struct Seen(AtomicUsize);

impl Observer for Seen {
    fn run_finished(&self, _: &tine_scheduler::RunView<'_>, _: &tine_scheduler::RunEnd<'_>) {
        self.0.store(table_bytes(), Ordering::Relaxed);
    }
}
