//! The task that `TINE_RERUN` names, which is run in the calling thread under a debugger; and what is
//! said where there is none. It does not run it.

use std::sync::Once;

use crate::graph::TaskId;
use crate::plan::Plan;

/// The task that `TINE_RERUN` asks to be run in this thread, uncaught, where the plan has it. Of the
/// first run that does not have it the user is told: others of the program may.
pub(super) fn rerun(plan: &Plan<'_>) -> Option<TaskId> {
    static TOLD: Once = Once::new();
    let name = std::env::var("TINE_RERUN").ok()?;
    let found = find(plan, &name);
    if found.is_none() && !name.is_empty() {
        TOLD.call_once(|| say(&missing(plan, &name)));
    }
    found
}

#[expect(clippy::print_stderr, reason = "the name is for a debugger: nobody else reads of it")]
fn say(text: &str) {
    eprintln!("tine: note: {text}.");
}

fn find(plan: &Plan<'_>, name: &str) -> Option<TaskId> {
    let mut tasks = (0..plan.len()).map(|rank| plan.task(rank));
    tasks.find(|&t| plan.graph().key(t).to_string() == name)
}

/// What is said of a name that no task has: the nearest that one has, which is mostly the same with
/// the hash or the number that the user has left out.
fn missing(plan: &Plan<'_>, name: &str) -> String {
    let graph = plan.graph();
    let keys = (0..plan.len()).map(|rank| graph.key(plan.task(rank)).to_string());
    let begins =
        |key: &String| key.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '(']));
    let near = keys.clone().find(begins).or_else(|| {
        // Of a million keys the first ones must do.
        const MOST: usize = 10_000;
        keys.take(MOST).min_by_key(|key| strsim::levenshtein(key, name))
    });
    let near = near.map(|key| format!("; the nearest is `{key}`")).unwrap_or_default();
    format!(
        "TINE_RERUN='{name}' names no task of this run{near}. The run goes on as if it were not set"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;

    #[test]
    fn a_name_that_no_task_has_is_told_with_the_nearest() {
        let mut g = Graph::builder();
        g.value("x", 1i64);
        for i in 0..3 {
            g.task(("boom-8ac3f01299aa4c1d", i), ["x"], |x: &i64| x + 1);
        }
        g.task("ratio", ["x"], |x: &i64| *x);
        let graph = g.build().unwrap();
        let plan = Plan::new(&graph, &graph.tasks().collect::<Vec<_>>()).unwrap();
        assert!(find(&plan, "boom-8ac3f01299aa4c1d(2)").is_some());
        assert!(find(&plan, "boom").is_none());
        let near = |name| missing(&plan, name);
        assert!(
            near("boom").contains("the nearest is `boom-8ac3f01299aa4c1d(0)`"),
            "{}",
            near("boom")
        );
        assert!(near("ration").contains("the nearest is `ratio`"));
        let empty = Graph::builder().build().unwrap();
        let plan = Plan::new(&empty, &[]).unwrap();
        assert!(missing(&plan, "boom").contains("names no task of this run. "));
    }
}
