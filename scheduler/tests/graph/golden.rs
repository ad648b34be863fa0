//! What Dask's order holds on graphs of its tutorial, rebuilt by hand: ours holds no more.

use tine_scheduler::{Result, TaskId, max_pressure};

use crate::fixture::{Ordered, Sketch};

/// Reduces `level` four at a time, as array reductions do.
fn tree(s: &mut Sketch, name: &str, mut level: Vec<String>) -> String {
    let mut depth = 0;
    while level.len() > 1 {
        let fours: Vec<Vec<String>> = level.chunks(4).map(<[String]>::to_vec).collect();
        level = (0..fours.len()).map(|i| format!("{name}-{depth}.{i}")).collect();
        for (task, inputs) in level.iter().zip(fours) {
            s.task(task.clone(), inputs);
        }
        depth += 1;
    }
    level.remove(0)
}

fn mean_pressure(o: &Ordered) -> f64 {
    let metrics = o.graph.diagnostics(&o.order);
    let sum: usize = metrics.iter().map(|m| m.num_data_when_run).sum();
    sum as f64 / metrics.len() as f64
}

#[test]
fn sum_of_100_chunks_holds_10() -> Result<()> {
    let mut s = Sketch::default();
    for i in 0..100 {
        s.task(format!("random{i}"), None::<&str>);
        s.task(format!("sum{i}"), [format!("random{i}")]);
    }
    tree(&mut s, "partial", (0..100).map(|i| format!("sum{i}")).collect());
    let o = s.ordered()?;
    assert!(o.pressure <= 10, "{}", o.pressure);
    assert!(mean_pressure(&o) <= 5.3);
    Ok(())
}

/// The tutorial's mean over one axis of 20 x 20 chunks: 960 tasks.
#[test]
fn column_means_of_400_chunks_hold_7() -> Result<()> {
    let mut s = Sketch::default();
    for column in 0..20 {
        for row in 0..20 {
            s.task(format!("random{row}.{column}"), None::<&str>);
            s.task(format!("mean{row}.{column}"), [format!("random{row}.{column}")]);
        }
        let chunks = (0..20).map(|row| format!("mean{row}.{column}")).collect();
        let end = tree(&mut s, &format!("combine{column}"), chunks);
        assert_eq!(end, format!("combine{column}-2.0"));
    }
    let o = s.ordered()?;
    assert_eq!(o.order.len(), 960);
    assert!(o.pressure <= 7, "{}", o.pressure);
    assert!(mean_pressure(&o) <= 3.57, "{}", mean_pressure(&o)); // 3.54 with its slices

    tree(&mut s, "total", (0..20).map(|c| format!("combine{c}-2.0")).collect());
    assert!(s.ordered()?.pressure <= 13);
    Ok(())
}

#[test]
fn sum_of_x_and_its_transpose_holds_24() -> Result<()> {
    let mut s = Sketch::default();
    let n = 20;
    for i in 0..n * n {
        s.task(format!("random{}.{}", i / n, i % n), None::<&str>);
    }
    let mut level: Vec<Vec<String>> = Vec::new();
    for i in 0..n {
        level.push((0..n).map(|j| format!("add{i}.{j}")).collect());
        for j in 0..n {
            s.task(format!("add{i}.{j}"), [format!("random{i}.{j}"), format!("random{j}.{i}")]);
        }
    }
    let mut depth = 0;
    while level.len() > 1 {
        depth += 1;
        let half = level.len().div_ceil(2);
        let mut next = vec![Vec::new(); half];
        for (i, row) in next.iter_mut().enumerate() {
            for j in 0..half {
                let name = format!("partial{depth}.{i}.{j}");
                let rows = level.iter().skip(2 * i).take(2);
                let four: Vec<String> =
                    rows.flat_map(|r| r.iter().skip(2 * j).take(2).cloned()).collect();
                s.task(name.clone(), four);
                row.push(name);
            }
        }
        level = next;
    }
    let o = s.ordered()?;
    assert!(o.pressure <= 24, "{}", o.pressure);
    assert!(mean_pressure(&o) <= 11.7, "{}", mean_pressure(&o));
    Ok(())
}

