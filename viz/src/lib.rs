//! Draws task graphs, timelines, curves and flame graphs as SVG, and writes reports as HTML.
//!
//! It opens no file and no socket: every renderer writes to what it is given, and the same input
//! gives the same bytes.
#![forbid(unsafe_code)]

pub mod curves;
pub mod flame;
pub mod graph;
mod label;
mod legend;
mod palette;
pub mod report;
mod scale;
mod svg;
mod text;
pub mod timeline;
mod units;
