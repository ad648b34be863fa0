//! What was typed after `tine map`: options, a command, and what stands behind separators.
//! It does not know what the options mean: see `high/map`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::lists::List;
use crate::cli::failure::MAP_CODES;

/// Run a command once for each argument, several at a time, as GNU parallel does
///
/// Arguments come from behind `:::`, from files behind `::::`, or from standard input, one a
/// line; several sources give all combinations. {} in the command stands for the argument,
/// quoted so that a shell takes it as it is; it is appended where it is missing. Without a
/// command each argument is one.
#[derive(Args, Debug, Default)]
#[command(after_help = format!("{EXAMPLES}\n\n{MAP_CODES}"), verbatim_doc_comment)]
pub(crate) struct Map {
    /// Jobs at a time: N, +N or -N (more or less than there are cores), N% of them, 0 for as many
    /// as can be [default: 100%]
    #[arg(short, long, value_name = "N", short_alias = 'P', alias = "max-procs")]
    #[arg(allow_hyphen_values = true)]
    pub(crate) jobs: Option<String>,

    /// Start programs without a shell: each word of the command is an argument
    #[arg(long, conflicts_with = "quote")]
    pub(crate) argv: bool,

    /// Quote the command, so that the shell finds nothing in it
    #[arg(short, long)]
    pub(crate) quote: bool,

    #[command(flatten)]
    pub(crate) input: Input,

    #[command(flatten)]
    pub(crate) places: Places,

    #[command(flatten)]
    pub(crate) pipe: Pipe,

    #[command(flatten)]
    pub(crate) shown: Shown,

    #[command(flatten)]
    pub(crate) control: Control,

    /// The command and its arguments
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,

    /// What stands behind separators.
    #[arg(skip)]
    pub(crate) lists: Vec<List>,
}

/// Where arguments come from.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Arguments")]
pub(crate) struct Input {
    /// Read arguments from FILE, - for standard input; several give all combinations
    #[arg(short, long, value_name = "FILE")]
    pub(crate) arg_file: Vec<PathBuf>,

    /// Arguments end with a NUL, as `find -print0` writes them
    #[arg(short = '0', long, conflicts_with = "delimiter")]
    pub(crate) null: bool,

    /// Arguments end with STR instead of a newline
    #[arg(short, long, value_name = "STR")]
    pub(crate) delimiter: Option<OsString>,

    /// Arguments end before one that is STR
    #[arg(short = 'E', value_name = "STR")]
    pub(crate) eof: Option<OsString>,

    /// Leave out empty arguments
    #[arg(short = 'r', long)]
    pub(crate) no_run_if_empty: bool,

    /// Take one argument of each source instead of all combinations
    #[arg(long, alias = "xapply")]
    pub(crate) link: bool,

    /// Split arguments at the regular expression RE, into {1}, {2} and so on
    #[arg(short = 'C', long, value_name = "RE")]
    pub(crate) colsep: Option<String>,

    /// The first argument of each source is its name, for {name}: write `:`. With --pipe, what RE
    /// matches at the beginning, or N lines, are repeated for each job
    #[arg(long, value_name = "RE")]
    pub(crate) header: Option<String>,

    /// Cut white space off arguments: n (not), l (left), r (right), lr (both)
    #[arg(long, value_name = "WHERE", value_parser = ["n", "l", "r", "lr", "rl"])]
    pub(crate) trim: Option<String>,

    /// At most N arguments a job, as many as the line holds
    #[arg(short = 'n', long, value_name = "N", conflicts_with_all = ["max_replace_args", "max_lines"])]
    pub(crate) max_args: Option<usize>,

    /// N arguments a job, which are {1} to {N}; with --pipe, N records
    #[arg(short = 'N', long, value_name = "N", conflicts_with = "max_lines")]
    pub(crate) max_replace_args: Option<usize>,

    /// N lines a job, where a line with a blank at its end goes on; with --pipe, keep N together
    #[arg(short = 'L', long, value_name = "N")]
    pub(crate) max_lines: Option<usize>,

    /// As many arguments a job as the line holds, shared among the jobs at the end
    #[arg(short = 'm', conflicts_with = "repeat")]
    pub(crate) many: bool,

    /// Like -m, and the word around {} is repeated with it
    #[arg(short = 'X')]
    pub(crate) repeat: bool,

