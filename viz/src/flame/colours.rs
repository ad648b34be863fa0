//! Colours of frames: groups as in the other pictures, functions by their crate.
//! It does not know how wide they are.

use std::collections::HashMap;

use inferno::flamegraph::color::{Color, PaletteMap};
use tine_profiler::{Folded, Measure, Trace, frame_name};

use crate::palette::Colour;

/// The colours that functions of the user's crates get: warm, and none that a group has at its root.
const WARM: [[u8; 3]; 5] =
    [[240, 180, 110], [236, 160, 128], [232, 200, 120], [222, 176, 150], [244, 168, 96]];
/// The standard library.
const STD: [u8; 3] = [205, 209, 216];
/// tine itself.
const TINE: [u8; 3] = [170, 200, 226];

/// The colour of each frame.
pub(super) fn of_frames(trace: &Trace, folded: &Folded, measure: Measure) -> PaletteMap {
    let mut map = PaletteMap::default();
    let places = places(trace);
    for (stack, _) in folded.stacks() {
        let mut frames = stack.split(';');
        let group = frames.next().unwrap_or_default();
        let place = places.get(group).copied();
        map.insert(group, place.map_or(colour(STD), |p| light(Colour::of(p), 0.75)));
        for frame in frames {
            let shade = match measure {
                Measure::Wall => light(Colour::of(place.unwrap_or(0)), 0.45),
                _ => colour(of_function(frame)),
            };
            // A function may have the name of a group, which is asked for first.
            if !places.contains_key(frame) {
                map.insert(frame, shade);
            }
        }
    }
    // The frame below all, which inferno shows as `all`, has no name.
    map.insert("", Color { r: 225, g: 228, b: 233 });
    map
}

/// Colours count as in the other pictures: groups with tasks, in their order.
fn places(trace: &Trace) -> HashMap<String, usize> {
    let mut next = 0..;
    let used = trace.group_totals().into_iter().map(|t| t.tasks > 0);
    let places: Vec<usize> = used.map(|u| if u { next.next().unwrap_or(0) } else { 0 }).collect();
    trace.groups().iter().map(|g| frame_name(&g.name)).zip(places).collect()
}

fn of_function(name: &str) -> [u8; 3] {
    let plain = name.trim_start_matches(['<', '&', '*', '(', '[']);
    let krate = plain.split("::").next().unwrap_or_default();
    match krate {
        "std" | "core" | "alloc" | "hashbrown" => STD,
        _ if krate.starts_with("tine") => TINE,
        // Functions of C and the kernel have no path: the dynamic linker, memcpy, main.
        _ if !plain.contains("::") => STD,
        _ => {
            let hash = krate.bytes().fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
            WARM[hash as usize % WARM.len()]
        }
    }
}

/// Mixed with white, because inferno writes black on all colours.
fn light(group: Colour, share: f64) -> Color {
    colour(group.mix([255; 3], share).rgb())
}

fn colour([r, g, b]: [u8; 3]) -> Color {
    Color { r, g, b }
}
