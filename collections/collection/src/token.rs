//! Tokens: 128 bits that two computations share only if they do the same to the same content.
//! They do not know what a function does: it counts as the same if its type is.

mod serializer;

use std::any::TypeId;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use tine_scheduler::{Error, ErrorKind, Result};

/// The identity of a computation by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token([u64; 2]);

impl Token {
    /// The token of the same computation on these tasks as inputs, each with whether it catches.
    #[must_use]
    pub(crate) fn with_inputs(&self, inputs: impl Iterator<Item = (usize, bool)>) -> Self {
        let mut hash = Pair::default();
        hash.write(|h| self.hash(h));
        for input in inputs {
            hash.write(|h| input.hash(h));
        }
        hash.token()
    }
}

/// A token in the making: a function, then its arguments in order.
///
/// ```
/// use tine_collection::TokenBuilder;
/// fn inc(x: &i64) -> i64 { x + 1 }
/// let token = |x: i64| {
///     let mut t = TokenBuilder::of(&inc);
///     t.value(&x).expect("integers serialise");
///     t.token()
/// };
/// assert_eq!(token(1), token(1));
/// assert_ne!(token(1), token(2));
/// ```
#[derive(Clone, Debug)]
pub struct TokenBuilder(Pair);

impl TokenBuilder {
    /// Starts the token of a call of `f`, which must be a function or a closure that captures
    /// nothing: of two closures that capture, the type does not tell them apart.
    pub fn of<F: 'static>(f: &F) -> Self {
        let mut token = TokenBuilder(Pair::default());
        token.kind(f);
        token
    }

    /// Adds the type of `_f`, not its content.
    pub fn kind<F: 'static>(&mut self, _f: &F) {
        self.0.write(|h| TypeId::of::<F>().hash(h));
    }

    /// Adds an argument by its content: its type, and what it serialises to.
    ///
    /// Maps count the same in any order of their entries. Sets serialise as lists, so that two
    /// equal `HashSet`s may count as different, never two different ones as equal.
    ///
    /// # Errors
    /// A value that refuses to be serialised.
    pub fn value<T: Serialize + 'static>(&mut self, value: &T) -> Result<()> {
        self.0.write(|h| TypeId::of::<T>().hash(h));
        value.serialize(serializer::Hashing(&mut self.0)).map_err(|e| {
            Error::new(ErrorKind::Codec, format!("an argument of a pure call has no token: {e}"))
        })
    }

    /// Adds a mark: how many inputs come next, which form an argument has.
    pub fn mark(&mut self, mark: usize) {
        self.0.write(|h| mark.hash(h));
    }

    /// The token.
    pub fn token(&self) -> Token {
        self.0.token()
    }
}

/// Two hashes of the same, with different beginnings: 128 bits.
#[derive(Clone, Debug)]
struct Pair([DefaultHasher; 2]);

impl Default for Pair {
    fn default() -> Self {
        let mut second = DefaultHasher::new();
        second.write_u8(1);
        Pair([DefaultHasher::new(), second])
    }
}

impl Pair {
    fn write(&mut self, what: impl Fn(&mut DefaultHasher)) {
        self.0.iter_mut().for_each(what);
    }

    fn token(&self) -> Token {
        Token([self.0[0].finish(), self.0[1].finish()])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;

    fn token<T: Serialize + 'static>(value: &T) -> Token {
        let mut t = TokenBuilder::of(&token::<T>);
        t.value(value).unwrap();
        t.token()
    }

    /// Ignores the function, whose type differs with `T`.
    fn content<T: Serialize>(value: &T) -> Token {
        let mut hash = Pair::default();
        value.serialize(serializer::Hashing(&mut hash)).unwrap();
        hash.token()
    }

    #[test]
    fn equal_content_has_equal_tokens() {
        assert_eq!(token(&vec![1, 2]), token(&vec![1, 2]));
        assert_ne!(token(&vec![1, 2]), token(&vec![2, 1]));
        assert_ne!(token(&(vec![1], vec![2, 3])), token(&(vec![1, 2], vec![3])));
        assert_ne!(token(&("ab", "c")), token(&("a", "bc")));
        assert_ne!(token(&Some(0u8)), token(&None::<u8>));
    }

    #[test]
    fn types_are_told_apart() {
        assert_ne!(token(&1i64), token(&1i32));
        assert_ne!(token(&1i64), token(&1.0f64));
        assert_ne!(content(&1i64), content(&1i32));
        assert_ne!(content(&"1"), content(&1i64));
        assert_ne!(content(&vec![1i64]), content(&(1i64,)));
        assert_ne!(content(&0.0f64), content(&-0.0f64));
    }

    #[test]
    fn order_in_a_map_does_not_matter() {
        let many: HashMap<u32, u32> = (0..100).map(|i| (i, i * i)).collect();
        let reversed: HashMap<u32, u32> = (0..100).rev().map(|i| (i, i * i)).collect();
        let sorted: BTreeMap<u32, u32> = (0..100).map(|i| (i, i * i)).collect();
        assert_eq!(content(&many), content(&reversed));
        assert_eq!(content(&many), content(&sorted));
        let swapped: BTreeMap<u32, u32> = (0..100).map(|i| (i, (99 - i) * (99 - i))).collect();
        assert_ne!(content(&sorted), content(&swapped));
    }
}
