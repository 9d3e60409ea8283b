//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::least_privilege::LeastPrivilegeArguments;
use crate::authz::Model;
use crate::base::nearest;
use crate::policy::PolicyKind;

/// What notebooks replay from, unless told otherwise.
pub const KERNEL_SEED: u64 = 1;

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
    #[command(
        after_help = "Examples:\n  keychai lab --no-browser\n  keychai lab --allow-read labs --allow-write labs"
    )]
    Lab(LabArguments),
    /// Run a script or a notebook
    #[command(
        after_help = "Exit codes: 0 success, 1 script error, 2 usage\n\nExamples:\n  keychai run scripts/week3.rhai --seed 7 --model aws\n  keychai run scripts/week3.rhai --trail trail.json\n  keychai run week4.rhai --lab course.lab --key-file course.key\n  keychai run large.rhai --data bodies\n  keychai run notebooks/01-first-tour.ipynb -p name alice --output done.ipynb"
    )]
    Run(RunArguments),
    /// Try things out at an interactive prompt
    #[command(after_help = "Example:\n  keychai repl --seed 7")]
    Repl(ReplArguments),
    /// Print the failure-scenario matrix, or that of a scenario: each row a real call in a fork of a lab
    #[command(
        after_help = "Examples:\n  keychai matrix --format html > matrix.html\n  keychai matrix --list\n  keychai matrix download\n  keychai matrix upload --exhaustive --format csv --jobs 2"
    )]
    Matrix(MatrixArguments),
    /// Find the least that the users and roles of a script need, by running it again and again
    #[command(
        after_help = "Exit codes: 0 found and verified, 1 not, 2 usage\n\nExample:\n  keychai least-privilege scripts/week3.rhai"
    )]
    LeastPrivilege(LeastPrivilegeArguments),
    /// Decide conformance cases: one line of JSON for each
    #[command(
        after_help = "Exit codes: 0 every case answered, 1 a case that cannot be read, 2 usage\n\nExamples:\n  keychai simulate tests/cases/decisions.json --model aws\n  keychai simulate - < case.json"
    )]
    Simulate(SimulateArguments),
    /// Make a lab of an account as the AWS CLI prints it
    #[command(
        after_help = "Reads, whatever the files are called:\n  aws iam get-account-authorization-details\n  aws kms describe-key, get-key-policy, list-grants, list-aliases, list-keys\n  aws s3api list-buckets, get-bucket-policy, get-bucket-encryption, get-public-access-block\n  aws organizations describe-organization, list-policies, describe-policy,\n    list-targets-for-policy, list-policies-for-target, list-parents\nWhere a command does not print what its answer is about, name the file after it:\nkey-policy-KEY_ID.json, encryption-BUCKET.json, targets-POLICY_ID.json.\n\nExit codes: 0 all loaded, 1 something could not be, 2 usage\n\nExamples:\n  keychai import my-account\n  keychai import my-account --lab my.lab --key-file my.key\n  keychai repl --import my-account --mask"
    )]
    Import(ImportArguments),
    /// Explain a real denial: AWS's error message, or the CloudTrail event
    #[command(
        after_help = "Exit codes: 0 explained, 1 neither a denial nor an event, 2 usage\n\nExamples:\n  keychai explain event.json --import my-account\n  keychai explain - --lab my.lab --key-file my.key < message.txt"
    )]
    Explain(ExplainArguments),
    /// Say what a policy says and hardly means
    #[command(
        after_help = "Exit codes: 0 no error found, 1 an error found or no policy, 2 usage\n\nExamples:\n  keychai lint policy.json\n  keychai lint - --kind bucket --format json < bucket-policy.json"
    )]
    Lint(LintArguments),
    /// Install or start the Jupyter kernel
    #[command(subcommand)]
    Kernel(KernelCommand),
    /// Make a key for `--key-file`, in a new file that only its owner can read
    #[command(after_help = "Example:\n  keychai new-key course.key")]
    NewKey {
        /// The file; it must not exist yet
        file: PathBuf,
    },
    /// Seal and open files as AWS Encryption SDK messages under a key of your own
    #[command(subcommand)]
    Envelope(EnvelopeCommand),
    /// Print the scripting reference, or one entry of it
    #[command(
        after_help = "Examples:\n  keychai reference\n  keychai reference kms:GenerateDataKey"
    )]
    Reference {
        /// A function, method, object or type, or an operation by AWS's name
        name: Option<String>,
    },
}

