//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::authz::Model;
use crate::base::nearest;
use crate::policy::PolicyKind;

/// A laptop lab for AWS authorization and encryption.
#[derive(Debug, Parser)]
#[command(
    name = "keychai",
    version,
    about,
    after_help = "Examples:\n  keychai lab\n  keychai run scripts/week3.rhai --seed 7\n  keychai matrix --format markdown\n  keychai reference key"
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the notebooks in JupyterLab; installs what is missing
    #[command(after_help = "Example:\n  keychai lab --no-browser")]
    Lab(LabArguments),
    /// Run a script
    #[command(
        after_help = "Exit codes: 0 success, 1 script error, 2 usage\n\nExamples:\n  keychai run scripts/week3.rhai --seed 7 --model aws\n  keychai run scripts/week3.rhai --trail trail.json"
    )]
    Run(RunArguments),
    /// Try things out at an interactive prompt
    #[command(after_help = "Example:\n  keychai repl --seed 7")]
    Repl(LabSettings),
    /// Print the failure-scenario matrix: each row a real call in a fork of a lab
    #[command(after_help = "Example:\n  keychai matrix --format html > matrix.html")]
    Matrix(MatrixArguments),
    /// Decide conformance cases: one line of JSON for each
    #[command(
        after_help = "Exit codes: 0 every case answered, 1 a case that cannot be read, 2 usage\n\nExamples:\n  keychai simulate tests/cases/decisions.json --model aws\n  keychai simulate - < case.json"
    )]
    Simulate(SimulateArguments),
    /// Say what a policy says and hardly means
    #[command(
        after_help = "Exit codes: 0 no error found, 1 an error found or no policy, 2 usage\n\nExamples:\n  keychai lint policy.json\n  keychai lint - --kind bucket --format json < bucket-policy.json"
    )]
    Lint(LintArguments),
    /// Install or start the Jupyter kernel
    #[command(subcommand)]
    Kernel(KernelCommand),
    /// Print the scripting reference, or one entry of it
    #[command(after_help = "Examples:\n  keychai reference\n  keychai reference generate_data_key")]
    Reference {
        /// A function, method, object or type
        name: Option<String>,
    },
}

/// What decides how a lab behaves.
#[derive(Clone, Debug, Args)]
pub struct LabSettings {
    /// Replay clock and randomness from this seed; without it the system's are used
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The rule for KMS: `exam` (IAM and key policy) or `aws` (what the service does)
    #[arg(long, value_name = "MODEL", default_value = "exam", value_parser = parse_model)]
    pub model: Model,
}

fn parse_model(text: &str) -> Result<Model, String> {
    text.parse()
}

/// `keychai lab`.
#[derive(Debug, Args)]
pub struct LabArguments {
    /// The folder to open; the notebooks nearby, or a copy of the built-in ones, without it
    pub dir: Option<PathBuf>,
    /// Do not open a browser; print the address
    #[arg(long)]
    pub no_browser: bool,
    /// The first port to try
    #[arg(long, default_value_t = 8888)]
    pub port: u16,
    /// Show no progress
    #[arg(long)]
    pub quiet: bool,
}

/// `keychai run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The script
    pub file: PathBuf,
    /// Write what happened to this file, as CloudTrail delivers it; also if the script fails
    #[arg(long, value_name = "OUT.json")]
    pub trail: Option<PathBuf>,
    /// How the lab behaves.
    #[command(flatten)]
    pub settings: LabSettings,
    /// What the script sees as `args`
    #[arg(trailing_var_arg = true)]
    pub args: Vec<String>,
}

/// `keychai matrix`.
#[derive(Debug, Args)]
pub struct MatrixArguments {
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The rule for KMS: `exam` or `aws`
    #[arg(long, value_name = "MODEL", default_value = "exam", value_parser = parse_model)]
    pub model: Model,
}

/// `keychai simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// The cases: an object with `cases`, an array, or one case a line; `-` or nothing for standard input
    #[arg(default_value = "-", value_name = "FILE")]
    pub file: PathBuf,
    /// The rule for KMS: `exam` or `aws`
    #[arg(long, value_name = "MODEL", default_value = "exam", value_parser = parse_model)]
    pub model: Model,
}

/// `keychai lint`.
#[derive(Debug, Args)]
pub struct LintArguments {
    /// The document, `-` for standard input
    pub file: PathBuf,
    /// What the policy is attached to; guessed from its first statement without it
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    pub kind: Option<PolicyKind>,
    /// The form
    #[arg(long, value_enum, default_value_t = LintFormat::Text)]
    pub format: LintFormat,
}

/// The forms of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// The lines with carets, for people.
    Text,
    /// Data.
    Json,
}

fn parse_kind(word: &str) -> Result<PolicyKind, String> {
    PolicyKind::of_word(word).ok_or_else(|| {
        let words = PolicyKind::WORDS.map(|(word, _)| word);
        match nearest(word, words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", words.join(", ")),
        }
    })
}

/// The forms of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For the terminal.
    Text,
    /// GitHub's Markdown.
    Markdown,
    /// An HTML fragment.
    Html,
    /// Data.
    Json,
}

/// `keychai kernel`.
#[derive(Debug, Subcommand)]
pub enum KernelCommand {
    /// Tell Jupyter that the kernel exists
    #[command(after_help = "Example:\n  keychai kernel install --user")]
    Install(InstallArguments),
    /// Run the kernel; Jupyter calls this
    Start {
        /// The connection file that Jupyter writes
        #[arg(short = 'f', long = "connection-file", value_name = "CONNECTION_FILE")]
        connection_file: PathBuf,
        /// Replay clock and randomness from this seed
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// The rule for KMS: `exam` or `aws`
        #[arg(long, value_name = "MODEL", default_value = "exam", value_parser = parse_model)]
        model: Model,
        /// Use the system's clock and randomness
        #[arg(long, conflicts_with = "seed")]
        system: bool,
    },
}

/// `keychai kernel install`.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct InstallArguments {
    /// For this user (the default)
    #[arg(long)]
    pub user: bool,
    /// For the Python environment that is active
    #[arg(long)]
    pub sys_prefix: bool,
    /// Below this folder, as `share/jupyter/kernels/keychai`
    #[arg(long, value_name = "P")]
    pub prefix: Option<PathBuf>,
}
