//! The `keychai` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    keychai::cli::main()
}
