//! Shapes as JSON, in the node-link form that `networkx` reads and writes.
//! It knows no picture.
//!
//! ```json
//! {"directed": true, "multigraph": false, "graph": {"format": "tine-graph", "version": 1},
//!  "nodes": [
//!   {"id": "x", "value": true},
//!   {"id": "inc(0)", "created_at": "src/main.rs:4:5", "tags": {"team": "a"}},
//!   {"id": "total", "group": "sums", "output": true}],
//!  "edges": [
//!   {"source": "x", "target": "inc(0)"},
//!   {"source": "inc(0)", "target": "total"}]}
//! ```
//!
//! A node needs an `id` (a string, a number, or a list of a name and numbers as Dask has it). An
//! edge goes from `source`, whose result is taken, to `target`. `links` is read as `edges`. What
//! is not known is left out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::build::ShapeTask;
use super::error::{ShapeError, ShapeErrorKind};
use super::{Shape, ShapeBuilder};

/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;
const FORMAT: &str = "tine-graph";

#[derive(Deserialize)]
struct Document {
    directed: Option<bool>,
    #[serde(default)]
    graph: Head,
    nodes: Vec<NodeIn>,
    #[serde(alias = "links")]
    edges: Vec<EdgeIn>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    format: Option<String>,
    version: Option<u64>,
}

#[derive(Deserialize)]
struct NodeIn {
    id: Id,
    group: Option<String>,
    #[serde(default)]
    value: bool,
    #[serde(default)]
    source: bool,
    #[serde(default)]
    output: bool,
    created_at: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct EdgeIn {
    source: Id,
    target: Id,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a name: a string, a number, or a list of a string and numbers")]
enum Id {
    Text(String),
    Number(i64),
    List(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Number(i64),
}

impl Id {
    fn name(self) -> String {
        let text = |part: &Part| match part {
            Part::Text(t) => t.clone(),
            Part::Number(n) => n.to_string(),
        };
        match self {
            Id::Text(text) => text,
            Id::Number(n) => n.to_string(),
            Id::List(parts) => match parts.split_first() {
                None => "()".to_owned(),
                Some((first, [])) => text(first),
                Some((first, rest)) => {
                    let rest: Vec<String> = rest.iter().map(text).collect();
                    format!("{}({})", text(first), rest.join(", "))
                }
            },
        }
    }
}

#[derive(Serialize)]
struct NodeOut<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    value: bool,
    #[serde(skip_serializing_if = "is_false")]
    source: bool,
    #[serde(skip_serializing_if = "is_false")]
    output: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<&'a str, &'a str>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it asks about by reference"
)]
fn is_false(b: &bool) -> bool {
    !b
}

#[derive(Serialize)]
struct EdgeOut<'a> {
    source: &'a str,
    target: &'a str,
}

impl Shape {
    /// Reads a graph that [`write_json`](Self::write_json) or `networkx.node_link_data` wrote.
    ///
    /// A node needs an `id`. `group`, `value`, `source`, `output`, `created_at` and `tags` are read
    /// where they are there, other fields are not looked at.
    ///
    /// # Errors
    /// Text that is not JSON, or not such a graph, with line and column; a newer version; edges to
    /// nodes that are not there; a cycle.
    pub fn from_json(text: &str) -> Result<Shape, ShapeError> {
        let document: Document = serde_json::from_str(text).map_err(|e| {
            // The message of serde_json ends with its place, which we say ourselves.
            let message = e.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            ShapeError::new(ShapeErrorKind::Json, &message[..end]).at(e.line(), e.column())
        })?;
        let version = document.graph.version.unwrap_or(VERSION);
        if document.graph.format.as_deref() == Some(FORMAT) && version > VERSION {
            let message = format!(
                "format {version}, of which this version of tine knows {VERSION} and before"
            );
            return Err(ShapeError::new(ShapeErrorKind::Version, message));
        }
        if document.directed == Some(false) {
            let message = "its edges have no direction; those of a task graph go from a task to one that takes its result";
            return Err(ShapeError::new(ShapeErrorKind::Undirected, message));
        }
        let mut builder = Shape::builder();
        document.nodes.into_iter().try_for_each(|n| add(&mut builder, n))?;
        for edge in document.edges {
            builder.link(&edge.source.name(), &edge.target.name())?;
        }
        builder.build()
    }

    /// Writes it as JSON, in the node-link form of `networkx`: one line a node and an edge.
    ///
    /// ```
    /// # use tine_viz::graph::Shape;
    /// let shape = Shape::from_dot("digraph { a -> b }")?;
    /// let mut text = Vec::new();
    /// shape.write_json(&mut text).expect("a vector takes all");
    /// let text = String::from_utf8(text).expect("JSON is UTF-8");
    /// assert!(text.contains(r#"{"source":"a","target":"b"}"#));
    /// assert_eq!(Shape::from_json(&text)?, shape);
    /// # Ok::<(), tine_viz::graph::ShapeError>(())
    /// ```
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let head = format!("\"graph\":{{\"format\":\"{FORMAT}\",\"version\":{VERSION}}}");
        write!(out, "{{\"directed\":true,\"multigraph\":false,{head},\n\"nodes\":[")?;
        let names: Vec<String> = (0..self.len()).map(|t| self.name(t)).collect();
        for (t, name) in names.iter().enumerate() {
            out.write_all(if t == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, &self.node_out(t, name))?;
        }
        write!(out, "],\n\"edges\":[")?;
        let mut first = true;
        for (t, target) in names.iter().enumerate() {
            for &i in self.inputs(t) {
                out.write_all(if std::mem::take(&mut first) { b"\n" } else { b",\n" })?;
                let source = &names[i as usize];
                serde_json::to_writer(&mut *out, &EdgeOut { source, target })?;
            }
        }
        writeln!(out, "]}}")
    }

    fn node_out<'a>(&'a self, task: usize, name: &'a str) -> NodeOut<'a> {
        let named = u32::try_from(task).is_ok_and(|t| self.names.contains_key(&t));
        NodeOut {
            id: name,
            group: named.then(|| self.groups[self.group_of(task)].as_str()),
            value: self.is_value(task),
            source: self.is_source(task),
            output: self.is_output(task),
            created_at: self.created_at(task),
            tags: self.tags(task).iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
        }
    }
}

fn add(builder: &mut ShapeBuilder, node: NodeIn) -> Result<(), ShapeError> {
    let task = ShapeTask {
        name: node.id.name(),
        group: node.group,
        value: node.value,
        source: node.source,
        output: node.output,
        created_at: node.created_at,
        tags: node.tags.into_iter().collect(),
    };
    builder.add(task).map(drop)
}
