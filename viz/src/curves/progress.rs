//! How much of each group had ended.
//! It places nothing.

use tine_profiler::Trace;

use super::panel::{Buckets, Hover, Panel, Series, Unit};
use crate::label::Labels;
use crate::text;

/// More lines than this cannot be followed: the groups that took most time are shown.
const MOST: usize = 10;
/// How many of the curve's points share what is said of them.
const TOGETHER: usize = 6;

/// One line a group, from none of its tasks to all.
pub(super) fn progress(trace: &Trace, buckets: Buckets) -> Panel {
    let mut panel = Panel::new("progress", Unit::Share);
    let totals = trace.group_totals();
    let used: Vec<usize> = (0..totals.len()).filter(|&g| totals[g].tasks > 0).collect();
    if totals.iter().all(|t| t.ran == 0) {
        panel.empty = Some("No task ran.");
        return panel;
    }
    let mut shown: Vec<usize> = used.iter().copied().filter(|&g| totals[g].ran > 0).collect();
    shown.sort_by_key(|&g| (std::cmp::Reverse(totals[g].time), g));
    shown.truncate(MOST);
    shown.sort_unstable();
    let ended = ended(trace, &shown, buckets);
    let (all, ran): (u64, u64) =
        totals.iter().fold((0, 0), |(all, ran), t| (all + t.tasks, ran + t.ran));
    panel.summary = match ran == all {
        true => format!("all of {}", text::plural(all, "task")),
        false => format!("{} of {}", text::count(ran), text::plural(all, "task")),
    };
    panel.most = 1.05;
    let mut labels = Labels::default();
    let names: Vec<String> = trace.groups().iter().map(|g| labels.group(&g.name)).collect();
    let mut said = vec![String::new(); buckets.count.div_ceil(TOGETHER)];
    for (counts, &group) in ended.iter().zip(&shown) {
        let place = used.iter().position(|&u| u == group).unwrap_or(0);
        let total = totals[group].tasks;
        let share = |n: u64| n as f64 / total.max(1) as f64;
        let mut points = vec![(0, 0.0)];
        let mut sum = 0;
        for (b, n) in counts.iter().enumerate() {
            let flat = *n == 0 && points.len() > 1 && b + 1 < counts.len();
            sum += n;
            if flat && points[points.len() - 2].1 == share(sum) {
                points.pop();
            }
            points.push((buckets.start(b + 1), share(sum)));
            if b % TOGETHER == TOGETHER - 1 || b + 1 == counts.len() {
                let line = &mut said[b / TOGETHER];
                *line +=
                    &format!("\n{}: {} of {}", names[group], text::count(sum), text::count(total));
            }
        }
        let colour = crate::palette::class(place);
        panel.lines.push(Series { class: colour.replace('c', "s"), points });
        panel.explain(&colour, names[group].clone());
    }
    if used.len() > shown.len() {
        let more = (used.len() - shown.len()) as u64;
        panel.explain("", format!("and {}", text::plural(more, "smaller group")));
    }
    panel.hovers = said
        .into_iter()
        .enumerate()
        .map(|(i, lines)| {
            let (from, end) = (i * TOGETHER, (i * TOGETHER + TOGETHER).min(buckets.count));
            let (from, to) = (buckets.start(from), buckets.start(end));
            Hover { from, to, text: format!("ended until {}{lines}", text::duration(to)) }
        })
        .collect();
    panel
}

/// Tasks of each of these groups that ended in each bucket.
fn ended(trace: &Trace, groups: &[usize], buckets: Buckets) -> Vec<Vec<u64>> {
    let mut ended = vec![vec![0; buckets.count]; groups.len()];
    let mut place = vec![usize::MAX; trace.groups().len()];
    groups.iter().enumerate().for_each(|(i, &g)| place[g] = i);
    for t in trace.tasks().filter(|t| t.ran() && place[t.group] < groups.len()) {
        ended[place[t.group]][buckets.of(t.ended.saturating_sub(1))] += 1;
    }
    ended
}
