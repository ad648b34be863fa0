//! Progress as text: bars below each other, or one line.
//! It does not know where the text goes, or how often.

use std::time::Duration;

use tine_scheduler::jobs::Standing;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::eta::{about, clock};
use super::groups::{Group, Groups};
use crate::cli::words::{count, plural};

/// Lines that may be drawn at the most: more are not looked at.
const MOST: usize = 10;

/// Columns of a name, and of a bar, at the most.
const NAME: usize = 24;
const BAR: usize = 40;
/// A bar shorter than this shows nothing.
const SHORTEST: usize = 8;

/// What is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// A bar.
    pub(crate) bar: bool,
    /// How long it will take.
    pub(crate) eta: bool,
    /// Colours.
    pub(crate) colour: bool,
    /// How many slots there are.
    pub(crate) slots: usize,
}

impl Look {
    /// All that there is to see, in colours unless `NO_COLOR` is set.
    pub(crate) fn full(slots: usize) -> Look {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Look { bar: true, eta: true, colour, slots }
    }

    /// How many jobs can run side by side, judged by how many slots those take that run.
    pub(super) fn side_by_side(&self, standing: &Standing) -> f64 {
        match standing.busy {
            0 => self.slots as f64,
            busy => self.slots as f64 * standing.running as f64 / busy as f64,
        }
    }
}

/// The lines for a screen of so many columns and rows: one for each group that fits, those that run
/// before those that wait, and one for all.
pub(super) fn bars(
    groups: &Groups,
    standing: &Standing,
    look: Look,
    (columns, rows): (usize, usize),
) -> Vec<String> {
    // The last column stays free: some terminals go to the next line when it is written to.
    let columns = columns.saturating_sub(1);
    let last = cut(&summary(groups, standing, look), columns);
    let [group] = groups.groups.as_slice() else {
        let most = MOST.min(rows.saturating_sub(1)).saturating_sub(1);
        let (shown, rest) = chosen(groups, most);
        let table = Table::new(&shown, columns);
        let left = |group: &Group| {
            let wanted = look.eta && group.ended() < group.total;
            wanted
                .then(|| groups.left_of(group, look.side_by_side(standing), standing.elapsed))
                .flatten()
        };
        let mut lines: Vec<_> = shown.iter().map(|g| table.line(g, left(g), look)).collect();
        let last = rest.map_or(last.clone(), |rest| cut(&format!("{last}; {rest}"), columns));
        lines.push(last);
        return lines;
    };
    if !look.bar {
        return vec![last];
    }
    let width = columns.saturating_sub(last.width() + 2).min(BAR);
    if width < SHORTEST {
        return vec![last];
    }
    vec![format!("{}  {last}", bar(group, width, look.colour))]
}

/// Where things stand, in one line without a bar.
pub(super) fn plain(groups: &Groups, standing: &Standing, look: Look) -> String {
    summary(groups, standing, look)
}

/// How it ended: numbers that add up to all jobs.
pub(super) fn end(groups: &Groups, elapsed: Duration) -> String {
    let sum = groups.sum();
    let left = sum.total.saturating_sub(sum.ended());
    let well = sum.done + sum.fresh == sum.total;
    let fresh = || format!("{} up to date", count(sum.fresh as u64));
    let mut parts = match (sum.done, sum.fresh) {
        (0, 1..) if well => vec![format!("{} up to date", plural(sum.total as u64, "job"))],
        (done, 0) if well => vec![format!("{} done", plural(done as u64, "job"))],
        (done, _) if well => vec![format!("{} done", plural(done as u64, "job")), fresh()],
        (done, n) => {
            let done =
                format!("{} of {} done", count(done as u64), plural(sum.total as u64, "job"));
            [done].into_iter().chain((n > 0).then(fresh)).collect()
        }
    };
    parts.extend(troubles(&sum));
    if left > 0 {
        parts.push(format!("{} not run", count(left as u64)));
    }
    let took = match elapsed.as_secs() {
        0..10 => format!("{:.1} s", elapsed.as_secs_f64()),
        _ => clock(elapsed),
    };
    format!("{} in {took}", parts.join(", "))
}

fn troubles(group: &Group) -> impl Iterator<Item = String> {
    let named =
        [(group.failed, "failed"), (group.skipped, "skipped"), (group.canceled, "canceled")];
    named.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(n as u64)))
}

