//! A drawing in the language of Graphviz, by the printer of `graphviz-rust`.
//! It runs no program: whoever has `dot` gives it the text.

use std::io::{self, Write};

use graphviz_rust::dot_structures::{
    Attribute, Edge, EdgeTy, Graph, GraphAttributes, Id, Node, NodeId, Stmt, Vertex,
};
use graphviz_rust::printer::{DotPrinter, PrinterContext};

use super::drawing::{self, Drawing, Shape};
use crate::palette::Colour;

pub(super) fn write(drawing: &Drawing, title: &str, out: &mut impl Write) -> io::Result<()> {
    let heading = format!("{title}: {}", drawing.summary);
    let fonts = [("fontname", "monospace"), ("fontsize", "11")];
    let mut stmts: Vec<Stmt> = vec![
        GraphAttributes::Graph(attributes(&[("label", &heading), ("labelloc", "t"), fonts[0]]))
            .into(),
        GraphAttributes::Node(attributes(&[fonts[0], fonts[1], ("style", "rounded,filled")]))
            .into(),
        GraphAttributes::Edge(attributes(&[("color", "#8b94a3"), ("arrowsize", "0.7")])).into(),
    ];
    for (i, node) in drawing.nodes.iter().enumerate() {
        stmts.push(Node::new(id(i), node_attributes(node)).into());
    }
    for link in &drawing.links {
        let ty = EdgeTy::Pair(Vertex::N(id(link.from)), Vertex::N(id(link.to)));
        let head = if link.arrow { vec![] } else { attributes(&[("arrowhead", "none")]) };
        stmts.push(Edge { ty, attributes: head }.into());
    }
    let graph = Graph::DiGraph { id: quoted("tine"), strict: true, stmts };
    writeln!(out, "{}", graph.print(&mut PrinterContext::default()))
}

fn id(i: usize) -> NodeId {
    NodeId(Id::Plain(format!("n{i}")), None)
}

fn node_attributes(node: &drawing::Node) -> Vec<Attribute> {
    let label = node.lines.join("\n");
    let fill =
        node.colour.map_or("#f1f3f6".to_owned(), |c| Colour::of(c).mix([255; 3], 0.16).hex());
    let line = node.colour.map_or("#7d8796".to_owned(), |c| Colour::of(c).hex());
    let width = if node.asked || node.failed { "3" } else { "1.2" };
    let line = if node.failed { "#c1121f" } else { &line };
    let shape = match node.shape {
        Shape::Task => "box",
        Shape::Value => "ellipse",
        Shape::Count => "plaintext",
    };
    let mut all = vec![("label", label.as_str()), ("tooltip", &node.title), ("shape", shape)];
    if node.shape == Shape::Count {
        all.push(("style", ""));
        return attributes(&all);
    }
    all.extend([("fillcolor", fill.as_str()), ("color", line), ("penwidth", width)]);
    attributes(&all)
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<Attribute> {
    pairs.iter().map(|&(name, v)| Attribute(Id::Plain(name.to_owned()), quoted(v))).collect()
}

/// A quoted string: the printer of `graphviz-rust` writes what it is given as it is.
fn quoted(text: &str) -> Id {
    let inner = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    Id::Escaped(format!("\"{inner}\""))
}
