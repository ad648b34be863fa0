//! One layer: what groups that are drawn together amount to.
//! It does not know the other layers.

use tine_profiler::TaskRecord;
use tine_scheduler::TaskStatus;

use super::colour::{Fold, Measure, Value, bytes};
use super::drawing::Paint;
use super::{ColourBy, Shape};
use crate::text;

/// Groups of the graph that are drawn as one box.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// What it is called in the picture, and a name that no other has.
    pub(super) name: String,
    pub(super) id: String,
    pub(super) groups: u64,
    pub(super) tasks: u64,
    pub(super) values: u64,
    pub(super) asked: u64,
    pub(super) colour: Option<usize>,
    /// The first task that says where it was created.
    place: Option<usize>,
    pub(super) ran: u64,
    pub(super) failed: u64,
    /// Nanoseconds: of all, and of the longest.
    pub(super) time: u64,
    longest: u64,
    cpu_us: u64,
    result_bytes: u64,
    /// Sum, number and largest of the amounts.
    amounts: (f64, u64, f64),
    /// Number of tasks and their time, by class.
    classes: Vec<(u64, u64)>,
}

impl Layer {
    /// A layer without tasks.
    pub(super) fn new(name: String, id: String) -> Layer {
        Layer { name, id, ..Layer::default() }
    }

    /// Counts a task in.
    pub(super) fn add(&mut self, shape: &Shape, task: usize, measure: &Measure) {
        match shape.is_value(task) {
            true => self.values += 1,
            false => self.tasks += 1,
        }
        self.asked += u64::from(shape.is_output(task));
        if self.place.is_none() && shape.created_at(task).is_some() {
            self.place = Some(task);
        }
        match measure.value(task) {
            Value::Amount(a) => {
                let (sum, n, most) = self.amounts;
                self.amounts = (sum + a, n + 1, most.max(a));
            }
            Value::Class(c) => self.class(c).0 += 1,
            Value::Unknown => {}
        }
    }

    /// Adds what a task of it cost.
    pub(super) fn add_record(&mut self, record: &TaskRecord<'_>, value: Value) {
        let took = record.duration();
        self.ran += u64::from(record.ran());
        self.failed += u64::from(record.status == TaskStatus::Failed);
        self.time += took;
        self.longest = self.longest.max(took);
        self.cpu_us += u64::from(record.cpu_us.unwrap_or(0));
        self.result_bytes += record.result_bytes;
        if let Value::Class(c) = value {
            self.class(c).1 += took;
        }
    }

    fn class(&mut self, class: usize) -> &mut (u64, u64) {
        if self.classes.len() <= class {
            self.classes.resize(class + 1, (0, 0));
        }
        &mut self.classes[class]
    }

    /// What the colour of the whole layer says.
    pub(super) fn value(&self, measure: &Measure) -> Value {
        let (sum, n, most) = self.amounts;
        if n > 0 {
            return Value::Amount(match measure.fold {
                Fold::Sum => sum,
                Fold::Mean => sum / n as f64,
                Fold::Most => most,
            });
        }
        // No class stands for several workers: the bar shows them.
        let worst = self.classes.iter().rposition(|c| c.0 > 0);
        match worst {
            Some(c) if measure.by != ColourBy::Worker => Value::Class(c),
            _ => Value::Unknown,
        }
    }

    /// How many tasks and values it has.
    pub(super) fn size(&self) -> String {
        match (self.tasks, self.values) {
            (0, n) => text::plural(n, "value"),
            (n, 0) => text::plural(n, "task"),
            (n, m) => format!("{}, {}", text::plural(n, "task"), text::plural(m, "value")),
        }
    }

    /// Its time as a part of the longest layer's, by class where that says more.
    pub(super) fn bar(&self, measure: &Measure, longest: u64, paint: Paint) -> Vec<(f64, Paint)> {
        if self.ran == 0 || longest == 0 {
            return Vec::new();
        }
        let share = |time: u64| time as f64 / longest as f64;
        if matches!(measure.by, ColourBy::Worker | ColourBy::Status) && !measure.classes.is_empty()
        {
            let classes = self.classes.iter().zip(&measure.classes);
            let parts = classes.map(|((_, time), (_, paint))| (share(*time), *paint));
            return parts.filter(|p| p.0 > 0.0).collect();
        }
        vec![(share(self.time), paint)]
    }

    /// What is said of it under the pointer; `inner` edges go from task to task within it.
    pub(super) fn title(&self, shape: &Shape, measure: &Measure, inner: u64) -> String {
        let mut lines = vec![text::shorten(&self.id, text::MOST_OF_A_NAME), self.size()];
        if self.groups > 1 {
            lines.push(text::plural(self.groups, "group"));
        }
        if inner > 0 {
            lines.push(format!("{} among its own tasks", text::plural(inner, "edge")));
        }
        if self.asked > 0 {
            lines.push(format!("{} asked for", text::count(self.asked)));
        }
        let place = self.place.and_then(|t| shape.created_at(t));
        lines.extend(place.map(|p| format!("first created at {p}")));
        self.cost(&mut lines);
        if let Value::Amount(amount) = self.value(measure) {
            lines.push(format!("{}: {}", measure.what, measure.unit.show(amount)));
        }
        for ((n, _), (name, _)) in self.classes.iter().zip(&measure.classes) {
            if *n > 0 && measure.by != ColourBy::Critical {
                lines.push(format!("{name}: {}", text::plural(*n, "task")));
            }
        }
        lines.join("\n")
    }

    fn cost(&self, lines: &mut Vec<String>) {
        if self.ran == 0 {
            return;
        }
        lines.push(format!("took {} in all", text::duration(self.time)));
        let mean = self.time / self.ran;
        let (mean, longest) = (text::duration(mean), text::duration(self.longest));
        lines.push(format!("{mean} on average, {longest} at the most"));
        if self.cpu_us > 0 {
            lines.push(format!("CPU time {}", text::duration(self.cpu_us.saturating_mul(1000))));
        }
        if self.result_bytes > 0 {
            lines.push(format!("results {}", bytes(self.result_bytes)));
        }
        if self.failed > 0 {
            lines.push(format!("{} failed", text::count(self.failed)));
        }
    }
}
