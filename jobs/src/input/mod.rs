//! Where arguments come from: the command line, files, and standard input while it lasts.
