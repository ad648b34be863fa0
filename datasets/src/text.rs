//! `text.*.txt`: words that nobody speaks, twelve a line, as unevenly used as those of a language.
//! It does not know files.

use std::io::{self, Write};

use crate::choice::Choice;
use crate::recipe::{Recipe, Subject};

/// How many words there are; short ones come up more than once.
const VOCABULARY: u32 = 50_000;
/// How fast words get rarer: the word of rank r is used as often as `r.powf(-RARER)`.
const RARER: f64 = 1.05;
const WORDS_A_LINE: u32 = 12;
const CONSONANTS: &[u8; 16] = b"bcdfghklmnprstvw";
const VOWELS: &[u8; 5] = b"aeiou";

/// Writes file number `file`.
pub(crate) fn words(recipe: Recipe, file: u32, out: &mut impl Write) -> io::Result<()> {
    let vocabulary = vocabulary(recipe);
    let weights: Vec<f64> = (1..=VOCABULARY).map(|r| f64::from(r).powf(-RARER)).collect();
    let next = Choice::new(&weights);
    let mut random = recipe.random(Subject::Text, file);
    let count = recipe.sizes().text_words;
    for i in 1..=count {
        out.write_all(&vocabulary[next.draw(&mut random)])?;
        let ends = i.is_multiple_of(WORDS_A_LINE) || i == count;
        out.write_all(if ends { b"\n" } else { b" " })?;
    }
    Ok(())
}

/// The same words in all files.
fn vocabulary(recipe: Recipe) -> Vec<Vec<u8>> {
    let mut random = recipe.random(Subject::Vocabulary, 0);
    let r = &mut random;
    (0..VOCABULARY)
        .map(|_| {
            let syllables = r.between(1, 5);
            let mut word = Vec::new();
            for _ in 0..syllables {
                word.push(CONSONANTS[r.between(0, 16) as usize]);
                word.push(VOWELS[r.between(0, 5) as usize]);
            }
            word.push(CONSONANTS[r.between(0, 16) as usize]);
            word
        })
        .collect()
}
