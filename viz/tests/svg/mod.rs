//! Reads the pictures of graphs that this crate writes, and checks where everything lies.
//! It knows no other SVG.

/// Width of a character in parts of the font size, as in the pictures' font.
const CHARACTER: f64 = 0.602;
const FONT: f64 = 12.0;
/// What is less than this cannot be seen.
const SLACK: f64 = 0.6;

/// A line of text: where it is anchored, and how.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    x: f64,
    y: f64,
    size: f64,
    anchor: f64,
    pub(crate) text: String,
}

impl Label {
    /// Left, top, right and bottom.
    fn extent(&self) -> [f64; 4] {
        let columns: f64 = self.text.chars().map(|c| if c < '\u{1100}' { 1.0 } else { 2.0 }).sum();
        let width = columns * CHARACTER * self.size;
        let left = self.x - self.anchor * width;
        [left, self.y - 0.8 * self.size, left + width, self.y + 0.25 * self.size]
    }
}

/// A box with its labels.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) x: f64,
    pub(crate) y: f64,
    w: f64,
    h: f64,
    pub(crate) labels: Vec<Label>,
}

/// What is in a picture, in its own coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) width: f64,
    height: f64,
    pub(crate) boxes: Vec<Block>,
    /// Points along each edge.
    pub(crate) courses: Vec<Vec<(f64, f64)>>,
    /// Words outside of boxes.
    head: Vec<Label>,
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let start = element.find(&format!(" {name}=\""))? + name.len() + 3;
    element[start..].split('"').next()
}

fn number(element: &str, name: &str) -> Result<f64, String> {
    let value = attribute(element, name).ok_or_else(|| format!("no {name} in {element}"))?;
    value.parse().map_err(|e| format!("{name} of {element}: {e}"))
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}

impl Picture {
    /// Reads a picture.
    pub(crate) fn read(text: &str) -> Result<Picture, String> {
        let first = text.lines().next().unwrap_or_default();
        let (width, height) = (number(first, "width")?, number(first, "height")?);
        let mut picture =
            Picture { width, height, boxes: Vec::new(), courses: Vec::new(), head: Vec::new() };
        let (mut dx, mut dy, mut in_node) = (0.0, 0.0, false);
        for line in text.lines() {
            if line.starts_with("<g ") {
                if let Some(moved) = attribute(line, "transform") {
                    let inner = moved.trim_start_matches("translate(").trim_end_matches(')');
                    let (x, y) = inner.split_once(' ').ok_or("translate of two")?;
                    (dx, dy) = (x.parse().unwrap_or(0.0), y.parse().unwrap_or(0.0));
                }
                in_node = attribute(line, "class").is_some_and(|c| c.starts_with("node"));
            } else if line.starts_with("</g>") {
                in_node = false;
            } else if line.starts_with("<rect") && in_node {
                let class = attribute(line, "class").unwrap_or_default();
                if class.starts_with("b ") || class == "empty" {
                    let (x, y) = (number(line, "x")? + dx, number(line, "y")? + dy);
                    let (w, h) = (number(line, "width")?, number(line, "height")?);
                    picture.boxes.push(Block { x, y, w, h, labels: Vec::new() });
                } else {
                    picture.bar(line, (dx, dy))?;
                }
            } else if line.starts_with("<text") {
                let label = label(line, (dx, dy), in_node)?;
                match picture.boxes.last_mut().filter(|_| in_node) {
                    Some(block) => block.labels.push(label),
                    None => picture.head.push(label),
                }
            } else if line.starts_with("<path") {
                let d = attribute(line, "d").ok_or("a path without a course")?;
                let course = course(d)?.into_iter().map(|(x, y)| (x + dx, y + dy)).collect();
                picture.courses.push(course);
            }
        }
        Ok(picture)
    }