    /// Like -m, but the last job has what is left
    #[arg(long)]
    pub(crate) xargs: bool,

    /// The longest line for -m, -X and --xargs, in bytes
    #[arg(short = 's', long, value_name = "N")]
    pub(crate) max_chars: Option<usize>,

    /// Run jobs in a random order
    #[arg(long)]
    pub(crate) shuf: bool,

    /// Where random numbers start: the same seed gives the same order
    #[arg(long, value_name = "N", requires = "shuf")]
    pub(crate) seed: Option<u64>,

    /// Write STR instead of :::
    #[arg(long, value_name = "STR")]
    pub(crate) arg_sep: Option<OsString>,

    /// Write STR instead of ::::
    #[arg(long, value_name = "STR")]
    pub(crate) arg_file_sep: Option<OsString>,
}

/// What stands for arguments in the command.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Places")]
pub(crate) struct Places {
    /// Write STR instead of {}
    #[arg(short = 'I', value_name = "STR")]
    pub(crate) replace: Option<OsString>,

    /// Write STR instead of {.}, the argument without extension
    #[arg(long, value_name = "STR", alias = "er")]
    pub(crate) extensionreplace: Option<OsString>,

    /// Write STR instead of {/}, the argument without folder
    #[arg(long, value_name = "STR", alias = "bnr")]
    pub(crate) basenamereplace: Option<OsString>,

    /// Write STR instead of {//}, the folder
    #[arg(long, value_name = "STR", alias = "dnr")]
    pub(crate) dirnamereplace: Option<OsString>,

    /// Write STR instead of {/.}, the argument without folder and extension
    #[arg(long, value_name = "STR", alias = "bner")]
    pub(crate) basenameextensionreplace: Option<OsString>,

    /// Write STR instead of {#}, the number of the job
    #[arg(long, value_name = "STR")]
    pub(crate) seqreplace: Option<OsString>,

    /// Write STR instead of {%}, the slot that the job runs in
    #[arg(long, value_name = "STR")]
    pub(crate) slotreplace: Option<OsString>,

    /// Also {+/} {+.} {..} {...} {+..} {+...} {/..} {/...}, and {##} for how many jobs there are
    #[arg(long)]
    pub(crate) plus: bool,
}

/// Splitting a stream among jobs.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Blocks of standard input")]
pub(crate) struct Pipe {
    /// Each job reads a block of standard input, or of the file of -a
    #[arg(long, alias = "spreadstdin")]
    pub(crate) pipe: bool,

    /// Bytes in a block, as 64K, 1M or 10m (by 1000) [default: 1M]
    #[arg(long, value_name = "SIZE", alias = "block-size", requires = "pipe")]
    pub(crate) block: Option<String>,

    /// Records begin with STR
    #[arg(long, value_name = "STR", requires = "pipe")]
    pub(crate) recstart: Option<OsString>,

    /// Records end with STR [default: a newline]
    #[arg(long, value_name = "STR", requires = "pipe")]
    pub(crate) recend: Option<OsString>,

    /// --recstart and --recend are regular expressions
    #[arg(long, requires = "pipe")]
    pub(crate) regexp: bool,

    /// Leave out what --recstart and --recend match
    #[arg(long, aliases = ["rrs", "removerecsep"], requires = "pipe")]
    pub(crate) remove_rec_sep: bool,
}

