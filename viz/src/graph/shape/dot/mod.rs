//! Shapes from the language of Graphviz: nodes, edges, subgraphs, and the few attributes that say
//! something about a task. Looks, ports and clusters are read over.
//! It knows no picture.

mod token;

use std::collections::HashMap;

use super::build::ShapeTask;
use super::error::{ShapeError, ShapeErrorKind};
use super::{Shape, ShapeBuilder};
use token::{Token, Tokens};

/// Subgraphs within subgraphs, beyond which nobody means it.
const DEEPEST: usize = 64;

impl Shape {
    /// Reads a graph in the language of Graphviz: what this crate writes, and what others write.
    ///
    /// A node's name is its label where it has one. Of the attributes only `label` and `class` are
    /// looked at; the classes `value`, `source` and `output` say what a task is.
    ///
    /// # Errors
    /// What is not the language, with line and column; a graph without directions; a cycle.
    pub fn from_dot(text: &str) -> Result<Shape, ShapeError> {
        let mut reader = Reader { tokens: Tokens::new(text)?, nodes: Nodes::default() };
        reader.graph()?;
        reader.nodes.shape()
    }
}

/// Nodes and edges as they are read.
#[derive(Default)]
struct Nodes {
    ids: Vec<String>,
    by_id: HashMap<String, usize>,
    labels: Vec<Option<String>>,
    classes: Vec<String>,
    edges: Vec<(usize, usize)>,
}

impl Nodes {
    fn number(&mut self, id: &str) -> usize {
        if let Some(&n) = self.by_id.get(id) {
            return n;
        }
        self.by_id.insert(id.to_owned(), self.ids.len());
        self.ids.push(id.to_owned());
        self.labels.push(None);
        self.classes.push(String::new());
        self.ids.len() - 1
    }

    fn set(&mut self, node: usize, attributes: &[(String, String)]) {
        for (name, value) in attributes {
            match name.as_str() {
                "label" if !value.is_empty() && value != "\\N" => {
                    self.labels[node] = Some(value.clone());
                }
                "class" => self.classes[node].clone_from(value),
                _ => {}
            }
        }
    }

    /// What a node is called: by its label, unless tine wrote it, whose labels are cut.
    fn name(&self, node: usize, uses: &HashMap<&str, usize>) -> (String, Option<String>) {
        let own = self.has(node, "task") || self.has(node, "value");
        match self.labels[node].as_deref() {
            Some(label) if !own && label != self.ids[node] => {
                let line = label.split_whitespace().collect::<Vec<_>>().join(" ");
                let name = match uses.get(label) {
                    Some(1) if !self.by_id.contains_key(&line) => line.clone(),
                    _ => format!("{line} [{}]", self.ids[node]),
                };
                (name, Some(super::names::parse(&line).0))
            }
            _ => (self.ids[node].clone(), None),
        }
    }

    fn has(&self, node: usize, class: &str) -> bool {
        self.classes[node].split_whitespace().any(|c| c == class)
    }

    fn shape(self) -> Result<Shape, ShapeError> {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for label in self.labels.iter().flatten() {
            *uses.entry(label).or_default() += 1;
        }
        let mut builder: ShapeBuilder = Shape::builder();
        let mut names = Vec::new();
        for node in 0..self.ids.len() {
            // Tine's key to the colours is no task.
            if self.has(node, "key") {
                names.push(String::new());
                continue;
            }
            let (name, group) = self.name(node, &uses);
            builder.add(ShapeTask {
                name: name.clone(),
                group,
                value: self.has(node, "value"),
                source: self.has(node, "source"),
                output: self.has(node, "output"),
                ..ShapeTask::default()
            })?;
            names.push(name);
        }
        let tasks = |&&(from, to): &&(usize, usize)| !self.has(from, "key") && !self.has(to, "key");
        for &(from, to) in self.edges.iter().filter(tasks) {
            builder.link(&names[from], &names[to])?;
        }
        builder.build()
    }
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    nodes: Nodes,
}

