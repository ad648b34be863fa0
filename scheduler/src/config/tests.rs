//! Tests of the sources of settings, on made folders and variables.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Value;

use super::*;

fn sources(folders: &[&Path], environment: &[(&str, &str)]) -> Sources {
    Sources {
        folders: folders.iter().map(|f| f.to_path_buf()).collect(),
        named: None,
        environment: environment.iter().map(|(n, v)| ((*n).to_owned(), v.into())).collect(),
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
    folder.join(name)
}

#[track_caller]
fn value<T: DeserializeOwned>(layers: &Layers, key: &str) -> T {
    find(layers, key).unwrap().unwrap()
}

#[test]
fn every_source_beats_the_one_below() {
    let root = tempfile::tempdir().unwrap();
    let (system, user) = (root.path().join("etc"), root.path().join("home"));
    let mut from = sources(&[&system, &user], &[]);
    let pure = |from: &Sources| value::<bool>(&Layers::load(from).unwrap(), "delayed.pure");
    let workers = |from: &Sources| value::<usize>(&Layers::load(from).unwrap(), "workers");

    assert!(!pure(&from));
    write(&system, "a.toml", "workers = 1\ndelayed.pure = true");
    assert_eq!((workers(&from), pure(&from)), (1, true));
    write(&user, "b.toml", "workers = 2\n[delayed]\npure = false");
    assert_eq!((workers(&from), pure(&from)), (2, false));
    let named = write(&root.path().join("named"), "c.toml", "workers = 3");
    from.named = Some(named);
    assert_eq!((workers(&from), pure(&from)), (3, false));
    from.environment = vec![("TINE_WORKERS".into(), "4".into())];
    assert_eq!((workers(&from), pure(&from)), (4, false));
}

#[test]
fn l13_files_merge_alphabetically() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "b.toml", "workers = 2");
    write(root.path(), "a.toml", "workers = 1\nscheduler = 'threads'");
    write(root.path(), "c.txt", "workers = 'no TOML, and not read'");
    let mut from = sources(&[root.path(), Path::new("/nowhere/at/all")], &[]);
    for named in [false, true] {
        if named {
            from = Sources { named: Some(root.path().to_owned()), ..sources(&[], &[]) };
        }
        let layers = Layers::load(&from).unwrap();
        assert_eq!(value::<u8>(&layers, "workers"), 2);
        assert_eq!(value::<String>(&layers, "scheduler"), "threads");
    }
}

#[test]
fn l12_variables_are_literals_or_text() {
    let from = sources(
        &[],
        &[
            ("TINE_A_B", "1"),
            ("TINE_C", "True"),
            ("TINE_D", "hello [world"),
            ("TINE_E__X", "123"),
            ("TINE_E__Y", "456.5"),
            ("TINE_F", "[1, 2, \"3\"]"),
            ("TINE_G", "{x = 1, y = {z = 'w'}}"),
            ("TINE_H", "4GiB"),
        ],
    );
    let layers = Layers::load(&from).unwrap();
    let show = |key| layers::show(&layers.lookup(key).unwrap().0);
    assert_eq!(value::<i64>(&layers, "a-b"), 1);
    assert!(value::<bool>(&layers, "c"));
    assert_eq!(value::<String>(&layers, "d"), "hello [world");
    assert_eq!(show("e"), "{x = 123, y = 456.5}");
    assert_eq!(show("f"), "[1, 2, \"3\"]");
    assert_eq!(show("g.y"), "{z = \"w\"}");
    assert_eq!(value::<(i64, i64, String)>(&layers, "f"), (1, 2, "3".into()));
    assert_eq!(show("h"), "\"4GiB\"");
}

#[test]
fn a_value_and_a_table_of_one_name_replace_each_other() {
    let mut layers = Layers::default();
    layers.insert("a", Value::Integer(1), &Source::Set);
    layers.insert("a.b", Value::Integer(2), &Source::Set);
    layers.insert("ab", Value::Integer(3), &Source::Set);
    assert_eq!(layers::show(&layers.lookup("a").unwrap().0), "{b = 2}");
    layers.insert("a", Value::Integer(4), &Source::Set);
    assert_eq!(value::<i64>(&layers, "a"), 4);
    assert!(layers.lookup("a.b").is_none());
    assert_eq!(value::<i64>(&layers, "ab"), 3);
}

#[track_caller]
fn refused(from: &Sources) -> String {
    let e = Layers::load(from).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Config);
    e.to_string()
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_place() {
    let root = tempfile::tempdir().unwrap();
    let from = sources(&[root.path()], &[]);
    let cases = [
        ("workers = 2\nscheduler = threads", "x.toml:2:13: this is not TOML"),
        ("# ü\n[delayed]\n  puer = true", "x.toml:3:3: there is no setting `delayed.puer`"),
        ("[delayed]\npuer = true", "the nearest is `delayed.pure`"),
        ("workers = 0", "x.toml:1:1: `workers` must be a whole number from 1 to 1024, not 0"),
        ("workers = '2'", "not \"2\""),
        ("scheduler = ['a', {b = 1.5}]", "must be a name, as text, not [\"a\", {b = 1.5}]"),
        ("delayed = true", "there is no setting `delayed`"),
        ("[workers]\na = 1", "there is no setting `workers.a`"),
        ("config = 'a'", "`TINE_CONFIG` is an environment variable"),
        ("rerun = 'a'", "`TINE_RERUN` is an environment variable"),
    ];
    for (text, want) in cases {
        write(root.path(), "x.toml", text);
        let got = refused(&from);
        assert!(got.contains(want), "{text:?}: {got}");
    }
    fs::write(root.path().join("x.toml"), [0xff]).unwrap();
    assert!(refused(&from).contains("x.toml cannot be read"));
}

#[test]
fn a_named_file_must_be_there() {
    let from = Sources { named: Some("/nowhere/x.toml".into()), ..Sources::default() };
    assert!(refused(&from).contains("TINE_CONFIG names /nowhere/x.toml"));
}

#[test]
fn variables_that_are_misspelt_are_told_and_others_kept() {
    let one = |name, value| sources(&[], &[(name, value)]);
    assert!(refused(&one("TINE_WORKER", "2")).contains("the nearest is `workers`"));
    assert!(refused(&one("TINE_WORKERS", "many")).contains("TINE_WORKERS: `workers` must be"));
    assert!(refused(&one("TINE_DELAYED__PURE", "maybe")).contains("true or false"));
    for (name, key) in [("TINE_CONFIG", "config"), ("TINE_RERUN", "rerun")] {
        assert!(Layers::load(&one(name, "x")).unwrap().lookup(key).is_none());
    }
    for name in ["TINE_", "TINE___X", "TINE_A__"] {
        assert!(Layers::load(&one(name, "x")).unwrap().lookup("a").is_none());
    }
    assert_eq!(value::<String>(&Layers::load(&one("TINE_MINE", "x")).unwrap(), "mine"), "x");
}

#[test]
fn a_value_of_another_type_is_told_with_its_source() {
    let layers = Layers::load(&sources(&[], &[("TINE_WORKERS", "3")])).unwrap();
    let e = find::<String>(&layers, "workers").unwrap_err().to_string();
    assert!(e.contains("`workers` is 3 in the environment variable TINE_WORKERS"), "{e}");
}

#[test]
fn defaults_are_what_their_settings_admit() {
    for setting in SETTINGS {
        if let Some(text) = setting.default {
            assert_eq!(known::objection(setting.key, &environment::literal(text)), None);
        }
    }
}
