//! The accounts behind tables and JSON lines: 500 people, and how they spend.
//! It does not know how a file shows them.

use crate::choice::Choice;
use crate::random::Random;

/// How many accounts there are.
pub(crate) const ACCOUNTS: usize = 500;

/// First names, which several accounts share.
pub(crate) const NAMES: [&str; 26] = [
    "Alice", "Bob", "Charlie", "Dan", "Edith", "Frank", "George", "Hannah", "Ingrid", "Jerry",
    "Kevin", "Laura", "Michael", "Norbert", "Oliver", "Patricia", "Quinn", "Ray", "Sarah", "Tim",
    "Ursula", "Victor", "Wendy", "Xavier", "Yvonne", "Zelda",
];

/// All accounts.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) people: Vec<Person>,
    /// Who spends next: some far more often than others.
    next: Choice,
}

/// The owner of one account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    /// What amounts are multiples of.
    pub(crate) wealth: f64,
    /// The mean of these multiples.
    trend: f64,
}

impl Accounts {
    pub(crate) fn new(mut random: Random) -> Self {
        let r = &mut random;
        let person = |_| Person {
            name: NAMES[r.between(0, NAMES.len() as u32) as usize],
            wealth: r.exponential(100.0),
            trend: 10.0 + r.normal(10.0),
        };
        let people = (0..ACCOUNTS).map(person).collect();
        let weights: Vec<f64> = (0..ACCOUNTS).map(|_| r.exponential(1.0)).collect();
        Accounts { people, next: Choice::new(&weights) }
    }

    /// Draws a transaction: whose, and how much.
    pub(crate) fn entry(&self, random: &mut Random) -> (usize, i32) {
        let id = self.next.draw(random);
        let Person { wealth, trend, .. } = self.people[id];
        // A cast cuts towards zero, as NumPy's does.
        (id, ((random.normal(1.0) + trend) * wealth) as i32)
    }
}
