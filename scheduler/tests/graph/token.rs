//! Tokens of values.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use tine_scheduler::{Result, Token, tokenize};

#[test]
fn g14_order_of_maps_and_sets_is_ignored() -> Result<()> {
    let pairs: Vec<(String, i64)> = (0..100).map(|i| (format!("k{i}"), i)).collect();
    let map: HashMap<String, i64> = pairs.iter().cloned().collect();
    let back: HashMap<String, i64> = pairs.iter().rev().cloned().collect();
    assert_eq!(tokenize(&map)?, tokenize(&back)?);
    let set: HashSet<i64> = (0..100).collect();
    let other: HashSet<i64> = (0..100).rev().collect();
    assert_eq!(tokenize(&set)?, tokenize(&other)?);
    assert_eq!(tokenize(&vec![Some(set.clone())])?, tokenize(&vec![Some(other)])?, "inside too");
    let less: HashSet<i64> = (0..99).collect();
    assert_ne!(tokenize(&set)?, tokenize(&less)?);
    let swapped: HashMap<i64, i64> = [(1, 2), (2, 1)].into();
    let straight: HashMap<i64, i64> = [(1, 1), (2, 2)].into();
    assert_ne!(tokenize(&swapped)?, tokenize(&straight)?);
    Ok(())
}

#[test]
fn g14_sequences_differ() -> Result<()> {
    assert_ne!(tokenize(&[1])?, tokenize(&(1,))?);
    assert_ne!(tokenize(&vec![1])?, tokenize(&(1,))?);
    assert_ne!(tokenize(&vec![1, 2])?, tokenize(&vec![2, 1])?);
    assert_ne!(tokenize(&(vec![1], vec![2, 3]))?, tokenize(&(vec![1, 2], vec![3]))?);
    assert_ne!(tokenize(&("ab", "c"))?, tokenize(&("a", "bc"))?);
    assert_ne!(tokenize(&Vec::<i64>::new())?, tokenize(&Vec::<i32>::new())?);
    Ok(())
}

#[test]
fn g14_scalars_differ() -> Result<()> {
    let tokens: [Token; 9] = [
        tokenize(&1i64)?,
        tokenize(&1i32)?,
        tokenize(&1u8)?,
        tokenize(&1.0f64)?,
        tokenize(&1.0f32)?,
        tokenize("1")?,
        tokenize(&'1')?,
        tokenize(&true)?,
        tokenize(&Some(1i64))?,
    ];
    let distinct: HashSet<Token> = tokens.into();
    assert_eq!(distinct.len(), tokens.len());
    assert_ne!(tokenize(&0.0f64)?, tokenize(&-0.0f64)?);
    Ok(())
}

#[derive(Serialize)]
enum Shape {
    Point,
    Circle(f64),
    Box { width: f64, height: f64 },
}

#[derive(Serialize)]
struct Named {
    shape: Shape,
    labels: BTreeMap<String, u8>,
}

#[test]
fn g14_every_shape_of_serde() -> Result<()> {
    let shapes = [
        Shape::Point,
        Shape::Circle(1.0),
        Shape::Circle(2.0),
        Shape::Box { width: 1.0, height: 2.0 },
        Shape::Box { width: 2.0, height: 1.0 },
    ];
    let tokens: HashSet<Token> = shapes.iter().map(tokenize).collect::<Result<_>>()?;
    assert_eq!(tokens.len(), shapes.len());
    let named = |n| Named { shape: Shape::Point, labels: [("x".to_owned(), n)].into() };
    assert_eq!(tokenize(&named(1))?, tokenize(&&named(1))?, "a reference is what it refers to");
    assert_ne!(tokenize(&named(1))?, tokenize(&named(2))?);
    assert_eq!(tokenize(&named(1))?.to_string().len(), 32);
    Ok(())
}

/// Names that other processes of the same program must find again.
#[test]
fn g14_tokens_do_not_change() -> Result<()> {
    let here = tokenize(&(1u64, "x", vec![1.5f64]))?;
    let there = std::thread::spawn(|| tokenize(&(1u64, "x", vec![1.5f64]))).join();
    assert_eq!(there.expect("does not panic")?, here);
    let many: HashSet<Token> = (0u64..20_000).map(|n| tokenize(&n)).collect::<Result<_>>()?;
    assert_eq!(many.len(), 20_000);
    Ok(())
}

#[test]
fn values_that_cannot_be_serialised_are_refused() {
    let broken = std::cell::RefCell::new(1);
    let _borrowed = broken.borrow_mut();
    assert!(tokenize(&broken).is_err());
}