fn summary(groups: &Groups, standing: &Standing, look: Look) -> String {
    let sum = groups.sum();
    let ended = count(sum.ended() as u64);
    let more = if groups.complete { "" } else { " so far" };
    let mut parts = vec![format!("{ended} of {}{more}", plural(sum.total as u64, "job"))];
    if standing.running > 0 {
        parts.push(format!("{} running", count(standing.running as u64)));
    }
    if standing.put_off > 0 {
        parts.push(format!("{} to be repeated", count(standing.put_off as u64)));
    }
    parts.extend(troubles(&sum));
    parts.push(clock(standing.elapsed));
    if look.eta
        && sum.ended() < sum.total
        && let Some(left) = groups.left(look.side_by_side(standing), standing.elapsed)
    {
        parts.push(format!("{} left", about(left)));
    }
    parts.join(", ")
}

/// The groups that are shown, in their order, and what is to be said of the others.
fn chosen(groups: &Groups, most: usize) -> (Vec<&Group>, Option<String>) {
    let all = || groups.groups.iter().filter(|group| group.total > 0);
    if all().count() <= most {
        return (all().collect(), None);
    }
    let rank = |group: &Group| match (group.running > 0, group.ended() < group.total) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    let mut order: Vec<_> = all().enumerate().collect();
    order.sort_by_key(|(_, group)| rank(group)); // stable
    let hidden = order.split_off(most.min(order.len()));
    order.sort_by_key(|(at, _)| *at);
    let done = hidden.iter().filter(|(_, group)| rank(group) == 2).count();
    let more = hidden.len();
    let groups = format!("{more} more group{}", if more == 1 { "" } else { "s" });
    let rest = match done {
        0 => groups,
        _ if done == more => format!("{groups} done"),
        _ => format!("{groups}, {done} done"),
    };
    (order.into_iter().map(|(_, group)| group).collect(), Some(rest))
}

/// The widths of columns that lines of groups have in common.
struct Table {
    columns: usize,
    name: usize,
    count: usize,
}

impl Table {
    fn new(groups: &[&Group], columns: usize) -> Table {
        let widest = |width: &dyn Fn(&Group) -> usize| groups.iter().map(|g| width(g)).max();
        let name = widest(&|group| group.name.width()).unwrap_or(0);
        let count = widest(&|group| counts(group).width()).unwrap_or(0);
        Table { columns, name: name.min(NAME).min(columns / 3), count }
    }

    fn line(&self, group: &Group, left: Option<Duration>, look: Look) -> String {
        let name = padded(&group.name, self.name);
        let mut tail: Vec<String> = troubles(group).collect();
        tail.extend(left.map(about));
        let tail = tail.join(", ");
        let count = format!("{:>1$}", counts(group), self.count);
        // Room for some words behind the bar, so that bars of all groups are equally long.
        let room = self.columns.saturating_sub(self.name + self.count + 30).min(BAR);
        let gap = if tail.is_empty() { "" } else { "  " };
        if look.bar && room >= SHORTEST {
            let (before, after) = (format!("{name}  "), format!("  {count}{gap}{tail}"));
            let after = cut(&after, self.columns.saturating_sub(before.width() + room));
            return before + &bar(group, room, look.colour) + &after;
        }
        cut(&format!("{name}  {count}{gap}{tail}"), self.columns)
    }
}

fn counts(group: &Group) -> String {
    format!("{}/{}", count(group.ended() as u64), count(group.total as u64))
}

/// A bar of so many columns: what is done, what failed, what runs, and what is left.
fn bar(group: &Group, width: usize, colour: bool) -> String {
    let total = group.total.max(1);
    // What is there is seen, however little it is, and a bar is full when all has ended.
    let part = |jobs: usize| (width * jobs / total).max(usize::from(jobs > 0));
    let troubled = part(group.failed + group.skipped + group.canceled);
    let done = match group.ended() {
        ended if ended >= group.total => width - troubled,
        ended => (width * ended / total).saturating_sub(troubled).min(width - troubled),
    };
    let left = width - troubled - done;
    let running = part(group.running).min(left);
    let mut text = String::new();
    let parts = [("36", '━', done), ("31", '━', troubled), ("36", '╌', running)];
    for (code, sign, len) in parts {
        let (on, off) = match colour && len > 0 {
            true => (format!("\x1b[{code}m"), "\x1b[0m"),
            false => (String::new(), ""),
        };
        text += &on;
        text.extend(std::iter::repeat_n(sign, len));
        text += off;
    }
    let (on, off) = if colour { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    text += on;
    text.extend(std::iter::repeat_n(if colour { '╌' } else { '·' }, left - running));
    text + off
}

/// The text in exactly so many columns.
fn padded(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    let missing = columns.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// The text in at most so many columns. What would move the cursor is left out: names are users'.
fn cut(text: &str, columns: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if text.width() <= columns {
        return text;
    }
    let mut out = String::new();
    let mut width = 1;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width > columns {
            break;
        }
        out.push(c);
    }
    if columns > 0 { out + "…" } else { String::new() }
}
