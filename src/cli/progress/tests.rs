//! Whether what is shown is true, fits, and is taken away again.

use std::io;
use std::time::Duration;

use tine_jobs::output::Sink;
use tine_scheduler::OutputStream::{self, Stderr, Stdout};
use tine_scheduler::TaskStatus;
use tine_scheduler::jobs::Standing;
use unicode_width::UnicodeWidthStr;

use super::eta;
use super::groups::Groups;
use super::jobs::{Close, Jobs, Kind, Start};
use super::lines::{self, Look};
use super::terminal::Terminal;

const LOOK: Look = Look { bar: true, eta: true, colour: false, slots: 4 };

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn standing(s: u64, running: usize) -> Standing {
    Standing { elapsed: seconds(s), running, ..Standing::default() }
}

/// Groups with names, totals, jobs that are done, and jobs that run; each took ten seconds.
fn made(all: &[(&str, usize, usize, usize)]) -> Groups {
    let mut groups = Groups { complete: true, ..Groups::default() };
    for (i, (name, total, done, running)) in all.iter().enumerate() {
        groups.set(i, name, *total);
        groups.groups[i].done = *done;
        // As if just now, at whatever time.
        (0..*running).for_each(|_| groups.started(i, "job", Duration::MAX));
        (0..*done).for_each(|_| groups.took(i, seconds(10)));
    }
    groups
}

/// A screen that understands what is written to it: enough of a terminal for these tests.
#[derive(Debug, Default)]
struct Screen {
    rows: Vec<Vec<char>>,
    at: (usize, usize),
    out: String,
}

impl Screen {
    fn text(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|row| row.iter().collect()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    fn put(&mut self, c: char) {
        let (row, column) = self.at;
        self.rows.resize_with(self.rows.len().max(row + 1), Vec::new);
        let line = &mut self.rows[row];
        line.resize(line.len().max(column + 1), ' ');
        line[column] = c;
        self.at.1 += 1;
    }

    fn escape(&mut self, code: &str) {
        let (row, column) = self.at;
        match code.split_at(code.len() - 1) {
            (up, "A") => self.at.0 -= up.parse::<usize>().unwrap(),
            ("", "K") => self.rows.get_mut(row).into_iter().for_each(|line| line.truncate(column)),
            ("", "J") => {
                self.rows.truncate(row + 1);
                self.escape("K");
            }
            other => panic!("what is {other:?}?"),
        }
    }
}

impl Sink for Screen {
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        let text = std::str::from_utf8(bytes).unwrap();
        if stream == Stdout {
            self.out += text;
        }
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\n' => self.at = (self.at.0 + 1, 0),
                '\r' => self.at.1 = 0,
                '\x1b' => {
                    let code = rest.as_str().strip_prefix('[').unwrap();
                    let len = code.find(|c: char| c.is_ascii_alphabetic()).unwrap() + 1;
                    self.escape(&code[..len]);
                    rest = code[len..].chars();
                }
                c => self.put(c),
            }
        }
        Ok(())
    }
}

fn lines(text: &[&str]) -> Vec<String> {
    text.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn bars_stand_below_the_output_and_go_for_it() {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [true, true]);
    terminal.draw(&lines(&["one", "two", "three"])).unwrap();
    terminal.write(Stdout, b"a\n").unwrap();
    terminal.draw(&lines(&["1", "2"])).unwrap();
    terminal.draw(&lines(&["11", "22", "33"])).unwrap();
    terminal.write(Stderr, b"b\nc\n").unwrap();
    terminal.draw(&lines(&["one"])).unwrap();
    terminal.note("note").unwrap();
    terminal.draw(&lines(&["x", "y"])).unwrap();
    assert_eq!(screen.text(), "a\nb\nc\nnote\nx\ny");
    let mut terminal = Terminal::over(&mut screen, [true, true]);
    terminal.erase().unwrap();
    assert_eq!(screen.text(), "a\nb\nc\nnote\nx\ny", "nothing of this one's stands there");
}

#[test]
fn fewer_lines_leave_nothing_behind() {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [true, true]);
    terminal.draw(&lines(&["one", "two", "three"])).unwrap();
    terminal.draw(&lines(&["1"])).unwrap();
    terminal.erase().unwrap();
    terminal.write(Stdout, b"x").unwrap();
    assert_eq!(screen.text(), "x");
}

