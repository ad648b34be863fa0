//! Records what tasks cost into a trace file.