/// What decides how a lab behaves.
#[derive(Clone, Debug, Args)]
pub struct LabSettings {
    /// Replay clock and randomness from this seed; without it the system's are used
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The rule for KMS: `exam` (IAM and key policy; the default) or `aws` (what the service does)
    #[arg(long, value_name = "MODEL", value_parser = parse_model)]
    pub model: Option<Model>,
}

/// Which files may be read and written.
#[derive(Clone, Debug, Default, Args)]
pub struct FileSettings {
    /// Go on with the lab in FILE, or begin one; it is written back after success
    #[arg(long, value_name = "FILE")]
    pub lab: Option<PathBuf>,
    /// Begin with the account whose exports lie in DIR; see `keychai import`
    #[arg(long, value_name = "DIR")]
    pub import: Option<PathBuf>,
    /// Replace the account's numbers and names by pseudonyms
    #[arg(long, requires = "import")]
    pub mask: bool,
    /// The first line of FILE is the passphrase; without it `KEYCHAI_PASSPHRASE`, or an answer
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub passphrase_file: Option<PathBuf>,
    /// Seal labs under the key in FILE, which `keychai new-key` makes
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The folders.
    #[command(flatten)]
    pub folders: FolderSettings,
}

/// Which folders are used.
#[derive(Clone, Debug, Default, Args)]
pub struct FolderSettings {
    /// Keep bodies of new objects in files of DIR, sealed as they are, in place of memory
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Let scripts read in DIR (`lab.load`, `upload_file`); may be repeated
    #[arg(long, value_name = "DIR")]
    pub allow_read: Vec<PathBuf>,
    /// Let scripts write in DIR (`lab.save`, `download_file`); may be repeated
    #[arg(long, value_name = "DIR")]
    pub allow_write: Vec<PathBuf>,
}

/// `keychai explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The message, event or log file; `-` or nothing for standard input
    #[arg(default_value = "-", value_name = "FILE")]
    pub file: PathBuf,
    /// Decide by the account whose exports lie in DIR; see `keychai import`
    #[arg(long, value_name = "DIR", conflicts_with = "lab")]
    pub import: Option<PathBuf>,
    /// Replace account numbers and names by pseudonyms
    #[arg(long, requires = "import")]
    pub mask: bool,
    /// Decide by the lab in FILE
    #[arg(long, value_name = "FILE")]
    pub lab: Option<PathBuf>,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The rule for KMS with `--import`: `aws` (the default) or `exam`
    #[arg(long, value_name = "MODEL", default_value = "aws", value_parser = parse_model)]
    pub model: Model,
    /// The first line of FILE is the passphrase; without it `KEYCHAI_PASSPHRASE`, or an answer
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub passphrase_file: Option<PathBuf>,
    /// The lab is sealed under the key in FILE
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// `keychai import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The folder with the exports
    pub dir: PathBuf,
    /// Replace account numbers and names by pseudonyms, also in the lab that is written
    #[arg(long)]
    pub mask: bool,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The rule for KMS: `aws` (what the service does; the default) or `exam`
    #[arg(long, value_name = "MODEL", default_value = "aws", value_parser = parse_model)]
    pub model: Model,
    /// Write the lab to FILE, which must not exist yet
    #[arg(long, value_name = "FILE")]
    pub lab: Option<PathBuf>,
    /// The first line of FILE is the passphrase; without it `KEYCHAI_PASSPHRASE`, or an answer
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub passphrase_file: Option<PathBuf>,
    /// Seal the lab under the key in FILE, which `keychai new-key` makes
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// `keychai repl`.
#[derive(Debug, Args)]
pub struct ReplArguments {
    /// How the lab behaves.
    #[command(flatten)]
    pub settings: LabSettings,
    /// Where it is kept.
    #[command(flatten)]
    pub files: FileSettings,
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
    /// What notebooks may touch.
    #[command(flatten)]
    pub folders: FolderSettings,
}