/// What is seen.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct Shown {
    /// Print in the order of the arguments
    #[arg(short, long)]
    pub(crate) keep_order: bool,

    /// Print what a job prints when it ends, as a whole (the default)
    #[arg(long, conflicts_with_all = ["line_buffer", "ungroup"])]
    pub(crate) group: bool,

    /// Print each line when it is complete
    #[arg(long, aliases = ["lb", "linebuffer"], conflicts_with = "ungroup")]
    pub(crate) line_buffer: bool,

    /// Print everything at once
    #[arg(short, long, conflicts_with = "keep_order")]
    pub(crate) ungroup: bool,

    /// Put the argument before each line
    #[arg(long)]
    pub(crate) tag: bool,

    /// Put STR, which may have places, before each line
    #[arg(long, value_name = "STR", conflicts_with = "tag")]
    pub(crate) tagstring: Option<OsString>,

    /// Write output to files in DIR, or with places, to files of these names
    #[arg(long, value_name = "DIR", alias = "res", conflicts_with = "files")]
    pub(crate) results: Option<OsString>,

    /// Write the output of all jobs to one file, for `tine cat`, instead of printing it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["results", "files", "tag", "tagstring"])]
    pub(crate) stream: Option<PathBuf>,

    /// Write output to files, and print their names
    #[arg(long)]
    pub(crate) files: bool,

    /// Print the commands instead of running them
    #[arg(long, alias = "dryrun")]
    pub(crate) dry_run: bool,

    /// Print each command on standard output before it runs
    #[arg(short)]
    pub(crate) verbose: bool,

    /// Print each command on standard error before it runs
    #[arg(short = 't', long = "verbose")]
    pub(crate) trace: bool,

    /// Show a bar
    #[arg(long)]
    pub(crate) bar: bool,

    /// Show when it will be done
    #[arg(long)]
    pub(crate) eta: bool,

    /// Show how far it is
    #[arg(long)]
    pub(crate) progress: bool,

    /// Print an object for each event on standard output, and what jobs print on standard error
    #[arg(long, conflicts_with_all = ["bar", "eta", "progress"])]
    pub(crate) json: bool,

    /// Write a line for each job to FILE, after those that are there with a + before it
    #[arg(long, value_name = "FILE", alias = "jl")]
    pub(crate) joblog: Option<OsString>,

    /// Record the run in FILE, for `tine report` and others
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
}

/// When jobs start and end.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Control")]
pub(crate) struct Control {
    /// Leave out jobs that have a line in the file of --joblog, files of --results, or an end in the
    /// file of --stream
    #[arg(long, conflicts_with = "resume_failed")]
    pub(crate) resume: bool,

    /// Leave out jobs that have ended well by the file of --joblog or of --stream
    #[arg(long)]
    pub(crate) resume_failed: bool,

    /// Run a job that fails up to N times in all
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,

    /// End a job after this time: seconds, 1m, 2h, or 200% of the median of the others
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<String>,

    /// Let this time pass between two starts
    #[arg(long, value_name = "TIME")]
    pub(crate) delay: Option<String>,

    /// Start no job while more than N processes run on this machine; +N, -N, N% as for -j
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) load: Option<String>,

    /// Start no job while less memory is free; below half of it, the youngest gives way [default:
    /// what jobs take is learned, and those for which there is not enough wait]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memfree: Option<String>,

    /// Set so much memory aside for each job, and end it where it takes more
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,

    /// Let make, ninja and cargo in jobs take cores of -j that no job uses, and no others: by a pipe with
    /// a name (fifo: make from 4.4, ninja from 1.13, cargo), or by descriptors (pipe: every make, cargo)
    #[arg(long, value_name = "STYLE", num_args = 0..=1, require_equals = true,
          default_missing_value = "fifo", value_parser = ["fifo", "pipe"])]
    pub(crate) jobserver: Option<String>,

    /// When to end the run: never, or now or soon, then fail, success or done, as soon,fail=3 or
    /// now,done=10%
    #[arg(long, value_name = "WHEN", alias = "halt-on-error", allow_hyphen_values = true)]
    pub(crate) halt: Option<String>,

    /// Add N to the niceness of jobs
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) nice: Option<i32>,

    /// Run jobs in DIR, which may have places
    #[arg(long, value_name = "DIR", alias = "workdir")]
    pub(crate) wd: Option<OsString>,

    /// Set a variable for jobs, to a value that may have places; without a value, see that there
    /// is one
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<OsString>,
}

const EXAMPLES: &str = "\
Places in the command:
  {}  the argument     {.}  without extension     {/}   without folder     {//}  its folder
  {#} number of job    {%}  its slot              {/.}  without both       {2}   of source 2
  {2.} {2/} {2//} {2/.}  of source 2              {name}  of the source with this --header

Examples:
  tine map gzip ::: *.csv                        one gzip for each file, as many as cores
  tine map 'convert {} {.}.png' ::: *.jpg
  find . -name '*.log' -print0 | tine map -0 xz
  tine map -j4 --tag ping -c1 {} :::: hosts.txt
  tine map -k 'echo {1}-{2}' ::: a b ::: 1 2 3   all six combinations, in order
  tine map --joblog log --resume ./step ::: {1..1000}
  tine map --pipe --block 10M 'grep -c x' < big.txt";
