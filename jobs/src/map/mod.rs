//! One command for many arguments.
