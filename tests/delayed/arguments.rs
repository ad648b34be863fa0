//! What a parameter can be given.
//! It does not know how tasks are run.

use serde::{Deserialize, Serialize};
use tine::prelude::*;

#[delayed]
fn total(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

#[delayed]
fn shout(text: &str) -> String {
    text.to_uppercase()
}

#[delayed]
fn pair(p: (i64, String)) -> String {
    format!("{}{}", p.0, p.1)
}

#[delayed]
fn quad(p: (i64, i64, i64, i64)) -> i64 {
    1000 * p.0 + 100 * p.1 + 10 * p.2 + p.3
}

#[delayed]
fn show<T: std::fmt::Display>(x: T) -> String {
    x.to_string()
}

#[delayed]
fn largest<T: PartialOrd + Copy>(xs: &[T]) -> Option<T> {
    xs.iter().copied().reduce(|a, b| if b > a { b } else { a })
}

#[test]
fn lists() -> tine::Result<()> {
    let ys: Vec<_> = (1..=3).map(tine::delayed).collect();
    assert_eq!(total(&ys).compute()?, 6);
    assert_eq!(total(&ys[1..]).compute()?, 5);
    assert_eq!(total([&ys[0], &ys[2]]).compute()?, 4);
    assert_eq!(total(vec![&ys[0], &ys[1]]).compute()?, 3);
    assert_eq!(total(&[ys[0].clone(), ys[1].clone()]).compute()?, 3);
    assert_eq!(total([ys[1].clone(), ys[2].clone()]).compute()?, 5);
    assert_eq!(total(ys).compute()?, 6);
    assert_eq!(total(Vec::<Delayed<i64>>::new()).compute()?, 0);
    Ok(())
}

#[test]
fn plain_values_by_value_and_by_reference() -> tine::Result<()> {
    let v = vec![1, 2, 3];
    assert_eq!(total(&v).compute()?, 6);
    assert_eq!(total(&v[..2]).compute()?, 3);
    assert_eq!(total([4, 5]).compute()?, 9);
    assert_eq!(total(v).compute()?, 6);
    let name = String::from("ewr");
    assert_eq!(shout(&name).compute()?, "EWR");
    assert_eq!(shout(name.as_str()).compute()?, "EWR");
    assert_eq!(shout("lga").compute()?, "LGA");
    assert_eq!(shout(tine::delayed(name)).compute()?, "EWR");
    Ok(())
}

#[test]
fn a_lazy_list_is_as_good_as_a_list_of_lazies() -> tine::Result<()> {
    let list: Delayed<Vec<i64>> = (1..4).map(tine::delayed).collect();
    assert_eq!(total(&list).compute()?, 6);
    assert_eq!(total(list).compute()?, 6);
    Ok(())
}

#[test]
fn tuples_lazy_in_any_part() -> tine::Result<()> {
    let (n, s) = (tine::delayed(1), tine::delayed("a".to_owned()));
    assert_eq!(pair((1, "a".to_owned())).compute()?, "1a");
    assert_eq!(pair((&n, "a")).compute()?, "1a");
    assert_eq!(pair((1, &s)).compute()?, "1a");
    assert_eq!(pair((n.clone(), s.clone())).compute()?, "1a");
    assert_eq!(pair(n.zip(&s)).compute()?, "1a");
    assert_eq!(quad((1, 2, 3, n.clone())).compute()?, 1231);
    assert_eq!(quad((1, &n, &n, 4)).compute()?, 1114);
    assert_eq!(quad((&n, 2, n.clone(), 4)).compute()?, 1214);
    Ok(())
}

#[test]
fn a_lazy_argument_of_a_generic_function_infers() -> tine::Result<()> {
    let x = tine::delayed(2.5);
    assert_eq!(show(&x).compute()?, "2.5");
    assert_eq!(show(x).compute()?, "2.5");
    assert_eq!(show(7).compute()?, "7");
    let xs: Vec<_> = [3, 9, 4].into_iter().map(tine::delayed).collect();
    assert_eq!(largest(&xs).compute()?, Some(9));
    assert_eq!(largest([0.5, 0.25]).compute()?, Some(0.5));
    assert_eq!(tine::call(|a, b| a * b, (&xs[0], &xs[1])).compute()?, 27);
    Ok(())
}

#[test]
fn a_list_is_one_edge_an_element_and_no_task_of_its_own() -> tine::Result<()> {
    let ys: Vec<_> = (0..5).map(tine::delayed).collect();
    assert_eq!(total(&ys).graph()?.len(), 6);
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Account {
    name: String,
    amounts: Vec<f64>,
}

#[delayed]
fn balance(account: &Account) -> f64 {
    account.amounts.iter().sum()
}

#[test]
fn structures_lazy_and_plain() -> tine::Result<()> {
    let a = Account { name: "Alice".into(), amounts: vec![1.0, 2.5] };
    assert_eq!(balance(&a).compute()?, 3.5);
    let lazy = tine::delayed(a.clone());
    assert_eq!(lazy.map(|a| a.name).compute()?, "Alice");
    assert_eq!(balance(lazy).compute()?, 3.5);
    Ok(())
}

#[test]
fn functions_without_the_macro() -> tine::Result<()> {
    let t = tine::delayed(4);
    assert_eq!(tine::call(i64::max, (&t, 3)).compute()?, 4);
    assert_eq!(tine::call(|| 5, ()).compute()?, 5);
    let sum = tine::call(
        |a, b, c, d, e, f, g, h| a + b + c + d + e + f + g + h,
        (&t, 1, 2, 3, 4, 5, 6, 7),
    );
    assert_eq!(sum.compute()?, 32);
    assert_eq!(tine::map([&t, &t], |x| x + 1).compute()?, [5, 5]);
    assert_eq!(tine::map(["a", "bc"], |s: String| s.len()).compute()?, [1, 2]);
    assert_eq!(tine::call(i64::max, (&t, 3)).graph()?.groups()[1].name(), "max");
    Ok(())
}
