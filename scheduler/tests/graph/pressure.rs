//! Static order: the cases that bound how many results are held.

use tine_scheduler::Result;

use crate::fixture::{Ordered, Sketch};

fn chunk(name: &str, part: usize, of: usize) -> String {
    format!("{name}{part}.{of}")
}

#[test]
fn o10_xarray_like_reduction() -> Result<()> {
    let mut s = Sketch::default();
    for i in 0..3 {
        s.task(chunk("a", 0, i), None::<&str>);
        s.task(chunk("a", 1, i), None::<&str>);
        s.task(chunk("b", 0, i), [chunk("a", 0, i)]);
        s.task(chunk("b", 1, i), [chunk("a", 0, i), chunk("a", 1, i)]);
        s.task(chunk("b", 2, i), [chunk("a", 1, i)]);
        for part in 0..3 {
            s.task(chunk("c", part, i), [chunk("b", part, i)]);
        }
    }
    for i in 0..3 {
        s.task(format!("d{i}"), (0..3).map(|k| chunk("c", i, k)));
    }
    assert!(s.ordered()?.pressure <= 9);
    Ok(())
}

/// Two by two crossed chains, each ending in a bundle of two.
fn equal_dependents() -> Sketch {
    let mut s = Sketch::default();
    for x in 0..4 {
        s.task(format!("{x}.0"), None::<&str>);
        s.task(format!("{x}.1"), [format!("{x}.0")]);
        s.task(format!("{x}.2.0"), [format!("{x}.0")]);
        s.task(format!("{x}.2.1"), [format!("{x}.1")]);
        for y in 0..4 {
            s.task(format!("{x}.3.{y}"), [format!("{x}.2.0"), format!("{y}.2.1")]);
            s.task(format!("{x}.4.{y}"), [format!("{x}.3.{y}")]);
            for end in 0..2 {
                s.task(format!("{x}.5.{y}.{end}"), [format!("{x}.4.{y}")]);
                s.task(format!("{x}.6.{y}.{end}"), [format!("{x}.5.{y}.{end}")]);
            }
        }
    }
    s
}

/// How far the ends of the sixteen bundles are apart, in all.
fn spread(o: &Ordered, one: (u32, u32), two: (u32, u32)) -> i64 {
    let place = |x, (level, end): (u32, u32), y| o.at(&format!("{x}.{level}.{y}.{end}"));
    let pairs = (0..4).flat_map(|x| (0..4).map(move |y| (x, y)));
    pairs.map(|(x, y)| (place(x, one, y) - place(x, two, y)).abs()).sum()
}

#[test]
fn o10_equal_dependents() -> Result<()> {
    let mut s = equal_dependents();
    let o = s.ordered()?;
    assert!(o.pressure <= 10, "{}", o.pressure);
    assert!(spread(&o, (6, 1), (6, 0)) <= 32);

    let mut longer = equal_dependents();
    for (x, y) in (0..4).flat_map(|x| (0..4).map(move |y| (x, y))) {
        longer.task(format!("{x}.7.{y}.0"), [format!("{x}.6.{y}.0")]);
        s.remove(&format!("{x}.6.{y}.1"));
    }
    let o = longer.ordered()?;
    assert!(o.pressure <= 10, "{}", o.pressure);
    assert!(spread(&o, (6, 1), (7, 0)) <= 48);

    let o = s.ordered()?;
    assert!(o.pressure <= 10, "{}", o.pressure);
    assert!(spread(&o, (5, 1), (6, 0)) <= 32);
    Ok(())
}

#[test]
fn o10_doublediff() -> Result<()> {
    let s = Sketch::numbered(
        "||||||||6|8|6|10|4|12|6|14|6|16|4|18|5|20|5|22|7|0|25|0|27|2|29|1|31|1|33|2|35|1|37|1|39|9 24|\
         11 26|13 28|15 30|17 32|19 34|21 36|23 38|3 40|41|42|43|44|45|46|47|48|49|50 51 52 53 54 55 56 57 58",
    );
    assert!(s.ordered()?.pressure <= 11);
    Ok(())
}

/// Two cumulative sums over one source, multiplied row by row.
#[test]
fn o10_gh_3055() -> Result<()> {
    let mut s = Sketch::default();
    let rows = 20;
    let cumsum = |s: &mut Sketch, name: &str, from: &str| {
        for i in 0..rows {
            s.task(format!("{name}-chunk{i}"), [format!("{from}{i}")]);
            if i + 1 < rows {
                s.task(format!("{name}-last{i}"), [format!("{name}-chunk{i}")]);
            }
            if i == 0 {
                s.task(format!("{name}-extra0"), None::<&str>);
            } else {
                let two = [format!("{name}-extra{}", i - 1), format!("{name}-last{}", i - 1)];
                s.task(format!("{name}-extra{i}"), two);
            }
            let two = [format!("{name}-chunk{i}"), format!("{name}-extra{i}")];
            s.task(format!("{name}{i}"), two);
        }
    };
    for i in 0..rows {
        s.task(format!("root{i}"), None::<&str>);
    }
    cumsum(&mut s, "x", "root");
    for i in 0..rows {
        s.task(format!("left{i}"), [format!("x{i}")]);
        s.task(format!("right{i}"), [format!("x{i}")]);
        s.task(format!("product{i}"), [format!("left{i}"), format!("right{i}")]);
    }
    cumsum(&mut s, "y", "product");
    cumsum(&mut s, "x2", "x");
    for i in 0..rows {
        s.task(format!("wide{i}"), [format!("x2{i}")]);
        s.task(format!("w{i}"), [format!("y{i}"), format!("wide{i}")]);
        s.task(format!("sum{i}"), [format!("w{i}")]);
        s.task(format!("end{i}"), [format!("sum{i}")]);
    }
    let o = s.ordered()?;
    assert!(o.pressure <= 8, "{}", o.pressure);
    let ends: Vec<i64> = (0..rows).map(|i| o.at(&format!("end{i}"))).collect();
    assert!(ends.is_sorted(), "rows are finished one after the other: {ends:?}");
    let half = i64::try_from(o.order.len() / 2).expect("small");
    assert!(ends.iter().filter(|&&e| e < half).count() > ends.len() / 3, "some early");
    let roots = (0..rows).map(|i| o.at(&format!("root{i}")));
    assert!(roots.filter(|&r| r > half).count() > ends.len() / 3, "some roots are loaded late");
    Ok(())
}

