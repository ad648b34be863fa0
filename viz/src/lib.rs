//! Draws task graphs, timelines and flame graphs as SVG.
