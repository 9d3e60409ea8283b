//! Measures envelope encryption: bodies beside one bare seal, small objects
//! beside the cryptography that they cannot do without, ranges and memory.
//! Arguments name the sections to run; all of them without.

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
    let sections: [(&str, fn(&mut report::Report)); 4] = [
        ("throughput", bodies::throughput),
        ("range", bodies::range),
        ("memory", bodies::memory),
        ("small", small::small),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let known = sections.map(|(name, _)| name);
    if let Some(unknown) = wanted.iter().find(|one| !known.contains(&one.as_str())) {
        eprintln!("no section `{unknown}`: there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let mut report = report::Report::default();
    for (name, measure) in sections {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            measure(&mut report);
        }
    }
    report.print()
}
