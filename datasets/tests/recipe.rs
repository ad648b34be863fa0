//! What a recipe gives: the same bytes in all versions of tine, and data that mean what they should.
//! It does not know how tasks are run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;
use tine_datasets::{Dataset, Job, Order, Recipe, ensure};
use tine_scheduler::{Serial, with};

fn made(datasets: &[Dataset]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    with(Serial::new(), || ensure(folder.path(), Recipe::SMALL, datasets))
        .expect("they are written");
    folder
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("it was written")
}

fn unpacked(folder: &Path, name: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(&read(folder, name)[..]).read_to_string(&mut text).expect("gzip of text");
    text
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Where one of these changes, `VERSION` in `manifest.rs` has to: files that are kept would be of
/// another make than those that are written beside them. (Logarithms and cosines are those of the
/// system's library: elsewhere a digit may differ.)
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
fn bytes_are_those_of_all_versions() {
    let folder = made(&Dataset::ALL);
    let of = |name| hash(&read(folder.path(), name));
    let hashes = [
        ("accounts.1.csv", of("accounts.1.csv")),
        ("account_table.csv", of("account_table.csv")),
        ("accounts.03.json.gz", hash(unpacked(folder.path(), "accounts.03.json.gz").as_bytes())),
        ("nycflights/1996.csv", of("nycflights/1996.csv")),
        ("random.zarr/2", of("random.zarr/2")),
        ("weather.zarr/1.0.1", of("weather.zarr/1.0.1")),
        ("text.00.txt", of("text.00.txt")),
    ];
    let want = [
        "accounts.1.csv 896eac9e7f157621",
        "account_table.csv 8248609b351cc2a1",
        "accounts.03.json.gz 7181f69eb7dfc092",
        "nycflights/1996.csv e26f1b6c21ec38e2",
        "random.zarr/2 876950870713e1b2",
        "weather.zarr/1.0.1 c43ed9ab6cfaf88d",
        "text.00.txt 0e9ee41449189111",
    ];
    assert_eq!(hashes.map(|(name, hash)| format!("{name} {hash:016x}")), want);
}

#[test]
fn json_lines_are_accounts_with_their_transactions() {
    let folder = made(&[Dataset::Json]);
    let mut names = BTreeMap::new();
    for file in 0..5 {
        let text = unpacked(folder.path(), &format!("accounts.{file:02}.json.gz"));
        let (mut last, mut numbers) = (None, BTreeSet::new());
        for line in text.lines() {
            let account: Value = serde_json::from_str(line).unwrap();
            let id = account["id"].as_u64();
            assert!(id > last && id < Some(500), "sorted, and once a file: {line:.60}");
            last = id;
            let name = account["name"].as_str().unwrap().to_owned();
            assert_eq!(names.entry(id).or_insert_with(|| name.clone()), &name, "one name an id");
            for transaction in account["transactions"].as_array().unwrap() {
                assert!(transaction["amount"].is_i64());
                assert!(numbers.insert(transaction["transaction-id"].as_u64().unwrap()));
            }
        }
        assert!(numbers.into_iter().eq(0..5_000), "every transaction is of one account");
    }
    assert_eq!(names.values().collect::<BTreeSet<_>>().len(), 26);
}

#[test]
fn amounts_deviate_as_far_as_the_account_is_wealthy() {
    let folder = made(&[Dataset::Accounts]);
    let text = |name: &str| String::from_utf8(read(folder.path(), name)).unwrap();
    let table = text("account_table.csv");
    let wealth: Vec<f64> =
        table.lines().skip(1).map(|l| l.rsplit(',').next().unwrap().parse().unwrap()).collect();
    let mut amounts = vec![Vec::new(); wealth.len()];
    for file in 0..3 {
        let rows = text(&format!("accounts.{file}.csv"));
        for line in rows.lines().skip(1) {
            let (id, amount) = (line.split(',').next().unwrap(), line.rsplit(',').next().unwrap());
            amounts[id.parse::<usize>().unwrap()].push(amount.parse::<f64>().unwrap());
        }
    }
    let mut ratios = Vec::new();
    for (of_one, wealth) in amounts.iter().zip(wealth).filter(|(a, _)| a.len() > 100) {
        let n = of_one.len() as f64;
        let mean = of_one.iter().sum::<f64>() / n;
        let variance = of_one.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / (n - 1.0);
        ratios.push(variance.sqrt() / wealth);
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    assert!(ratios.len() > 100 && (mean - 1.0).abs() < 0.03, "{mean} of {}", ratios.len());
}

fn floats(folder: &Path, name: &str) -> Vec<f32> {
    let bytes = read(folder, name);
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

#[test]
fn chunks_are_filled_up_behind_the_border_and_nowhere_else() {
    let folder = made(&[Dataset::Weather]);
    // 288 x 576 numbers in chunks of 500 x 500: the second chunk of a day has 76 columns.
    let chunk = floats(folder.path(), "weather.zarr/3.0.1");
    assert_eq!(chunk.len(), 250_000);
    for (i, kelvins) in chunk.into_iter().enumerate() {
        let inside = i / 500 < 288 && i % 500 < 76;
        assert_eq!(inside, kelvins != 0.0, "row {}, column {}", i / 500, i % 500);
        assert!(!inside || (200.0..330.0).contains(&kelvins), "{kelvins}");
    }
}

#[test]
fn the_world_is_round() {
    let folder = made(&[Dataset::Weather]);
    let (west, east) =
        (floats(folder.path(), "weather.zarr/0.0.0"), floats(folder.path(), "weather.zarr/0.0.1"));
    for row in 0..288 {
        let seam = (west[row * 500] - east[row * 500 + 75]).abs();
        assert!(seam < 0.01, "longitudes 0 and 360 differ by {seam} K in row {row}");
    }
}

#[test]
fn drafts_of_a_job_that_is_given_up_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order {
        folder: folder.path().to_owned(),
        recipe: Recipe::SMALL,
        datasets: vec![Dataset::Random],
        overwrite: false,
    };
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let job = Job::plan(order).unwrap();
    assert_eq!(names().len(), 2, "notes and a draft");
    drop(job);
    assert_eq!(names(), ["prep.json"]);
}
