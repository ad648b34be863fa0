//! Reports of made runs: what they say, that names cannot break them, how large they are.
//! What they look like and do in a browser is tested by `browser.rs`.

mod browser;
mod made;

use made::Shape;
use tine_profiler::Trace;
use tine_viz::report;

fn page(trace: &Trace) -> String {
    let mut out = Vec::new();
    report::html(trace, &report::Options::default(), &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("a report is UTF-8")
}

/// The part of the page between the heading with this id and the end of its section.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!("<section id=\"{id}\"")).expect("the section is there");
    let end = page[start..].find("</section>").expect("it ends");
    &page[start..start + end]
}

/// Rows of the body of a table.
fn rows(page: &str, id: &str) -> usize {
    let Some(start) = page.find(&format!("id=\"{id}-rows\"")) else { return 0 };
    let end = page[start..].find("</tbody>").expect("it ends");
    page[start..start + end].matches("<tr>").count()
}

#[test]
fn says_what_ran() {
    let trace = made::told(made::run(&made::flights(6), Shape::default()), true);
    let page = page(&trace);
    assert!(page.contains("<title>flights – tine report</title>"));
    assert!(page.contains("2026-11-23 00:37:20 UTC · processes · on fork"));
    assert!(page.contains("<span class=\"status good\">done</span>"));
    assert!(section(&page, "diagnosis").contains("Nothing to complain about"));
    assert!(section(&page, "about").contains("tine.toml, line 3"));
    assert_eq!(rows(&page, "groups-table"), trace.groups().len());
    assert_eq!(rows(&page, "workers-table"), 4);
    assert_eq!(rows(&page, "longest-table"), trace.len());
    assert_eq!(rows(&page, "failed-table"), 0);
    assert!(page.contains("Failed tasks: none."));
    assert!(section(&page, "warnings").contains("None."));
}

#[test]
fn is_the_same_each_time() {
    let make = || page(&made::run(&made::flights(6), Shape { death: true, ..Shape::default() }));
    assert!(make() == make());
}

#[test]
fn asks_nothing_of_a_network() {
    let page = page(&made::run(&made::flights(3), Shape::default()));
    let known = ["http://www.w3.org/2000/svg"];
    let addresses = page.match_indices("http").map(|(i, _)| &page[i..]);
    for text in addresses.filter(|t| t.starts_with("http:") || t.starts_with("https:")) {
        let shown = &text[..text.len().min(60)];
        assert!(known.iter().any(|k| text.starts_with(k)), "{shown}");
    }
    for tag in ["<link", "<img", "<iframe", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }
}

#[test]
fn says_how_a_run_ended() {
    let plain = Shape::default();
    let graph = made::flights(20);
    let failed = page(&made::run(&graph, Shape { fails: Some(60), ..plain }));
    assert!(failed.contains("<span class=\"status bad\">failed</span>"));
    assert!(failed.contains("panicked: index out of bounds &lt;of&gt; &quot;7&quot;"));
    assert_eq!(rows(&failed, "failed-table"), 1);
    assert!(!failed.contains("Nothing to complain about"));

    let incomplete = page(&made::told(made::run(&graph, plain), false));
    assert!(incomplete.contains("<span class=\"status bad\">incomplete</span>"));
    assert!(incomplete.contains("The process that recorded"));

    let empty = page(&Trace::default());
    assert!(empty.contains("<span class=\"status none\">nothing ran</span>"));
    assert!(empty.contains("No graph: there is no task."));
}

#[test]
fn tells_of_deaths_and_notices() {
    let page = page(&made::run(&made::flights(6), Shape { death: true, ..Shape::default() }));
    let warnings = section(&page, "warnings");
    assert!(warnings.contains("Worker 1 (process 4001): killed by signal 9 (SIGKILL)"));
    assert!(warnings.contains("memory short"));
    assert!(warnings.contains("&lt;waits&gt; in futex"));
    assert!(warnings.contains("12 facts were lost"));
    assert_eq!(rows(warnings, "notices-table"), 3);
}

#[test]
fn leaves_out_what_nobody_measured() {
    let bare = Shape { memory: false, samples: false, ..Shape::default() };
    let without = page(&made::run(&made::flights(6), bare));
    assert!(without.contains("Nobody measured memory"));
    assert!(!without.contains("Live at peak</button>"));
    let with = page(&made::run(&made::flights(6), Shape::default()));
    for title in ["CPU time", "Task time", "Allocated", "Live at peak"] {
        assert!(with.contains(&format!("{title}</button>")), "{title}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let page = page(&made::run(&made::hostile(), Shape::default()));
    // Three scripts are the page's own: the class, the data, the script.
    assert_eq!(page.matches("<script").count(), 3);
    assert_eq!(page.matches("</script").count(), 3);
    assert_eq!(page.matches("</template").count(), 1);
    for tag in ["<img", "<!--", "\u{202e}", "\u{0}"] {
        assert!(!page.contains(tag), "{tag:?}");
    }
    // Ten thousand characters of a name would make ten thousand in each place where it stands.
    assert!(!page.contains(&"long ".repeat(200)));
    assert!(page.len() < 250_000, "{}", page.len());
}

#[test]
fn many_groups_and_workers_have_their_rows() {
    let groups = page(&made::run(&made::stairs(500, 2), Shape::default()));
    assert_eq!(rows(&groups, "groups-table"), 500);
    assert_eq!(groups.matches("<canvas data-group").count(), 500);
    assert!(groups.contains("Show all 500 groups"));
    let workers = page(&made::run(&made::flights(200), Shape { workers: 300, ..Shape::default() }));
    assert_eq!(rows(&workers, "workers-table"), 300);
    let one = page(&made::run(&made::flights(2), Shape { workers: 1, ..Shape::default() }));
    assert_eq!(rows(&one, "workers-table"), 1);
}

#[test]
fn a_million_tasks_fit_into_ten_megabytes() {
    let trace = made::run(&made::flights(140_000), Shape::default());
    assert!(trace.len() > 1_000_000 - 20_000, "{}", trace.len());
    let page = page(&trace);
    assert!(page.len() < 10_000_000, "{}", page.len());
    assert!(page.contains("share a box with their neighbours"));
}
