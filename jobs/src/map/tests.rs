//! A map, run by a small engine that starts one program at a time.
