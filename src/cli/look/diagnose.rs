//! The findings of the diagnosis as text.
//! It judges nothing: the profiler does.

use tine_profiler::{Finding, Severity, Trace, diagnose};

use super::input::Opened;
use crate::cli::failure::Failure;
use crate::cli::{high, words};

/// Lines are not longer than this.
const WIDTH: usize = 88;

/// `tine diagnose`.
pub(super) fn run(job: &high::Diagnose) -> Result<String, Failure> {
    let opened = Opened::new(&job.source)?;
    Ok(text(opened.trace(), &diagnose(opened.trace())))
}

fn text(trace: &Trace, findings: &[Finding]) -> String {
    let mut out = format!("{}\n", super::diff::summary(trace));
    if let Some(error) = &trace.about().error {
        out += &words::wrapped(&format!("The run failed: {error}"), WIDTH, "");
    }
    if let Some(failed) = trace.failed_jobs() {
        out += "The run failed: ";
        out += &failed.lines().map(|line| format!("{}\n", clean(line))).collect::<String>();
    }
    if findings.is_empty() {
        return out + "\nNothing stands out: no rule of the diagnosis has found anything.\n";
    }
    for (i, f) in findings.iter().enumerate() {
        let kind = match f.severity {
            Severity::Warning => "warning",
            Severity::Advice => "advice",
            Severity::Note => "note",
        };
        let share = match (f.share * 100.0).round() {
            percent if percent >= 1.0 => format!(" (up to {percent:.0} % of the time)"),
            _ => String::new(),
        };
        out += &format!("\n{}. {kind}: {}{share}\n", i + 1, f.title);
        out += &words::wrapped(&f.text, WIDTH, "   ");
        if !f.advice.is_empty() {
            out += &words::wrapped(&format!("Try: {}", f.advice), WIDTH, "   ");
        }
    }
    out
}

/// A line that a job wrote, without what would steer the terminal.
fn clean(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use tine_profiler::Rule;

    use super::*;

    #[test]
    fn findings_are_read_from_top_to_bottom() {
        let finding = |severity, share| Finding {
            rule: Rule::Straggler,
            severity,
            title: "One task took long".to_owned(),
            text: "`read(3)` took 9 s, ".repeat(6),
            advice: "Cut it up.".to_owned(),
            share,
            group: None,
            tasks: Vec::new(),
        };
        let found = [finding(Severity::Warning, 0.416), finding(Severity::Note, 0.0)];
        let text = text(&Trace::default(), &found);
        assert!(
            text.contains("\n1. warning: One task took long (up to 42 % of the time)\n"),
            "{text}"
        );
        assert!(text.contains("\n2. note: One task took long\n"), "{text}");
        assert!(text.ends_with("   Try: Cut it up.\n"));
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn nothing_is_said_too() {
        assert!(text(&Trace::default(), &[]).contains("Nothing stands out"));
    }
}
