//! A drawing in the language of Graphviz, by the printer of `graphviz-rust`.
//! It runs no program: whoever has `dot` gives it the text.

use std::io::{self, Write};

use graphviz_rust::dot_structures::{
    Attribute, Edge, EdgeTy, Graph, GraphAttributes, Id, Node, NodeId, Stmt, Vertex,
};
use graphviz_rust::printer::{DotPrinter, PrinterContext};

use super::Direction;
use super::drawing::{self, Drawing, Form, Paint};
use crate::palette::{self, Colour};

const GREY: &str = "#7d8796";
const RED: &str = "#c1121f";
const STRONG: &str = "#d55e00";

pub(super) fn write(drawing: &Drawing, title: &str, out: &mut impl Write) -> io::Result<()> {
    let graph =
        Graph::DiGraph { id: quoted("tine"), strict: true, stmts: statements(drawing, title) };
    writeln!(out, "{}", graph.print(&mut PrinterContext::default()))
}

fn statements(drawing: &Drawing, title: &str) -> Vec<Stmt> {
    let heading = heading(drawing, title);
    let font = ("fontname", "monospace");
    let mut whole = vec![("label", heading.as_str()), ("labelloc", "t"), font];
    if drawing.direction == Direction::Right {
        whole.push(("rankdir", "LR"));
    }
    let mut stmts: Vec<Stmt> = vec![
        GraphAttributes::Graph(attributes(&whole)).into(),
        GraphAttributes::Node(attributes(&[font, ("fontsize", "11"), ("style", "rounded,filled")]))
            .into(),
        GraphAttributes::Edge(attributes(&[
            ("color", "#8b94a3"),
            ("arrowsize", "0.7"),
            font,
            ("fontsize", "10"),
            ("fontcolor", "#5b6472"),
        ]))
        .into(),
    ];
    let boxes = drawing.nodes.iter().filter(|n| n.form != Form::Count);
    stmts.extend(boxes.map(|n| Node::new(id(n), node_attributes(n)).into()));
    stmts.extend(edges(drawing));
    stmts
}

/// The heading, and below it what the colours say.
fn heading(drawing: &Drawing, title: &str) -> String {
    let mut lines = vec![format!("{title}: {}", drawing.summary)];
    let key = &drawing.key;
    if let Some((what, ramp)) = &key.ramp {
        let ticks: Vec<String> = ramp.ticks().into_iter().map(|t| t.1).collect();
        lines.push(format!("{what}: dark {} light", ticks.join(" … ")));
    }
    lines.extend(key.note.clone());
    lines.join("\n")
}

/// A number on the way between two boxes becomes the label of one edge.
fn edges(drawing: &Drawing) -> Vec<Stmt> {
    let nodes = &drawing.nodes;
    let mut from = vec![None; nodes.len()];
    for link in drawing.links.iter().filter(|l| nodes[l.to].form == Form::Count) {
        from[link.to] = Some(link.from);
    }
    let edge = |link: &drawing::Link| {
        let start = from[link.from].unwrap_or(link.from);
        let count = (start != link.from).then(|| nodes[link.from].lines.join(" "));
        let mut all = Vec::new();
        if let Some(count) = &count {
            all.extend([("label", count.as_str()), ("tooltip", &nodes[link.from].title)]);
        }
        if link.strong {
            all.extend([("color", STRONG), ("penwidth", "2.6")]);
        }
        let ty = EdgeTy::Pair(Vertex::N(id(&nodes[start])), Vertex::N(id(&nodes[link.to])));
        Edge { ty, attributes: attributes(&all) }.into()
    };
    let ends = drawing.links.iter().filter(|l| nodes[l.to].form != Form::Count);
    ends.map(edge).collect()
}

fn id(node: &drawing::Node) -> NodeId {
    NodeId(quoted(&node.id), None)
}

fn node_attributes(node: &drawing::Node) -> Vec<Attribute> {
    let label = node.lines.join("\n");
    let (fill, line, ink) = match node.paint {
        Paint::Swatch(n) => (Colour::of(n).mix([255; 3], 0.16).hex(), Colour::of(n).hex(), "#000"),
        Paint::Shade(n) => (palette::shade(n).hex(), "#5b6472".to_owned(), palette::shade(n).ink()),
        Paint::Failed => ("#fbe0e1".to_owned(), RED.to_owned(), "#000"),
        Paint::Plain => ("#f1f3f6".to_owned(), GREY.to_owned(), "#000"),
    };
    let width = if node.asked || node.failed { "3" } else { "1.2" };
    let line = if node.failed { RED } else { &line };
    let (shape, kind) = match node.form {
        Form::Value => ("ellipse", "value"),
        _ => ("box", "task"),
    };
    // Read again by `Shape::from_dot`.
    let class = if node.asked { format!("{kind} output") } else { kind.to_owned() };
    // Colours of three digits are not known to Graphviz.
    let ink = if ink == "#fff" { "#ffffff" } else { "#000000" };
    attributes(&[
        ("label", &label),
        ("tooltip", &node.title),
        ("shape", shape),
        ("class", &class),
        ("fillcolor", &fill),
        ("color", line),
        ("fontcolor", ink),
        ("penwidth", width),
    ])
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<Attribute> {
    pairs.iter().map(|&(name, v)| Attribute(Id::Plain(name.to_owned()), quoted(v))).collect()
}

/// A quoted string: the printer of `graphviz-rust` writes what it is given as it is. Graphviz reads
/// a backslash in labels as the beginning of something, and two as one.
fn quoted(text: &str) -> Id {
    let inner = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    Id::Escaped(format!("\"{inner}\""))
}
