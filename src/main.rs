//! The `keychai` command.

use std::process::ExitCode;

/// Half of what a small call costs beside its cryptography is allocations.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keychai::cli::main()
}
