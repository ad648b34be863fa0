//! Files as partitions: names with patterns, blocks on line borders, compression.