#[test]
fn o10_eager_to_compute_dependent_to_free_parent() -> Result<()> {
    let o = Sketch::numbered(
        "|0|1||3|4|2 5||7|8||10|11|9 12|6 13||15|16||18|19|17 20||22|23||25|26|24 27|21 28|14 29||31|\
         32||34|35|33 36|30 37|11|39|19|41|8|43|1|45|4|47|16|49|32|51|35|53|26|55|23|57|42 50|56 58|\
         59 60|46 48|40 44|62 63|61 64|52 54|65 66|67|68|38|69 70",
    )
    .ordered()?;
    assert!(o.pressure <= 8, "{}", o.pressure);
    let (shallow, deep) = ([34, 31], [3, 0, 7, 10, 22, 15, 25, 18]);
    let reducers = [14, 64, 61, 30];
    let first_shallow = o.all(shallow.map(|n: u32| n.to_string()))[0];
    assert!(o.all(deep.map(|n: u32| n.to_string())).iter().all(|&p| p < first_shallow));
    assert!(o.all(reducers.map(|n: u32| n.to_string())).iter().all(|&p| p < first_shallow));
    Ok(())
}

#[test]
fn o10_stackstac() -> Result<()> {
    let s = Sketch::numbered(
        "|0|1|2|3|4|5|1|7|8|9|10|1|12|13|14|15|1|17|18|19|20|6 11 16 21|22|14|12|25|24 26|27|19|17|30|\
         29 31|32|7|34|9|35 36|37|2|39|4|40 41|42|28 33 38 43|44",
    );
    assert!(s.ordered()?.pressure <= 9);
    Ok(())
}

#[test]
fn o11_reduce_with_many_common_dependents() -> Result<()> {
    for (reducers, shared) in [(4, 2), (4, 5), (7, 2), (7, 5)] {
        let mut s = Sketch::default();
        for d in 0..shared {
            s.task(format!("object{d}"), None::<&str>);
        }
        for r in 0..reducers {
            for c in 0..reducers {
                s.task(format!("chunk{r}.{c}"), (0..shared).map(|d| format!("object{d}")));
            }
            s.task(format!("reduce{r}"), (0..reducers).map(|c| format!("chunk{r}.{c}")));
        }
        let o = s.ordered()?;
        assert!(o.pressure <= reducers + shared, "{} for {reducers}, {shared}", o.pressure);
        for r in 0..reducers {
            let places = o.all((0..reducers).map(|c| format!("chunk{r}.{c}")));
            let span = usize::try_from(places[reducers - 1] - places[0]).expect("sorted");
            assert_eq!(span, reducers - 1, "the inputs of one reducer run together");
        }
    }
    Ok(())
}

#[test]
fn shared_reductions_finish_before_more_is_loaded() -> Result<()> {
    let mut s = Sketch::default();
    for x in 0..3 {
        s.task(format!("a{x}"), None::<&str>);
    }
    for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for x in 0..3 {
            s.task(format!("b{i}{j}{x}"), [format!("a{x}")]);
        }
        s.task(format!("c{i}{j}"), (0..3).map(|x| format!("b{i}{j}{x}")));
        s.task(format!("d{i}{j}"), [format!("c{i}{j}")]);
    }
    let o = s.ordered()?;
    let ends = o.all([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| format!("d{i}{j}")));
    assert!(ends.windows(2).all(|w| w[1] - w[0] == 5), "{ends:?}");
    Ok(())
}

/// The cost that the engine's bound on live results is made of.
#[test]
fn two_reductions_of_one_source_share_its_chunks() -> Result<()> {
    let mut s = Sketch::default();
    let mut level: Vec<[String; 2]> = Vec::new();
    for i in 0..256 {
        s.task(format!("read{i}"), None::<&str>);
        s.task(format!("a.0.{i}"), [format!("read{i}")]);
        s.task(format!("b.0.{i}"), [format!("read{i}")]);
        level.push([format!("a.0.{i}"), format!("b.0.{i}")]);
    }
    let mut depth = 0;
    while level.len() > 1 {
        depth += 1;
        let mut next = Vec::new();
        for (i, four) in level.chunks(4).enumerate() {
            for (side, name) in ["a", "b"].into_iter().enumerate() {
                s.task(format!("{name}.{depth}.{i}"), four.iter().map(|n| n[side].clone()));
            }
            next.push([format!("a.{depth}.{i}"), format!("b.{depth}.{i}")]);
        }
        level = next;
    }
    let o = s.ordered()?;
    assert!(o.pressure <= 2 * 3 * 4 + 2, "{}", o.pressure);
    Ok(())
}