/// `keychai run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The script, or a notebook (`.ipynb`), whose code cells are run
    pub file: PathBuf,
    /// Set a parameter of a notebook: behind its cell tagged `parameters`. VALUE is JSON, or
    /// else text; may be repeated
    #[arg(short, long = "parameter", num_args = 2, value_names = ["NAME", "VALUE"], allow_hyphen_values = true)]
    pub parameters: Vec<String>,
    /// Write the notebook with its outputs to this file, also if a cell fails
    #[arg(long, value_name = "OUT.ipynb")]
    pub output: Option<PathBuf>,
    /// Write what happened to this file, as CloudTrail delivers it; also if the script fails
    #[arg(long, value_name = "OUT.json")]
    pub trail: Option<PathBuf>,
    /// How the lab behaves.
    #[command(flatten)]
    pub settings: LabSettings,
    /// Where it is kept.
    #[command(flatten)]
    pub files: FileSettings,
    /// What the script sees as `args`
    #[arg(trailing_var_arg = true)]
    pub args: Vec<String>,
}

/// `keychai matrix`.
#[derive(Debug, Args)]
pub struct MatrixArguments {
    /// The scenario; without it, the failure scenarios of the notes with cause and repair
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// Name the scenarios
    #[arg(long, conflicts_with_all = ["scenario", "exhaustive", "minimal"])]
    pub list: bool,
    /// Show every combination
    #[arg(long, requires = "scenario")]
    pub exhaustive: bool,
    /// Show the fewest rows that say what every combination comes to (the default)
    #[arg(long, requires = "scenario", conflicts_with = "exhaustive")]
    pub minimal: bool,
    /// How many threads run the combinations
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// No progress
    #[arg(long, short)]
    pub quiet: bool,
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
    /// Comma-separated values: the rows alone.
    Csv,
}

/// `keychai envelope`.
#[derive(Debug, Subcommand)]
pub enum EnvelopeCommand {
    /// Write FILE to standard output as a message that a raw AES keyring opens
    #[command(
        after_help = "Example:\n  keychai envelope seal --key-file my.key --context team=pay q1.csv > q1.msg"
    )]
    Seal(EnvelopeArguments),
    /// Write what the message FILE holds to standard output
    #[command(
        after_help = "Example:\n  keychai envelope open --key-file my.key --context team=pay q1.msg > q1.csv"
    )]
    Open(EnvelopeArguments),
}

/// `keychai envelope seal` and `open`.
#[derive(Debug, Args)]
pub struct EnvelopeArguments {
    /// The file, `-` for standard input
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// The wrapping key, as `keychai new-key` makes it: 32 bytes in base64 or hexadecimal
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The keyring's namespace, which stands in the message
    #[arg(long, value_name = "NAME", default_value = "keychai")]
    pub namespace: String,
    /// The key's name in that namespace, which stands in the message
    #[arg(long, value_name = "NAME", default_value = "key")]
    pub key_name: String,
    /// A pair of the encryption context; a message that lacks it is not opened. May be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub context: Vec<(String, String)>,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("give it as NAME=VALUE".to_owned()),
    }
}

/// `keychai kernel`.
#[derive(Debug, Subcommand)]
pub enum KernelCommand {
    /// Tell Jupyter that the kernel exists
    #[command(
        after_help = "Examples:\n  keychai kernel install --user\n  keychai kernel install --allow-read labs --allow-write labs"
    )]
    Install(InstallArguments),
    /// Tell Jupyter that the kernel is gone
    #[command(after_help = "Example:\n  keychai kernel uninstall --user")]
    Uninstall(KernelPlace),
    /// Run the kernel; Jupyter calls this
    Start {
        /// The connection file that Jupyter writes
        #[arg(short = 'f', long = "connection-file", value_name = "CONNECTION_FILE")]
        connection_file: PathBuf,
        /// Replay clock and randomness from this seed
        #[arg(long, value_name = "N", default_value_t = KERNEL_SEED)]
        seed: u64,
        /// The rule for KMS: `exam` or `aws`
        #[arg(long, value_name = "MODEL", default_value = "exam", value_parser = parse_model)]
        model: Model,
        /// Use the system's clock and randomness
        #[arg(long, conflicts_with = "seed")]
        system: bool,
        /// What notebooks may touch.
        #[command(flatten)]
        folders: FolderSettings,
    },
}

/// `keychai kernel install`.
#[derive(Debug, Args)]
pub struct InstallArguments {
    /// Where to.
    #[command(flatten)]
    pub place: KernelPlace,
    /// What notebooks may touch, from now on.
    #[command(flatten)]
    pub folders: FolderSettings,
}

/// Where Jupyter finds the kernel.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct KernelPlace {
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
