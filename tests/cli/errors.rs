//! What `tine demo` says when the data are not as they should be: every word is pinned.

use crate::support::Folder;

/// Runs over the folder `d`, which must fail with exactly this message and no other output.
fn fails(folder: &Folder, message: &str) {
    let run = folder.tine(&["demo", "--data", "d", "--out", "o"]);
    assert_eq!(run.err, message);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
}

/// As [`fails`], with one file.
fn file_fails(name: &str, contents: impl AsRef<[u8]>, message: &str) {
    let folder = Folder::new(name);
    folder.write("d/1990.csv", contents);
    fails(&folder, message);
}

#[test]
fn missing_column() {
    file_fails(
        "missing-column",
        "Year,Origin,Delay\n1990,EWR,3\n",
        "error: d/1990.csv, line 1: there is no column DepDelay in: Year,Origin,Delay
  help: tine demo needs the columns Origin and DepDelay, spelled so; name a folder with other \
         files by --data, or one that does not exist yet, to have files written\n",
    );
}

#[test]
fn other_separator() {
    file_fails(
        "semicolons",
        "Origin;DepDelay\nEWR;3\n",
        "error: d/1990.csv, line 1: there is no column Origin in: Origin;DepDelay
  help: columns must be separated by commas, not by semicolons\n",
    );
}

#[test]
fn bad_number() {
    file_fails(
        "bad-number",
        "Origin,DepDelay\nEWR,3\n\nJFK,twelve\n",
        "error: d/1990.csv, line 4, column DepDelay: \"twelve\" is not a number
  help: write minutes, such as 12 or -3.5, or leave the field empty where they are not known\n",
    );
}

#[test]
fn short_line() {
    file_fails(
        "short-line",
        "Origin,DepDelay,Dest\nEWR,3,BOS\nJFK,1",
        "error: d/1990.csv, line 3: 2 fields, but the header has 3 columns
  help: was the file cut off, or does a field have a comma? Put such a field into quotes\n",
    );
}

#[test]
fn open_quote() {
    file_fails(
        "open-quote",
        "Origin,DepDelay\n\"EWR,3\nJFK,1\n",
        "error: d/1990.csv, line 2: a quote is opened and not closed on the same line
  help: close it; line breaks inside quotes are not supported\n",
    );
}

#[test]
fn text_after_quote() {
    file_fails(
        "after-quote",
        "Origin,DepDelay\n\"EW\"R,3\n",
        "error: d/1990.csv, line 2: text between a closing quote and the next comma
  help: write a quote inside a quoted field twice\n",
    );
}

#[test]
fn empty_file() {
    file_fails(
        "empty-file",
        "",
        "error: d/1990.csv, line 1: no column names
  help: the first line must name the columns, separated by commas\n",
    );
}

#[test]
fn not_utf8() {
    file_fails(
        "not-utf8",
        b"Origin,DepDelay\n\xfc,3\n",
        "error: d/1990.csv, line 2, column Origin: not UTF-8
  help: convert the file to UTF-8, with iconv say\n",
    );
}

#[test]
fn line_that_is_no_line() {
    let contents = format!("Origin,DepDelay\nEWR,3\n{}", "x".repeat(3 << 20));
    file_fails(
        "long-line",
        contents,
        "error: d/1990.csv, line 3: longer than 1 MiB
  help: is this a CSV file? Are its line breaks missing?\n",
    );
}

#[test]
fn no_delay_at_all() {
    file_fails(
        "no-delay",
        "Origin,DepDelay\nEWR,\n",
        "error: no flight in d has a departure delay and an origin
  help: are DepDelay and Origin empty in all files? Name another folder with --data\n",
    );
}

#[test]
fn the_first_wrong_line_is_named_whoever_finds_it() {
    let folder = Folder::new("first-wrong");
    for file in 0..6 {
        folder
            .write(&format!("d/{file}.csv"), format!("Origin,DepDelay\n{}", "EWR,1\n".repeat(900)));
    }
    folder.write("d/2.csv", format!("Origin,DepDelay\n{}EWR,x\n", "EWR,1\n".repeat(90_000)));
    folder.write("d/5.csv", "Origin,DepDelay\nEWR,y\n");
    fails(
        &folder,
        "error: d/2.csv, line 90002, column DepDelay: \"x\" is not a number
  help: write minutes, such as 12 or -3.5, or leave the field empty where they are not known\n",
    );
}

#[test]
#[cfg(unix)]
fn unreadable_file() {
    let folder = Folder::new("unreadable");
    folder.write("d/1990.csv", "Origin,DepDelay\nEWR,1\n");
    std::os::unix::fs::symlink("gone.csv", folder.path("d/1991.csv")).expect("links can be made");
    fails(
        &folder,
        "error: cannot read d/1991.csv: No such file or directory (os error 2)
  help: is it a link to a file that is gone? Remove it, or bring the file back\n",
    );
}

#[test]
#[cfg(unix)]
fn folder_in_place_of_a_file() {
    let folder = Folder::new("folder-as-file");
    folder.write("d/1990.csv/x", "");
    fails(
        &folder,
        "error: cannot read d/1990.csv: Is a directory (os error 21)
  help: this is a folder: move it away, or rename it so that it does not end in .csv\n",
    );
}

#[test]
fn file_in_place_of_the_folder() {
    let folder = Folder::new("file-as-folder");
    folder.write("d", "Origin,DepDelay\nEWR,1\n");
    fails(
        &folder,
        "error: d is a file, not a folder
  help: give the folder that holds the CSV files\n",
    );
}

#[test]
fn nycflights_without_flights() {
    let folder = Folder::new("no-csv");
    folder.write("d/nycflights/1990.parquet", "");
    fails(
        &folder,
        "error: d/nycflights has no CSV files, but 1990.parquet is in it
  help: move that away, or name another folder with --data\n",
    );
}

#[test]
fn empty_folder_gets_files() {
    let folder = Folder::new("empty-folder");
    std::fs::create_dir_all(folder.path("d/nycflights")).expect("folders can be made");
    let run = folder.tine(&["demo", "--data", "d", "--rows", "10", "--json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(folder.list("d/nycflights").len(), 10);
}

#[test]
fn out_that_cannot_be_made() {
    let folder = Folder::new("out-is-file");
    folder.write("o", "");
    fails(
        &folder,
        "error: cannot make the folder o: File exists (os error 17)
  help: name another folder with --out\n",
    );
}

#[test]
fn mistakes_of_the_command_line() {
    let folder = Folder::new("usage");
    let usage = |args: &[&str]| {
        let run = folder.tine(args);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{args:?}");
        run.err
    };
    assert!(usage(&["demo", "--rows", "0"]).contains("invalid value '0' for '--rows <N>'"));
    assert!(usage(&["demo", "--row", "5"]).contains("'--rows'"), "a similar argument is named");
    assert!(usage(&["demo", "--workers", "0"]).contains("1..=1024"));
    assert!(usage(&["dance"]).contains("unrecognized subcommand 'dance'"));
    assert!(usage(&[]).contains("Usage: tine"));
    assert!(folder.list(".").is_empty(), "nothing was made");
}

#[test]
fn help_has_examples_and_exit_codes() {
    let folder = Folder::new("help");
    let help = folder.tine(&["demo", "--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for part in ["Examples:\n  tine demo ", "Exit codes: 0 done", "[default: 260000]", "graph.svg"]
    {
        assert!(help.out.contains(part), "no {part:?} in\n{}", help.out);
    }
    assert_eq!(folder.tine(&["--version"]).out, format!("tine {}\n", env!("CARGO_PKG_VERSION")));
}
