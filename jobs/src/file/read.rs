//! From the text of a job file to its entries, each checked by itself and against the names of the
//! others.
//! It does not multiply matrices, and looks at no file but for patterns.

use std::collections::HashMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::braces::Text;
use super::group::{Action, Group};
use super::keys::{Entry, Table, kind};
use super::matrix;
use super::names::suggest;
use super::resolve::{Lists, Place, Resolver};
use super::settings::{Layered, SHARED, Settings};
use super::shell::default_shell;
use super::source::{Mistake, Source, Spot};

/// Keys of jobs alone.
const OWN: [&str; 7] = ["name", "argv", "shell", "needs", "inputs", "outputs", "matrix"];

/// A file that was read.
pub(super) struct Read {
    pub(super) groups: Vec<Group>,
    /// What scripts are given to.
    pub(super) shell: Vec<String>,
}

/// Reads a job file whose relative patterns count from `folder`.
pub(super) fn read(source: Source<'_>, folder: &Path) -> Result<Read, Mistake> {
    let table = DeTable::parse(source.text).map_err(|e| {
        let span = e.span().unwrap_or(0..0);
        source.mistake(&span, format!("this is not TOML: {}", one_line(e.message())))
    })?;
    let root = Table::root(source, table.get_ref(), &["job", "defaults"])?;
    let defaults = match root.get("defaults") {
        Some(entry) => {
            let keys: Vec<&str> = SHARED.into_iter().chain(["shell"]).collect();
            Some(Table::new(source, entry.value, "[defaults]", &keys)?)
        }
        None => None,
    };
    let shell = defaults.and_then(|d| d.get("shell")).map(shell_words).transpose()?;
    let Some(jobs) = root.get("job") else {
        return Err(source
            .mistake(&(0..0), "there is no job in this file")
            .help("a job begins with [[job]] and has at least `name` and `argv` or `shell`"));
    };
    let DeValue::Array(_) = jobs.value.get_ref() else {
        let message = format!("`job` must be a list of tables, not {}", kind(jobs.value.get_ref()));
        return Err(jobs.mistake(message).help("write [[job]], with two brackets on each side"));
    };
    let entries = jobs.items();
    let mut tables = Vec::with_capacity(entries.len());
    for entry in &entries {
        let keys: Vec<&str> = OWN.into_iter().chain(SHARED).collect();
        tables.push(Table::new(source, entry.value, "a job", &keys)?);
    }
    if tables.is_empty() {
        return Err(jobs.mistake("there is no job in this list"));
    }
    let names = Names::of(source, &tables)?;
    let shell = shell.unwrap_or_else(default_shell);
    let reading = Reading { source, folder, names: &names, tables: &tables, shell: &shell };
    let one = |(i, &job)| reading.group(i, Layered { job, defaults });
    let groups = tables.iter().enumerate().map(one).collect::<Result<_, _>>()?;
    Ok(Read { groups, shell })
}

/// The parser's messages may have line breaks in them.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shell_words(entry: Entry<'_>) -> Result<Vec<String>, Mistake> {
    let help = "write a list, such as [\"bash\", \"-c\"]: the text of a job comes last";
    let DeValue::Array(_) = entry.value.get_ref() else {
        let found = kind(entry.value.get_ref());
        let message = format!("`shell` of [defaults] must be a list of words, not {found}");
        return Err(entry.mistake(message).help(help));
    };
    let words: Vec<String> = entry.texts()?.iter().map(|w| w.what.to_owned()).collect();
    if words.first().is_none_or(String::is_empty) {
        return Err(entry.mistake("`shell` names no program").help(help));
    }
    Ok(words)
}

/// The names of all jobs, which are different.
struct Names<'a> {
    spots: Vec<Spot<&'a str>>,
    numbers: HashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    fn of(source: Source<'a>, tables: &[Table<'a>]) -> Result<Self, Mistake> {
        let mut names = Names { spots: Vec::new(), numbers: HashMap::new() };
        for table in tables {
            let entry = table.need("name").map_err(|m| m.help("every job needs one of its own"))?;
            let spot = Spot { what: entry.text()?, span: entry.value.span() };
            check_name(&entry, spot.what)?;
            if let Some(first) = names.numbers.insert(spot.what, names.spots.len()) {
                let line = source.mistake(&names.spots[first].span, "").place().map_or(0, |p| p.0);
                let message =
                    format!("the name `{}` is there twice, first in line {line}", spot.what);
                return Err(entry.mistake(message).help("choose another name for one of the two"));
            }
            names.spots.push(spot);
        }
        Ok(names)
    }
}

/// Names stand in journals, on command lines, and before `:` and values of a matrix.
fn check_name(entry: &Entry<'_>, name: &str) -> Result<(), Mistake> {
    let good = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if name.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_')
        && name.chars().all(good)
    {
        return Ok(());
    }
    Err(entry
        .mistake(format!("`{}` cannot be the name of a job", name.escape_debug()))
        .help("use letters, digits, `_`, `-` and `.`, and begin with a letter or digit"))
}

struct Reading<'a> {
    source: Source<'a>,
    folder: &'a Path,
    names: &'a Names<'a>,
    tables: &'a [Table<'a>],
    shell: &'a [String],
}