#[test]
fn half_a_line_is_not_written_over() {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [true, true]);
    terminal.write(Stdout, b"half").unwrap();
    terminal.draw(&lines(&["bar"])).unwrap();
    terminal.write(Stdout, b" of it\nhalf").unwrap();
    (0..20).for_each(|_| terminal.draw(&lines(&["bar"])).unwrap());
    assert_eq!(screen.text(), "half of it\nhalf\nbar");
}

#[test]
fn output_that_is_not_seen_does_not_touch_the_bars() {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [false, true]);
    terminal.draw(&lines(&["bar"])).unwrap();
    // As if it went to a file; here it lands behind the bar.
    terminal.write(Stdout, b"x").unwrap();
    assert_eq!(screen.text(), "barx");
}

#[test]
fn medians_are_those_of_the_latest() {
    let mut times = eta::Times::default();
    assert_eq!(times.median(), None);
    [9, 1, 5].into_iter().for_each(|s| times.add(seconds(s)));
    assert_eq!(times.median(), Some(seconds(5)));
    (0..101).for_each(|_| times.add(seconds(2)));
    assert_eq!(times.median(), Some(seconds(2)));
    times.add(seconds(1_000));
    assert_eq!(times.median(), Some(seconds(2)), "one that hung says nothing");
}

#[test]
fn the_rest_takes_what_the_median_says() {
    // 60 jobs of ten seconds are left, four of which are half done, on four slots.
    let groups = made(&[("a", 100, 40, 4)]);
    assert_eq!(groups.left(4.0, seconds(0)), Some(seconds(145)));
    assert_eq!(groups.left_of(&groups.groups[0], 4.0, seconds(0)), Some(seconds(145)));
    // One job takes its time on any number of slots.
    assert_eq!(made(&[("a", 10, 9, 0)]).left(64.0, seconds(0)), Some(seconds(10)));
    // What has no times yet is taken for as slow as the others.
    assert_eq!(made(&[("a", 4, 4, 0), ("b", 4, 0, 0)]).left(2.0, seconds(0)), Some(seconds(20)));
    assert_eq!(made(&[("a", 4, 0, 2)]).left(2.0, seconds(0)), None, "nobody knows");
    let open = Groups { complete: false, ..made(&[("a", 100, 40, 4)]) };
    assert_eq!(open.left(4.0, seconds(0)), None, "there may be more");
}

#[test]
fn jobs_of_several_slots_leave_less_room() {
    let wide = Standing { busy: 8, ..standing(0, 2) };
    let look = Look { slots: 8, ..LOOK };
    assert_eq!(look.side_by_side(&wide), 2.0);
    assert_eq!(look.side_by_side(&standing(0, 0)), 8.0);
    // Of two that run, one is of each group: each has half of the room.
    let groups = made(&[("a", 11, 5, 1), ("b", 21, 5, 1)]);
    assert_eq!(groups.left_of(&groups.groups[0], 2.0, seconds(0)), Some(seconds(55)));
    assert_eq!(groups.left_of(&groups.groups[1], 2.0, seconds(0)), Some(seconds(155)));
}

#[test]
fn times_are_not_better_than_they_are() {
    let about = |s| eta::about(seconds(s));
    assert_eq!(
        [1, 12, 62, 150].map(about),
        ["a few seconds", "about 10 s", "about 60 s", "about 3 min"]
    );
    assert_eq!([7_300, 200_000].map(about), ["about 2 h", "about 2 days"]);
    let clock = |s| eta::clock(seconds(s));
    assert_eq!([9, 185, 7_385].map(clock), ["9 s", "3:05 min", "2:03:05 h"]);
}

#[test]
fn one_group_is_one_line() {
    let groups = made(&[("", 100, 40, 4)]);
    let text = lines::bars(&groups, &standing(100, 4), LOOK, (100, 24));
    assert_eq!(text.len(), 1);
    let bar = format!("{}{}{}", "━".repeat(16), "╌", "·".repeat(23));
    assert_eq!(text[0], format!("{bar}  40 of 100 jobs, 4 running, 1:40 min, about 2 min left"));
    let narrow = lines::bars(&groups, &standing(100, 4), LOOK, (40, 24));
    assert_eq!(narrow, ["40 of 100 jobs, 4 running, 1:40 min, a…"]);
    let eta = Look { bar: false, ..LOOK };
    let text = lines::bars(&groups, &standing(100, 4), eta, (100, 24));
    assert_eq!(text, ["40 of 100 jobs, 4 running, 1:40 min, about 2 min left"]);
}