#[test]
fn cumulative_sum_of_100_chunks_holds_2() -> Result<()> {
    let mut s = Sketch::default();
    s.task("offset0", None::<&str>);
    for i in 0..100 {
        s.task(format!("cumsum{i}"), None::<&str>);
        s.task(format!("last{i}"), [format!("cumsum{i}")]);
        s.task(format!("out{i}"), [format!("cumsum{i}"), format!("offset{i}")]);
        if i < 99 {
            s.task(format!("offset{}", i + 1), [format!("offset{i}"), format!("last{i}")]);
        }
    }
    let o = s.ordered()?;
    assert_eq!(o.order.len(), 400);
    assert!(o.pressure <= 3, "{}", o.pressure); // Dask fuses source and cumsum: 2 with data roots
    Ok(())
}

#[test]
fn block_product_holds_4() -> Result<()> {
    let mut s = Sketch::default();
    for i in 0..16 {
        for k in 0..4 {
            s.task(format!("product{i}.{k}"), None::<&str>);
        }
        s.task(format!("sum{i}"), (0..4).map(|k| format!("product{i}.{k}")));
    }
    let o = s.ordered()?;
    assert_eq!((o.order.len(), o.pressure), (80, 4));
    assert!((mean_pressure(&o) - 2.0).abs() < 0.01);
    Ok(())
}

#[test]
fn rechunk_and_plain_sums_hold_their_sources() -> Result<()> {
    let mut s = Sketch::default();
    for i in 0..16 {
        s.task(format!("column{i}"), None::<&str>);
    }
    for i in 0..16 {
        s.task(format!("row{i}"), (0..16).map(|j| format!("column{j}")));
    }
    assert_eq!(s.ordered()?.pressure, 16);

    let mut s = Sketch::default();
    for i in 0..100 {
        s.task(format!("call{i}"), None::<&str>);
    }
    s.task("sum", (0..100).map(|i| format!("call{i}")));
    let o = s.ordered()?;
    assert_eq!((o.order.len(), o.pressure), (101, 100));
    assert!((mean_pressure(&o) - 50.0).abs() < 0.01);
    Ok(())
}

#[test]
fn xarray_rechunk_holds_7() -> Result<()> {
    let o = Sketch::numbered(
        "v|0|1|v|3|4|2 5|6|1||9||11|12|8 10 13|14|7 15|16|17||19||21|22|20 23|22|12|25 26|27|24 28|29|\
         30|18 31|32||34|35||37|36 38|35||41|42|40 43|44|39 45|46|47||49|50||52|42|51 53 54|55|v|57|\
         58|50|59 60|61|56 62|63|64|48 65|66|4||69|68 70|6|71 72|73|74|14|27|76 77|78|79|75 80|81|61|\
         58||85|84 86|83 87|88|89|55|44|91 92|93|94|90 95|96",
    )
    .ordered()?;
    assert_eq!(o.order.len(), 98);
    assert!(o.pressure <= 7, "{}", o.pressure);
    Ok(())
}

/// The example of Dask's `diagnostics`, with every number.
#[test]
fn diagnostics_count_what_is_held() -> Result<()> {
    let text =
        "a0:\nb0:\nc0:\nd0:\ne0:\na1: a0 b0 c0\nb1: b0 c0 d0\nc1: c0 d0 e0\nd1: d0 e0\ne1: e0";
    let graph = Sketch::parse(text).graph()?;
    let names = ["a0", "b0", "c0", "a1", "d0", "b1", "e0", "c1", "d1", "e1"];
    let order: Vec<TaskId> = graph.find_all(names)?;
    let metrics = graph.diagnostics(&order);
    let column = |f: fn(&tine_scheduler::TaskMetrics) -> usize| -> Vec<usize> {
        metrics.iter().map(f).collect()
    };
    assert_eq!(column(|m| m.num_data_when_run), [0, 1, 2, 3, 2, 3, 2, 3, 2, 1]);
    assert_eq!(column(|m| m.age), [3, 4, 5, 0, 4, 0, 3, 0, 0, 0]);
    assert_eq!(column(|m| m.num_dependencies_freed), [0, 0, 0, 1, 0, 1, 0, 1, 1, 1]);
    assert_eq!(column(|m| m.num_data_when_released), [3, 3, 3, 3, 2, 3, 1, 3, 2, 1]);
    assert_eq!(max_pressure(&metrics), 3);
    let (ages, pressures): (usize, usize) =
        (column(|m| m.age).iter().sum(), column(|m| m.num_data_when_run).iter().sum());
    assert_eq!(ages, pressures, "every result is counted once for each step that it is held");
    Ok(())
}
