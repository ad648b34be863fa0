//! Colours for groups, that people with the common kinds of colour blindness can tell apart.
//! It does not know what the groups are.

use std::fmt::Write as _;

/// Colours of Okabe and Ito without black, then of Paul Tol's muted scheme, darker or lighter where
/// a neighbour came too near. A picture with more groups uses them again.
const COLOURS: [Colour; 12] = [
    Colour::new([0x00, 0x72, 0xb2]),
    Colour::new([0xe6, 0x9f, 0x00]),
    Colour::new([0x00, 0x9e, 0x73]),
    Colour::new([0xd5, 0x5e, 0x00]),
    Colour::new([0xcc, 0x79, 0xa7]),
    Colour::new([0x56, 0xb4, 0xe9]),
    Colour::new([0x88, 0x22, 0x55]),
    Colour::new([0x99, 0x99, 0x33]),
    Colour::new([0x5a, 0x4f, 0xcf]),
    Colour::new([0x44, 0xaa, 0x99]),
    Colour::new([0xb3, 0x8b, 0x6d]),
    Colour::new([0x6b, 0x7a, 0x8f]),
];

/// A colour of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    rgb: [u8; 3],
}

impl Colour {
    const fn new(rgb: [u8; 3]) -> Self {
        Colour { rgb }
    }

    /// The colour of the `n`-th group.
    pub(crate) fn of(n: usize) -> Colour {
        COLOURS[n % COLOURS.len()]
    }

    /// Red, green and blue.
    pub(crate) fn rgb(self) -> [u8; 3] {
        self.rgb
    }

    /// This colour mixed with another: `share` of it, the rest of the other.
    pub(crate) fn mix(self, other: [u8; 3], share: f64) -> Colour {
        let part = |i: usize| {
            (f64::from(self.rgb[i]) * share + f64::from(other[i]) * (1.0 - share)).round() as u8
        };
        Colour::new([part(0), part(1), part(2)])
    }

    /// As style sheets and Graphviz write it.
    pub(crate) fn hex(self) -> String {
        let [r, g, b] = self.rgb;
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// Luminance as WCAG defines it, from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.rgb.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Black or white, whichever is easier to read on this colour.
    pub(crate) fn ink(self) -> &'static str {
        let l = self.luminance();
        if (l + 0.05) / 0.05 >= 1.05 / (l + 0.05) { "#000" } else { "#fff" }
    }
}

/// How many colours there are before they come again.
pub(crate) const fn len() -> usize {
    COLOURS.len()
}

/// The class of boxes of the `n`-th group: `c3`.
pub(crate) fn class(n: usize) -> String {
    format!("c{}", n % len())
}

/// Style of boxes that are outlined and lightly filled, for the first `groups` groups.
pub(crate) fn outlined(groups: usize) -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for i in 0..groups.min(len()) {
        let colour = Colour::of(i);
        let (fill, line) = (colour.mix([255; 3], 0.16), colour);
        put(&mut light, format_args!(".c{i}{{fill:{};stroke:{}}}", fill.hex(), line.hex()));
        let (fill, line) = (colour.mix([0x15, 0x18, 0x1e], 0.32), colour.mix([255; 3], 0.75));
        put(&mut dark, format_args!(".c{i}{{fill:{};stroke:{}}}", fill.hex(), line.hex()));
    }
    with_dark(&light, &dark)
}

/// Style of boxes that are filled, and of text on them (class `t3` on `c3`).
pub(crate) fn filled(groups: usize) -> String {
    let mut light = String::new();
    for i in 0..groups.min(len()) {
        let colour = Colour::of(i);
        put(&mut light, format_args!(".c{i}{{fill:{}}}", colour.hex()));
        put(&mut light, format_args!(".t{i}{{fill:{}}}", colour.ink()));
    }
    light
}

/// Style of bars in the colours of the first `groups` groups: class `f3`.
pub(crate) fn bars(groups: usize) -> String {
    let mut rules = String::new();
    for i in 0..groups.min(len()) {
        put(&mut rules, format_args!(".f{i}{{fill:{}}}", Colour::of(i).hex()));
    }
    rules
}

/// Shades from little to much: viridis, whose lightness grows evenly, so that it can be read
/// without colours too.
const SHADES: [Colour; 10] = [
    Colour::new([0x44, 0x01, 0x54]),
    Colour::new([0x48, 0x28, 0x78]),
    Colour::new([0x3e, 0x4a, 0x89]),
    Colour::new([0x31, 0x68, 0x8e]),
    Colour::new([0x26, 0x82, 0x8e]),
    Colour::new([0x1f, 0x9e, 0x89]),
    Colour::new([0x35, 0xb7, 0x79]),
    Colour::new([0x6e, 0xce, 0x58]),
    Colour::new([0xb5, 0xde, 0x2b]),
    Colour::new([0xfd, 0xe7, 0x25]),
];

/// How many shades there are.
pub(crate) const fn shades() -> usize {
    SHADES.len()
}

/// The colour of a shade.
///
/// # Panics
/// If `n` is not below [`shades`].
pub(crate) fn shade(n: usize) -> Colour {
    SHADES[n]
}

/// Style of what is filled with a shade (class `v3`), and of text on it (inside of `on3`).
pub(crate) fn shaded() -> String {
    let mut rules = String::new();
    for (i, colour) in SHADES.iter().enumerate() {
        let (fill, ink) = (colour.hex(), colour.ink());
        put(&mut rules, format_args!(".v{i}{{fill:{fill}}}.on{i} text,.on{i} .own{{fill:{ink}}}"));
    }
    rules
}

/// A style sheet with a part for dark surroundings.
pub(crate) fn with_dark(light: &str, dark: &str) -> String {
    format!("{light}\n@media(prefers-color-scheme:dark){{{dark}}}\n")
}

fn put(out: &mut String, rule: std::fmt::Arguments<'_>) {
    out.write_fmt(rule).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_told_apart_without_red_and_green() {
        // Viénot's matrix for deuteranopia, on gamma-coded values: good enough to compare.
        let seen = |c: Colour| {
            let [r, g, b] = c.rgb.map(f64::from);
            [0.625 * r + 0.375 * g, 0.7 * r + 0.3 * g, 0.3 * g + 0.7 * b]
        };
        for (i, &a) in COLOURS.iter().enumerate() {
            for &b in &COLOURS[i + 1..] {
                let (p, q) = (seen(a), seen(b));
                let distance: f64 = (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>().sqrt();
                assert!(distance > 14.0, "{} {} {distance}", a.hex(), b.hex());
            }
        }
    }

    #[test]
    fn shades_grow_lighter() {
        let lightness: Vec<f64> = SHADES.iter().map(|c| c.luminance()).collect();
        assert!(lightness.windows(2).all(|w| w[0] < w[1]), "{lightness:?}");
    }

    #[test]
    fn text_can_be_read_on_all() {
        for c in COLOURS.into_iter().chain(SHADES) {
            let l = c.luminance();
            let contrast = if c.ink() == "#000" { (l + 0.05) / 0.05 } else { 1.05 / (l + 0.05) };
            assert!(contrast >= 4.5, "{} {contrast}", c.hex());
        }
    }
}