#[test]
fn many_groups_fit_on_every_screen() {
    let names: Vec<String> = (0..30).map(|i| format!("grüße-{i}-{}", "名".repeat(i))).collect();
    let all: Vec<_> =
        names.iter().enumerate().map(|(i, name)| (&**name, 10, i % 11, i % 3)).collect();
    let groups = made(&all);
    for columns in [1, 10, 20, 40, 79, 80, 132, 200] {
        for rows in [1, 2, 5, 24, 50] {
            let text = lines::bars(&groups, &standing(61, 30), LOOK, (columns, rows));
            assert!(text.len() <= rows.clamp(1, 10), "{} lines in {rows} rows", text.len());
            for line in &text {
                assert!(line.width() < columns.max(2), "{} of {columns}: {line}", line.width());
            }
        }
    }
    let text = lines::bars(&groups, &standing(61, 30), LOOK, (200, 24));
    assert!(text[9].ends_with("; 21 more groups, 1 done"), "{}", text[9]);
}

#[test]
fn groups_that_run_are_shown_first() {
    let mut all = vec![("done", 5, 5, 0); 9];
    all.extend([("waits", 5, 0, 0), ("runs", 5, 1, 1)]);
    let text = lines::bars(&made(&all), &standing(0, 1), LOOK, (80, 6)).join("\n");
    let names: Vec<_> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["done", "done", "waits", "runs", "46"]);
    assert!(text.ends_with("; 7 more groups done"), "{text}");
}

#[test]
fn bars_are_full_when_all_has_ended_and_not_before() {
    let mut groups = made(&[("a", 1_000, 999, 1), ("b", 3, 3, 0), ("c", 1_000, 1, 0)]);
    (groups.groups[1].failed, groups.groups[1].done) = (1, 2);
    let text = lines::bars(&groups, &standing(0, 1), LOOK, (80, 24));
    let bar = |line: &str| line.split_whitespace().nth(1).unwrap().to_owned();
    assert!(bar(&text[0]).ends_with('╌'), "{}", text[0]);
    assert_eq!(bar(&text[1]).replace('━', ""), "");
    assert!(text[1].contains("1 failed"));
    assert!(text.iter().take(3).map(|l| bar(l).width()).all(|w| w == bar(&text[0]).width()));
    let colours = lines::bars(&groups, &standing(0, 1), Look { colour: true, ..LOOK }, (80, 24));
    assert!(colours[1].contains("\x1b[31m━"), "what failed is red");
    assert!(!text.join("").contains('\x1b'));
}

#[test]
fn names_cannot_move_the_cursor() {
    let text = lines::bars(
        &made(&[("a\x1b[2J\n", 1, 0, 0), ("b", 1, 0, 0)]),
        &standing(0, 0),
        LOOK,
        (80, 24),
    );
    assert!(text[0].starts_with("a[2J  "), "{:?}", text[0]);
}

/// Tells a run of three jobs to `progress`, one of which fails.
fn told(kind: Kind) -> Screen {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [true, true]);
    let mut progress = Jobs::new(kind, LOOK);
    progress.group(0, "count", 3);
    progress.complete();
    for (i, status) in
        [TaskStatus::Done, TaskStatus::Failed, TaskStatus::Done].into_iter().enumerate()
    {
        let elapsed = seconds(6 * i as u64);
        let job = format!("count({i})");
        let start = Start { job: &job, group: 0, attempt: 1, slot: 1, pid: 77, elapsed };
        progress.started(&start, &mut terminal).unwrap();
        progress.tick_at(&standing(6 * i as u64, 1), &mut terminal, (80, 24)).unwrap();
        progress.stopped(0, &job);
        let error = (status == TaskStatus::Failed).then_some("exit code 2");
        let took = Some(Duration::from_millis(5_500));
        let close = Close {
            job: &job,
            group: 0,
            status,
            ran: true,
            took,
            error,
            elapsed: elapsed + seconds(5),
        };
        progress.closed(&close, &mut terminal).unwrap();
    }
    progress.finished(seconds(18), &mut terminal).unwrap();
    screen
}

