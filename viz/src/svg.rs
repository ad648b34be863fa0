//! SVG as text: the only file that knows angle brackets and escaping.
//! It does not know what is drawn.

use std::fmt::Write as _;
use std::io::{self, Write};

/// The value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(f64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

/// Attributes: name and value.
pub(crate) type Attributes<'a> = &'a [(&'a str, Value<'a>)];

/// A picture: its size in pixels, what it is for those who cannot see it, and its style sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) title: &'a str,
    pub(crate) style: &'a str,
}

/// Shared by all pictures. The font has one width, so that what fits here fits everywhere.
const STYLE: &str = "
text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px;fill:#20242c}
.page{fill:#fff}.quiet{fill:#5b6472}.strong{font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#e6e9ef}.page{fill:#15181e}.quiet{fill:#9aa4b2}}
";

/// A picture is as large as it is drawn, and smaller where there is less room; one that is wider than
/// this would be too small to be read, and is scrolled.
const WIDEST_FITTED: f64 = 1600.0;
const FITTED: &str = "max-width:100%;height:auto";

/// Writes elements one after the other.
#[derive(Debug)]
pub(crate) struct Svg<W> {
    out: W,
}

impl<W: Write> Svg<W> {
    /// Begins a picture.
    pub(crate) fn begin(out: W, page: &Page<'_>) -> io::Result<Self> {
        let mut svg = Svg { out };
        let (w, h) = (page.width.ceil(), page.height.ceil());
        let view = format!("0 0 {w} {h}");
        svg.open(
            "svg",
            &[
                ("xmlns", "http://www.w3.org/2000/svg".into()),
                ("width", w.into()),
                ("height", h.into()),
                ("viewBox", (&view).into()),
                ("style", (if w <= WIDEST_FITTED { FITTED } else { "" }).into()),
                ("role", "img".into()),
            ],
        )?;
        svg.inside("title", &[], page.title)?;
        svg.inside("style", &[], &format!("{STYLE}{}", page.style))?;
        svg.leaf("rect", &[("class", "page".into()), ("width", w.into()), ("height", h.into())])?;
        Ok(svg)
    }

    /// Ends the picture.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.close("svg")
    }

    pub(crate) fn open(&mut self, tag: &str, attributes: Attributes<'_>) -> io::Result<()> {
        writeln!(self.out, "<{tag}{}>", attributes_of(attributes))
    }

    pub(crate) fn close(&mut self, tag: &str) -> io::Result<()> {
        writeln!(self.out, "</{tag}>")
    }

    /// An element without content.
    pub(crate) fn leaf(&mut self, tag: &str, attributes: Attributes<'_>) -> io::Result<()> {
        writeln!(self.out, "<{tag}{}/>", attributes_of(attributes))
    }

    /// An element with text in it.
    pub(crate) fn inside(
        &mut self,
        tag: &str,
        attributes: Attributes<'_>,
        text: &str,
    ) -> io::Result<()> {
        writeln!(self.out, "<{tag}{}>{}</{tag}>", attributes_of(attributes), escape(text))
    }

    /// An element that says `title` under the pointer.
    pub(crate) fn titled(
        &mut self,
        tag: &str,
        attributes: Attributes<'_>,
        title: &str,
    ) -> io::Result<()> {
        let inner = escape(title);
        writeln!(self.out, "<{tag}{}><title>{inner}</title></{tag}>", attributes_of(attributes))
    }

    /// A line of text.
    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, text: &str) -> io::Result<()> {
        let at = [("x", x.into()), ("y", y.into()), ("class", class.into())];
        let n = if class.is_empty() { 2 } else { 3 };
        self.inside("text", &at[..n], text)
    }
}

/// What a path is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Move(f64, f64),
    Line(f64, f64),
    /// Two control points and the end.
    Curve([f64; 6]),
}

/// The `d` attribute of a path.
pub(crate) fn path(steps: &[Step]) -> String {
    let mut d = String::new();
    for step in steps {
        match *step {
            Step::Move(x, y) => join(&mut d, 'M', &[x, y]),
            Step::Line(x, y) => join(&mut d, 'L', &[x, y]),
            Step::Curve(c) => join(&mut d, 'C', &c),
        }
    }
    d
}

fn join(d: &mut String, letter: char, numbers: &[f64]) {
    d.push(letter);
    for (i, &n) in numbers.iter().enumerate() {
        if i > 0 {
            d.push(' ');
        }
        d.push_str(&number(n));
    }
}

fn attributes_of(attributes: Attributes<'_>) -> String {
    let mut s = String::new();
    for (name, value) in attributes {
        let value = match value {
            Value::Text(t) => escape(t),
            Value::Number(n) => number(*n),
        };
        write!(s, " {name}=\"{value}\"").expect("writing to a string cannot fail");
    }
    s
}

/// A hundredth of a pixel is more than can be seen.
fn number(n: f64) -> String {
    let rounded = (n * 100.0).round() / 100.0;
    // Adding zero turns minus zero into zero.
    format!("{}", rounded + 0.0)
}

/// Text as XML wants it; characters that XML cannot have become the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c < ' ' || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_xml_cannot_have() {
        assert_eq!(escape("a<b & \"c\" > \u{1}\n"), "a&lt;b &amp; &quot;c&quot; &gt; \u{fffd}\n");
    }

    #[test]
    fn writes_short_numbers() {
        assert_eq!(path(&[Step::Move(-0.001, 1.0), Step::Line(2.346, 3.5)]), "M0 1L2.35 3.5");
    }
}
