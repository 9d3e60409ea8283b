//! Measures envelope encryption: bodies beside one bare seal, small objects
//! beside the cryptography that they cannot do without, ranges and memory.

mod bare;
mod bench;
mod bodies;
mod measure;
mod memory;
mod report;
mod small;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

fn main() -> ExitCode {
    let mut report = report::Report::default();
    bodies::throughput(&mut report);
    bodies::range(&mut report);
    bodies::memory(&mut report);
    small::small(&mut report);
    report.print()
}
