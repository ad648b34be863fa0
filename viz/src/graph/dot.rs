//! A drawing in the language of Graphviz, by the printer of `graphviz-rust`.
//! It runs no program: whoever has `dot` gives it the text.

use std::io::{self, Write};

use graphviz_rust::dot_structures::{
    Attribute, Edge, EdgeTy, Graph, GraphAttributes, Id, Node, NodeId, Stmt, Subgraph, Vertex,
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
    let note = drawing.key.note.as_ref().map_or(String::new(), |n| format!("\n{n}"));
    let heading = format!("{title}: {}{note}", drawing.summary);
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
    stmts.extend(key(drawing));
    stmts
}

/// The key to the colours, as boxes of its own: Graphviz has no legends.
fn key(drawing: &Drawing) -> Option<Stmt> {
    let key = &drawing.key;
    let samples = key.ramp.iter().flat_map(|(_, ramp)| ramp.samples());
    let mut entries: Vec<(Paint, String)> = samples.map(|(n, l)| (Paint::Shade(n), l)).collect();
    if !key.in_boxes {
        entries.extend(key.swatches.iter().cloned());
    }
    if entries.is_empty() {
        return None;
    }
    let label = key.ramp.as_ref().map_or("key", |(what, _)| what);
    let whole = attributes(&[("label", label), ("color", GREY), ("fontsize", "10")]);
    let mut stmts: Vec<Stmt> = vec![GraphAttributes::Graph(whole).into()];
    for (i, (paint, name)) in entries.iter().enumerate() {
        let (fill, line, ink) = colours(*paint);
        let all = attributes(&[
            ("label", name),
            ("shape", "box"),
            ("class", "key"),
            ("fillcolor", &fill),
            ("color", &line),
            ("fontcolor", ink),
        ]);
        stmts.push(Node::new(key_id(i), all).into());
    }
    // Edges that are not seen put them one below the other, in order.
    for i in 1..entries.len() {
        let ty = EdgeTy::Pair(Vertex::N(key_id(i - 1)), Vertex::N(key_id(i)));
        stmts.push(Edge { ty, attributes: attributes(&[("style", "invis")]) }.into());
    }
    Some(Stmt::Subgraph(Subgraph { id: quoted("cluster key"), stmts }))
}

fn key_id(entry: usize) -> NodeId {
    NodeId(quoted(&format!("key {entry}")), None)
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

/// Of the fill, the line and the text. Graphviz knows no colours of three digits.
fn colours(paint: Paint) -> (String, String, &'static str) {
    const BLACK: &str = "#000000";
    let ink = |colour: Colour| if colour.ink() == "#fff" { "#ffffff" } else { BLACK };
    match paint {
        Paint::Swatch(n) => (Colour::of(n).mix([255; 3], 0.16).hex(), Colour::of(n).hex(), BLACK),
        Paint::Shade(n) => {
            let colour = palette::shade(n);
            (colour.hex(), "#5b6472".to_owned(), ink(colour))
        }
        Paint::Failed => ("#fbe0e1".to_owned(), RED.to_owned(), BLACK),
        Paint::Plain => ("#f1f3f6".to_owned(), GREY.to_owned(), BLACK),
    }
}

fn node_attributes(node: &drawing::Node) -> Vec<Attribute> {
    let label = node.lines.join("\n");
    let (fill, line, ink) = colours(node.paint);
    let width = if node.asked || node.failed { "3" } else { "1.2" };
    let line = if node.failed { RED } else { &line };
    let (shape, kind) = match node.form {
        Form::Value => ("ellipse", "value"),
        _ => ("box", "task"),
    };
    // Read again by `Shape::from_dot`.
    let class = if node.asked { format!("{kind} output") } else { kind.to_owned() };
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