impl Reader<'_> {
    fn graph(&mut self) -> Result<(), ShapeError> {
        self.tokens.take_word("strict")?;
        if self.tokens.take_word("graph")? {
            let message = "an undirected graph; those of tasks are a `digraph`, from a task to one that takes its result";
            return Err(self.tokens.error(ShapeErrorKind::Undirected, message));
        }
        if !self.tokens.take_word("digraph")? {
            return Err(self.tokens.unexpected("`digraph`"));
        }
        if matches!(self.tokens.peek(), Token::Name(_)) {
            self.tokens.next()?;
        }
        self.expect('{')?;
        self.statements(0)?;
        match self.tokens.peek() {
            Token::End => Ok(()),
            _ => Err(self.tokens.unexpected("the end, since one file is one graph")),
        }
    }

    /// Statements up to the closing brace; returns the nodes that they name.
    fn statements(&mut self, depth: usize) -> Result<Vec<usize>, ShapeError> {
        if depth > DEEPEST {
            let message = format!("subgraphs in subgraphs, {DEEPEST} deep and more");
            return Err(self.tokens.error(ShapeErrorKind::Dot, &message));
        }
        let mut named = Vec::new();
        loop {
            match self.tokens.peek() {
                Token::Mark('}') => {
                    self.tokens.next()?;
                    named.sort_unstable();
                    named.dedup();
                    return Ok(named);
                }
                Token::Mark(';' | ',') => {
                    self.tokens.next()?;
                }
                _ => self.statement(depth, &mut named)?,
            }
        }
    }

    fn statement(&mut self, depth: usize, named: &mut Vec<usize>) -> Result<(), ShapeError> {
        for word in ["graph", "node", "edge"] {
            if self.tokens.take_word(word)? {
                self.attributes()?;
                return Ok(());
            }
        }
        let Some(mut left) = self.end(depth)? else { return Ok(()) };
        named.extend(&left);
        let single = left.len() == 1;
        let mut edges = false;
        while self.tokens.take_arrow()? {
            let Some(right) = self.end(depth)? else {
                return Err(self.tokens.unexpected("a node after `->`"));
            };
            named.extend(&right);
            let pairs = left.iter().flat_map(|&l| right.iter().map(move |&r| (l, r)));
            self.nodes.edges.extend(pairs);
            (left, edges) = (right, true);
        }
        let attributes = self.attributes()?;
        if single && !edges {
            self.nodes.set(left[0], &attributes);
        }
        Ok(())
    }

    /// One end of an edge, or what stands alone: a node or a subgraph; `None` for `name = value`.
    fn end(&mut self, depth: usize) -> Result<Option<Vec<usize>>, ShapeError> {
        let sub = self.tokens.take_word("subgraph")?;
        if sub && matches!(self.tokens.peek(), Token::Name(_)) {
            self.tokens.next()?;
        }
        if sub || *self.tokens.peek() == Token::Mark('{') {
            self.expect('{')?;
            return self.statements(depth + 1).map(Some);
        }
        let id = self.name("a node, an edge or `}`")?;
        if *self.tokens.peek() == Token::Mark('=') {
            self.tokens.next()?;
            self.name("a value after `=`")?;
            return Ok(None);
        }
        while *self.tokens.peek() == Token::Mark(':') {
            self.tokens.next()?;
            self.name("a port after `:`")?;
        }
        Ok(Some(vec![self.nodes.number(&id)]))
    }

    fn attributes(&mut self) -> Result<Vec<(String, String)>, ShapeError> {
        let mut all = Vec::new();
        while *self.tokens.peek() == Token::Mark('[') {
            self.tokens.next()?;
            loop {
                match self.tokens.peek() {
                    Token::Mark(']') => break,
                    Token::Mark(';' | ',') => {
                        self.tokens.next()?;
                    }
                    _ => {
                        let name = self.name("the name of an attribute, or `]`")?;
                        let mut value = "true".to_owned();
                        if *self.tokens.peek() == Token::Mark('=') {
                            self.tokens.next()?;
                            value = self.name("a value after `=`")?;
                        }
                        all.push((name, value));
                    }
                }
            }
            self.tokens.next()?;
        }
        Ok(all)
    }

    fn name(&mut self, wanted: &str) -> Result<String, ShapeError> {
        match self.tokens.peek() {
            Token::Name(_) => match self.tokens.next()? {
                Token::Name(name) => Ok(name),
                _ => unreachable!("just looked at"),
            },
            _ => Err(self.tokens.unexpected(wanted)),
        }
    }

    fn expect(&mut self, mark: char) -> Result<(), ShapeError> {
        if *self.tokens.peek() == Token::Mark(mark) {
            return self.tokens.next().map(drop);
        }
        Err(self.tokens.unexpected(&format!("`{mark}`")))
    }
}