#[test]
fn each_kind_says_its_own() {
    assert_eq!(told(Kind::Quiet).text(), "");
    let end = "tine: 2 of 3 jobs done, 1 failed in 18 s";
    assert_eq!(told(Kind::Bars).text(), end);
    let plain = format!("tine: 2 of 3 jobs, 1 running, 1 failed, 12 s, a few seconds left\n{end}");
    assert_eq!(told(Kind::Plain).text(), plain);
}

/// What is said of a job that runs for five minutes beside short ones.
fn told_of_slow(kind: Kind) -> Screen {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [true, true]);
    let mut progress = Jobs::new(kind, LOOK);
    let mut start = |job, s| {
        let elapsed = seconds(s);
        let start = Start { job, group: 0, attempt: 1, slot: 1, pid: 77, elapsed };
        progress.started(&start, &mut terminal).unwrap();
        progress.tick_at(&standing(s, 2), &mut terminal, (80, 24)).unwrap();
        if job != "long" {
            progress.stopped(0, job);
        }
    };
    start("long", 7);
    (8..300).for_each(|s| start("short", s));
    screen
}

#[test]
fn a_job_that_runs_for_long_is_named_ever_more_rarely() {
    let said = |ran| format!("tine: long has run for {ran} so far");
    let of_slow = |screen: Screen| {
        let lines: Vec<String> = screen.text().lines().map(str::to_owned).collect();
        lines.into_iter().filter(|line| line.contains("long")).collect::<Vec<_>>()
    };
    let all = [said("1:00 min"), said("2:00 min"), said("4:00 min")];
    assert_eq!(of_slow(told_of_slow(Kind::Plain)), all);
    assert_eq!(of_slow(told_of_slow(Kind::Bars)), all);
    assert_eq!(of_slow(told_of_slow(Kind::Quiet)), [""; 0]);
    let events = told_of_slow(Kind::Json).out;
    let slow: Vec<_> = events.lines().filter(|line| line.contains(r#""slow""#)).collect();
    assert_eq!(slow[1], r#"{"elapsed":127.0,"event":"slow","job":"long","seconds":120.0}"#);
    assert_eq!(slow.len(), 3);
}

#[test]
fn short_runs_are_told_exactly() {
    let end = |ms| lines::end(&made(&[("a", 1_000, 999, 0)]), Duration::from_millis(ms));
    assert_eq!(end(840), "999 of 1,000 jobs done, 1 not run in 0.8 s");
    assert_eq!(end(125_000), "999 of 1,000 jobs done, 1 not run in 2:05 min");
}

#[test]
fn the_end_is_one_line_that_adds_up() {
    let mut groups = made(&[("a", 20, 14, 0)]);
    let end = |groups: &Groups| lines::end(groups, Duration::from_millis(2_100));
    groups.groups[0].fresh = 6;
    assert_eq!(end(&groups), "14 jobs done, 6 up to date in 2.1 s");
    (groups.groups[0].fresh, groups.groups[0].canceled) = (3, 1);
    assert_eq!(end(&groups), "14 of 20 jobs done, 3 up to date, 1 canceled, 2 not run in 2.1 s");
    let mut groups = made(&[("a", 19, 0, 0)]);
    groups.groups[0].fresh = 19;
    assert_eq!(end(&groups), "19 jobs up to date in 2.1 s");
}

#[test]
fn events_are_json_on_standard_output() {
    let screen = told(Kind::Json);
    let events: Vec<serde_json::Value> =
        screen.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let each = ["started", "closed"];
    assert_eq!(names, [&each[..], &each, &["started", "progress", "closed", "finished"]].concat());
    assert_eq!(
        events[3],
        serde_json::json!({"event": "closed", "elapsed": 11.0, "job": "count(1)", "group": "count",
            "status": "failed", "seconds": 5.5, "error": "exit code 2"})
    );
    assert_eq!(events[0]["pid"], 77);
    assert_eq!(
        (&events[7]["done"], &events[7]["failed"], &events[7]["open"]),
        (&2.into(), &1.into(), &false.into())
    );
}

#[test]
fn what_jobs_print_does_not_mix_with_events() {
    let mut screen = Screen::default();
    let mut terminal = Terminal::over(&mut screen, [false, false]).diverted();
    terminal.write(Stdout, b"output\n").unwrap();
    terminal.event("{}").unwrap();
    assert_eq!((screen.out.as_str(), screen.text().as_str()), ("{}\n", "output\n{}"));
}
