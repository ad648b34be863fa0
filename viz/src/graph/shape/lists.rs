//! Lists of numbers, one after the other in one vector.
//! It does not know what they number.

/// Lists of numbers, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists {
    ends: Vec<usize>,
    items: Vec<u32>,
}

impl Lists {
    pub(super) fn push(&mut self, list: impl IntoIterator<Item = u32>) {
        self.items.extend(list);
        self.ends.push(self.items.len());
    }

    /// Adds a list without the numbers that it has already; those that are left keep their order.
    pub(super) fn push_distinct(&mut self, list: impl IntoIterator<Item = u32>) {
        let start = self.items.len();
        self.items.extend(list);
        let own = &self.items[start..];
        if !own.windows(2).all(|w| w[0] < w[1]) {
            let mut seen = std::collections::HashSet::with_capacity(own.len());
            let kept: Vec<u32> = own.iter().copied().filter(|&i| seen.insert(i)).collect();
            self.items.truncate(start);
            self.items.extend(kept);
        }
        self.ends.push(self.items.len());
    }

    pub(super) fn get(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.items[start..self.ends[i]]
    }

    /// How many numbers there are in all lists together.
    pub(super) fn total(&self) -> usize {
        self.items.len()
    }
}
