//! Bag: a lazy collection of any values, in partitions.
