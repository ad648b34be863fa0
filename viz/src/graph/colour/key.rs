//! The key to the colours of a picture: swatches with names, or a ramp with ticks.
//! It does not know where it stands.

use super::super::drawing::{Form, Node, Paint};
use super::measure::{Fold, Measure, Value};
use super::ramp::Ramp;

/// What colours and outlines mean.
#[derive(Clone, Debug, Default)]
pub(in crate::graph) struct Key {
    /// Colours with names.
    pub(in crate::graph) swatches: Vec<(Paint, String)>,
    /// Whether the boxes say these names themselves, as they do those of groups.
    pub(in crate::graph) in_boxes: bool,
    /// What the ramp shows, and the ramp.
    pub(in crate::graph) ramp: Option<(String, Ramp)>,
    /// Why there is no colour.
    pub(in crate::graph) note: Option<String>,
    /// What the bars at the feet of boxes are.
    pub(in crate::graph) bars: Option<String>,
}

impl Key {
    /// The key of a measure, and the paint of each of `values`: by task, or by layer.
    pub(in crate::graph) fn of(
        measure: &Measure,
        values: &[Value],
        layers: bool,
    ) -> (Key, Vec<Paint>) {
        let mut key = Key::default();
        let amounts = values.iter().filter_map(|v| match *v {
            Value::Amount(a) => Some(a),
            _ => None,
        });
        let ramp = Ramp::over(amounts, measure.unit);
        let paint = |v: &Value| match (*v, &ramp) {
            (Value::Amount(a), Some(ramp)) => Paint::Shade(ramp.shade(a)),
            (Value::Class(c), _) => measure.classes[c].1,
            _ => Paint::Plain,
        };
        let paints: Vec<Paint> = values.iter().map(paint).collect();
        let used = |c: usize| measure.values.contains(&Value::Class(c));
        let classes = measure.classes.iter().enumerate().filter(|(c, _)| used(*c));
        key.swatches = classes.map(|(_, (name, paint))| (*paint, name.clone())).collect();
        if ramp.is_none() && key.swatches.is_empty() {
            key.note = Some(match measure.by.needs_trace() {
                true => format!("no {} was recorded", measure.by.name().replace('-', " ")),
                false => "there is nothing to colour".to_owned(),
            });
        }
        let label = |ramp: &Ramp| {
            let fold = match measure.fold {
                _ if !layers => "",
                Fold::Sum => ", all of a layer",
                Fold::Mean => ", mean of a layer",
                Fold::Most => ", most of a layer",
            };
            let scale = if ramp.is_logarithmic() { ", logarithmic" } else { "" };
            format!("{}{fold}{scale}", measure.what)
        };
        key.ramp = ramp.map(|r| (label(&r), r));
        (key, paints)
    }

    /// The forms and outlines that occur among `nodes`, with their names.
    pub(in crate::graph) fn forms(&self, nodes: &[Node]) -> Vec<(&'static str, f64, &'static str)> {
        let any = |f: fn(&Node) -> bool| nodes.iter().any(f);
        let told = self.swatches.iter().any(|s| s.0 == Paint::Failed);
        let forms = [
            (any(|n| n.form == Form::Value), "b data", 6.0, "data"),
            (any(|n| n.asked), "b asked key", 3.0, "asked for"),
            (!told && any(|n| n.failed), "b failed key", 3.0, "failed"),
        ];
        forms
            .into_iter()
            .filter(|f| f.0)
            .map(|(_, class, round, name)| (class, round, name))
            .collect()
    }
}