    /// A bar lies in the box before it.
    fn bar(&self, line: &str, (dx, dy): (f64, f64)) -> Result<(), String> {
        let block = self.boxes.last().ok_or("a bar without a box")?;
        let (x, y) = (number(line, "x")? + dx, number(line, "y")? + dy);
        let (right, bottom) = (x + number(line, "width")?, y + number(line, "height")?);
        let inside = x >= block.x && right <= block.x + block.w + 0.1;
        match inside && bottom <= block.y + block.h {
            true => Ok(()),
            false => Err(format!("a bar sticks out of its box: {line}")),
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.boxes_are_apart()?;
        self.edges_run_free()?;
        self.words_have_room()?;
        let boxes = self.boxes.iter().map(|b| [b.x, b.y, b.x + b.w, b.y + b.h]);
        let points = self.courses.iter().flatten().map(|&(x, y)| [x, y, x, y]);
        let words = self.head.iter().map(Label::extent);
        for [left, top, right, bottom] in boxes.chain(points).chain(words) {
            if left < 0.0 || top < 0.0 || right > self.width || bottom > self.height {
                return Err(format!("outside of the page: {left} {top} {right} {bottom}"));
            }
        }
        Ok(())
    }

    fn boxes_are_apart(&self) -> Result<(), String> {
        for (i, a) in self.boxes.iter().enumerate() {
            for b in &self.boxes[..i] {
                let beside = a.x + a.w <= b.x + SLACK || b.x + b.w <= a.x + SLACK;
                let below = a.y + a.h <= b.y + SLACK || b.y + b.h <= a.y + SLACK;
                if !beside && !below {
                    return Err(format!("boxes overlap: {a:?} and {b:?}"));
                }
            }
        }
        Ok(())
    }

    fn edges_run_free(&self) -> Result<(), String> {
        for course in &self.courses {
            for block in &self.boxes {
                let inside = |&(x, y): &(f64, f64)| {
                    x > block.x + SLACK
                        && x < block.x + block.w - SLACK
                        && y > block.y + SLACK
                        && y < block.y + block.h - SLACK
                };
                if let Some(at) = course.iter().find(|p| inside(p)) {
                    return Err(format!("an edge runs through {block:?} at {at:?}"));
                }
            }
        }
        Ok(())
    }

    fn words_have_room(&self) -> Result<(), String> {
        for block in &self.boxes {
            for label in &block.labels {
                let [left, top, right, bottom] = label.extent();
                let wide = left < block.x || right > block.x + block.w;
                if wide || top < block.y || bottom > block.y + block.h {
                    return Err(format!("a label is too long for its box: {label:?}, {block:?}"));
                }
            }
            overlap(&block.labels)?;
        }
        overlap(&self.head)
    }
}

fn overlap(labels: &[Label]) -> Result<(), String> {
    for (i, a) in labels.iter().enumerate() {
        for b in &labels[..i] {
            let (p, q) = (a.extent(), b.extent());
            if p[0] < q[2] && q[0] < p[2] && p[1] < q[3] && q[1] < p[3] {
                return Err(format!("words overlap: {a:?} and {b:?}"));
            }
        }
    }
    Ok(())
}

fn label(line: &str, (dx, dy): (f64, f64), in_node: bool) -> Result<Label, String> {
    let start = line.find('>').ok_or("an element without an end")? + 1;
    let end = line.rfind("</text>").ok_or("text without an end")?;
    let anchor = match attribute(line, "text-anchor") {
        Some("end") => 1.0,
        Some("middle") => 0.5,
        _ if in_node => 0.5,
        _ => 0.0,
    };
    let size = if line.contains("font-size:15px") { 15.0 } else { FONT };
    let text = plain(&line[start..end]);
    Ok(Label { x: number(line, "x")? + dx, y: number(line, "y")? + dy, size, anchor, text })
}

/// Points along a path, close enough to see every box that it crosses.
fn course(d: &str) -> Result<Vec<(f64, f64)>, String> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let starts: Vec<usize> = d.match_indices(['M', 'L', 'C']).map(|m| m.0).collect();
    for (i, &start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(d.len());
        let numbers: Result<Vec<f64>, _> =
            d[start + 1..end].split_whitespace().map(str::parse).collect();
        let numbers = numbers.map_err(|e| format!("{d}: {e}"))?;
        let (px, py) = points.last().copied().unwrap_or((0.0, 0.0));
        match (&d[start..=start], &numbers[..]) {
            ("M", &[x, y]) => points.push((x, y)),
            ("L", &[x, y]) => {
                for step in 1..=30 {
                    let t = f64::from(step) / 30.0;
                    points.push((px + (x - px) * t, py + (y - py) * t));
                }
            }
            ("C", &[a, b, c, e, x, y]) => {
                for step in 1..=60 {
                    let t = f64::from(step) / 60.0;
                    let u = 1.0 - t;
                    let mix = |p: f64, q: f64, r: f64, s: f64| {
                        u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
                    };
                    points.push((mix(px, a, c, x), mix(py, b, e, y)));
                }
            }
            _ => return Err(format!("a path of another kind: {d}")),
        }
    }
    Ok(points)
}