impl Reading<'_> {
    fn group(&self, number: usize, tables: Layered<'_>) -> Result<Group, Mistake> {
        let job = tables.job;
        let name = &self.names.spots[number];
        let axes = matrix::read(self.source, job.get("matrix"), self.folder)?;
        let lists = Lists::default();
        let mut resolver = Resolver { source: self.source, job: name.what, axes: &axes, lists };
        let inputs = self.files(job.get("inputs"), "inputs", &resolver)?;
        let outputs = self.files(job.get("outputs"), "outputs", &resolver)?;
        let needs = self.needs(number, job.get("needs"))?;
        resolver.lists = self.lists(&inputs, &outputs, &needs);
        Ok(Group {
            name: Spot { what: name.what.to_owned(), span: name.span.clone() },
            action: self.action(job, &resolver)?,
            needs,
            inputs,
            outputs,
            settings: Settings::read(tables, &resolver)?,
            axes: axes.into(),
        })
    }

    /// Which lists have no files, and why.
    fn lists(&self, inputs: &[Spot<Text>], outputs: &[Spot<Text>], needs: &[Spot<usize>]) -> Lists {
        let has_outputs = |need: &Spot<usize>| {
            self.tables[need.what].get("outputs").is_some_and(|o| !o.items().is_empty())
        };
        Lists {
            inputs: inputs.is_empty().then_some((
                "it has no `inputs`",
                "name the files that it reads: inputs = [\"...\"]",
            )),
            outputs: outputs.is_empty().then_some((
                "it has no `outputs`",
                "name the files that it makes: outputs = [\"...\"]",
            )),
            needs: match needs {
                [] => Some((
                    "it has no `needs`",
                    "name the jobs whose files it reads: needs = [\"...\"]",
                )),
                needs if !needs.iter().any(has_outputs) => Some((
                    "no job that it needs has `outputs`",
                    "name the files that those jobs make in their `outputs`",
                )),
                _ => None,
            },
        }
    }

    fn action(&self, job: Table<'_>, resolver: &Resolver<'_>) -> Result<Action, Mistake> {
        let name = resolver.job;
        match (job.get("argv"), job.get("shell")) {
            (Some(argv), None) => {
                let word = |w: &Spot<&str>| resolver.text(w.what, &w.span, "argv", Place::Start);
                let words = argv.texts()?;
                if words.first().is_none_or(|w| w.what.is_empty()) {
                    return Err(argv
                        .mistake(format!("`argv` of the job `{name}` names no program"))
                        .help(
                            "write the program and its arguments: [\"sort\", \"-u\", \"{inputs}\"]",
                        ));
                }
                Ok(Action::Argv(words.iter().map(word).collect::<Result<_, _>>()?))
            }
            (None, Some(shell)) => {
                let text = shell.text()?;
                let span = shell.value.span();
                Ok(Action::Shell(resolver.script(text, &span, self.shell)?))
            }
            (Some(_), Some(shell)) => Err(shell
                .mistake(format!("the job `{name}` has both `argv` and `shell`"))
                .help("keep one: `argv` starts a program, `shell` gives a text to the shell")),
            (None, None) => Err(self
                .source
                .mistake(&job.header(), format!("the job `{name}` has neither `argv` nor `shell`"))
                .help(
                    "say what it runs: argv = [\"program\", \"argument\"] or shell = \"command\"",
                )),
        }
    }

    fn needs(&self, number: usize, entry: Option<Entry<'_>>) -> Result<Vec<Spot<usize>>, Mistake> {
        let mut needs: Vec<Spot<usize>> = Vec::new();
        for name in entry.map(|e| e.texts()).transpose()?.unwrap_or_default() {
            let own = self.names.spots[number].what;
            let Some(&what) = self.names.numbers.get(name.what) else {
                let message =
                    format!("the job `{own}` needs `{}`, and there is no such job", name.what);
                let others = self.names.spots.iter().map(|s| s.what).filter(|&n| n != own);
                let mistake = self.source.mistake(&name.span, message);
                return Err(match suggest(name.what, others) {
                    Some(help) => mistake.help(help),
                    None => mistake,
                });
            };
            if what == number {
                let mistake =
                    self.source.mistake(&name.span, format!("the job `{own}` needs itself"));
                return Err(mistake.help("take it out"));
            }
            if needs.iter().all(|n| n.what != what) {
                needs.push(Spot { what, span: name.span });
            }
        }
        Ok(needs)
    }

    fn files(
        &self,
        entry: Option<Entry<'_>>,
        key: &'static str,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<Spot<Text>>, Mistake> {
        let mut files = Vec::new();
        for item in entry.map_or_else(Vec::new, |e| e.items()) {
            let span = item.value.span();
            if key == "inputs" && matches!(item.value.get_ref(), DeValue::Table(_)) {
                let table = Table::new(self.source, item.value, "an item of `inputs`", &["glob"])?;
                for path in matrix::glob(self.source, table.need("glob")?, self.folder)? {
                    files.push(Spot { what: Text::literal(&path), span: span.clone() });
                }
                continue;
            }
            let text = item.text()?;
            if text.is_empty() {
                let message = format!("`{key}` of the job `{}` must name files", resolver.job);
                return Err(item.mistake(message).help("name each file that it reads or makes"));
            }
            files.push(Spot { what: resolver.text(text, &span, key, Place::Files)?, span });
        }
        Ok(files)
    }
}
