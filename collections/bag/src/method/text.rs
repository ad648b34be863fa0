//! What bags of text can do besides.
//! It does not know where the text comes from.

use crate::bag::Bag;
use crate::flow::{Look, Opening, Sink};

impl Bag<String> {
    /// The bag of the words of each line: what stands between white space.
    ///
    /// Words that are counted, compared or looked up are lent, and never become strings of their
    /// own: `lines.words().frequencies()` allocates once for each different word.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::from_sequence([" to be  or".to_owned(), String::new(), "not".to_owned()]);
    /// assert_eq!(b.words().compute()?, ["to", "be", "or", "not"]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[doc(alias = "str.split")]
    #[track_caller]
    pub fn words(&self) -> Bag<String> {
        let begin = |_: &Opening<'_>| Ok(String::new());
        let run = |lent: &mut String, line: &String, down: &mut dyn Sink<String>, _: &_| {
            line.split_ascii_whitespace().try_for_each(|word| {
                lent.clear();
                lent.push_str(word);
                down.look(lent)
            })
        };
        self.then(Look::with("words", Vec::new(), begin, run))
    }
}
