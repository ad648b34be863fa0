//! Cases that need an environment of their own: run in a child process of this test binary.
//! Setting a variable in a process that has threads is not safe, so none is set here.

use std::path::Path;
use std::process::Command;

use tine_scheduler::{ErrorKind, config};

const INSIDE: &str = "INSIDE_CONFIG_TEST";

/// Runs the test `name` of this file once more, in a process with these variables only.
fn rerun(name: &str, home: &Path, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().expect("this test has a binary"))
        .args(["--exact", &format!("child::{name}")])
        .env_clear()
        .env("HOME", home)
        .env(INSIDE, "1")
        .envs(variables.iter().copied())
        .output()
        .expect("this binary can be run again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

#[test]
fn l12_environment() {
    if !is_inside() {
        let home = tempfile::tempdir().unwrap();
        return rerun(
            "l12_environment",
            home.path(),
            &[
                ("TINE_A_B", "123"),
                ("TINE_C", "True"),
                ("TINE_D", "hello"),
                ("TINE_E__X", "123"),
                ("TINE_F", "[1,2,\"3\"]"),
                ("TINE_WORKERS", "3"),
                ("TINE_SCHEDULER", "threads"),
                ("TINE_DELAYED__PURE", ""),
            ],
        );
    }
    assert_eq!(config::get::<i64>("a_b").unwrap(), 123);
    assert_eq!(config::get::<i64>("a-b").unwrap(), 123);
    assert!(config::get::<bool>("c").unwrap());
    assert_eq!(config::get::<String>("d").unwrap(), "hello");
    assert_eq!(config::get::<i64>("e.x").unwrap(), 123);
    assert_eq!(config::get::<(i64, i64, String)>("f").unwrap(), (1, 2, "3".to_owned()));
    let e: std::collections::BTreeMap<String, i64> = config::get("e").unwrap();
    assert_eq!(e["x"], 123);
    assert_eq!(config::workers().unwrap(), Some(3));
    assert_eq!(config::scheduler_name().unwrap().as_deref(), Some("threads"));
    assert!(!config::get::<bool>("delayed.pure").unwrap());
}

#[test]
fn l10_scheduler_of_files_environment_and_scopes() {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config_l10");
    let file = home.join("named.toml");
    if !is_inside() {
        std::fs::create_dir_all(home.join(".config/tine")).unwrap();
        std::fs::write(home.join(".config/tine/a.toml"), "scheduler = 'serial'\nworkers = 7")
            .unwrap();
        std::fs::write(&file, "scheduler = 'processes'").unwrap();
        let name = "l10_scheduler_of_files_environment_and_scopes";
        return rerun(name, &home, &[("TINE_CONFIG", file.to_str().unwrap())]);
    }
    assert_eq!(config::scheduler_name().unwrap().as_deref(), Some("processes"));
    assert_eq!(config::workers().unwrap(), Some(7));
    config::set("scheduler", "threads", || {
        assert_eq!(config::scheduler_name().unwrap().as_deref(), Some("threads"));
    })
    .unwrap();
    // Sources are read once, and again when asked.
    std::fs::write(&file, "scheduler = 'serial'").unwrap();
    assert_eq!(config::scheduler_name().unwrap().as_deref(), Some("processes"));
    config::refresh().unwrap();
    assert_eq!(config::scheduler_name().unwrap().as_deref(), Some("serial"));
    // A broken file is an error, and what was in force stays.
    std::fs::write(&file, "scheduler = ").unwrap();
    let e = config::refresh().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Config);
    assert!(e.message().contains("named.toml:1:"), "{e}");
    assert_eq!(config::scheduler_name().unwrap().as_deref(), Some("serial"));
}

#[test]
fn a_broken_source_is_told_at_every_question() {
    if !is_inside() {
        let home = tempfile::tempdir().unwrap();
        let name = "a_broken_source_is_told_at_every_question";
        return rerun(name, home.path(), &[("TINE_WORKERS", "none")]);
    }
    for _ in 0..2 {
        let e = config::scheduler_name().unwrap_err();
        assert!(e.message().contains("TINE_WORKERS"), "{e}");
    }
    assert!(config::set("workers", 2, || ()).is_err());
}
