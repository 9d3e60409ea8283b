# The everyday commands of keychai. `just` alone lists them.

python := "target/tests-env/bin/python"

_default:
    @just --list --unsorted

# Build the release binary
build:
    cargo build --release

# Open the notebooks in JupyterLab, installing what is missing
lab *arguments:
    cargo run --release -- lab {{arguments}}

# Run every test, as continuous integration does
test *arguments:
    tests/run {{arguments}}

# Run the Rust tests alone, quickly
unit *filter:
    cargo test {{filter}}

# Format the code
fmt:
    cargo fmt

# Look for what the compiler and clippy complain of
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Run the notebooks again and store them with their outputs
notebooks *names:
    tests/run --refresh {{names}}

# Feed one target of fuzz/ with made-up input until it fails or is stopped; needs `cargo install cargo-fuzz`
fuzz target *arguments:
    RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none --target-dir target/fuzz {{target}} {{arguments}}

# Measure decisions against Cedar in one run, and what a stored policy costs
bench-peers:
    cargo run --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers

# Measure envelope encryption beside the bare ciphers in one run
bench-envelope *sections:
    cargo run --release --manifest-path benches/envelope/Cargo.toml --target-dir target/envelope -- {{sections}}

# Measure the kernel against ipykernel in one run
bench-kernel: build
    {{python}} benches/kernel/run.py
