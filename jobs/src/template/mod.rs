//! Command lines with places for arguments.
