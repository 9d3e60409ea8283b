//! Large bodies.

use std::io::{self, Read};

use keychai::base::Payload;
use keychai::state::folder::Folder;

use crate::bare::{self, Sealer};
use crate::bench::Bench;
use crate::measure::{in_turn, nanoseconds};
use crate::memory::peak;
use crate::report::{Bar, Report};

const MIB: usize = 1 << 20;
const BODY: usize = 64 * MIB;
const GIB: u64 = 1 << 30;
const ROUNDS: usize = 9;

fn speed(nanoseconds: f64) -> String {
    format!("{:.2} GB/s", BODY as f64 / nanoseconds)
}

/// A body whose pages are there.
fn filled() -> Vec<u8> {
    (0..BODY).map(|at| at as u8).collect()
}

/// Put and get of 64 MiB in frames, beside one seal of the same length.
pub fn throughput(report: &mut Report) {
    let (mut one, mut two) = (Bench::new(), Bench::new());
    two.lab.set_workers(2);
    for bench in [&mut one, &mut two] {
        bench.put("body", Payload::from(filled()));
    }
    let mut buffer = filled();
    let mut sealer = Sealer::new();
    // The body that a put replaces is dropped by the next one: a copy is kept.
    let put = |bench: &mut Bench| {
        let body = Payload::from(filled());
        let _replaced = bench.lab.fork();
        nanoseconds(|| bench.put("put", body))
    };
    let (one, two) = (std::cell::RefCell::new(one), std::cell::RefCell::new(two));
    let [
        bare,
        put_one,
        put_two,
        stream,
        whole_one,
        whole_two,
        two_stream,
    ] = in_turn(
        ROUNDS,
        [
            &mut || nanoseconds(|| sealer.seal(&mut buffer)),
            &mut || put(&mut one.borrow_mut()),
            &mut || put(&mut two.borrow_mut()),
            &mut || nanoseconds(|| one.borrow_mut().stream("body")),
            &mut || nanoseconds(|| drop(one.borrow_mut().get("body", None))),
            &mut || nanoseconds(|| drop(two.borrow_mut().get("body", None))),
            &mut || nanoseconds(|| two.borrow_mut().stream("body")),
        ],
    );
    let beside = format!("{}, one seal", bare::name());
    let least = if cfg!(feature = "aws-lc") {
        Bar::Least(0.85)
    } else {
        Bar::None
    };
    for (what, ours, bar) in [
        ("put", put_one, least),
        ("get, as a stream", stream, least),
        ("get, into memory", whole_one, Bar::None),
    ] {
        let what = format!("64 MiB: {what}");
        report.row(
            &what,
            format!("{} ({beside})", speed(bare)),
            speed(ours),
            bare / ours,
            bar,
        );
    }
    for (what, single, double) in [
        ("put", put_one, put_two),
        ("get, as a stream", stream, two_stream),
        ("get, into memory", whole_one, whole_two),
    ] {
        let what = format!("64 MiB on two threads: {what}");
        let bar = if what.ends_with("memory") {
            Bar::None
        } else {
            Bar::Least(1.7)
        };
        report.row(
            &what,
            format!("{} (one thread)", speed(single)),
            speed(double),
            single / double,
            bar,
        );
    }
}

/// Plaintext without end.
struct Pattern(u64);

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer
            .len()
            .min(usize::try_from(self.0).unwrap_or(usize::MAX));
        buffer[..count].fill(0x5a);
        self.0 -= count as u64;
        Ok(count)
    }
}

/// 1 MiB out of 1 GiB, beside an object of 1 MiB.
pub fn range(report: &mut Report) {
    let mut bench = Bench::new();
    bench.put("large", Payload::stream(Pattern(GIB)));
    bench.put("small", Payload::from(vec![0x5a; MIB]));
    let bench = std::cell::RefCell::new(bench);
    let range = format!("bytes={}-{}", 500 * MIB, 501 * MIB - 1);
    let [whole, part] = in_turn(
        101,
        [
            &mut || nanoseconds(|| drop(bench.borrow_mut().get("small", None))),
            &mut || nanoseconds(|| drop(bench.borrow_mut().get("large", Some(&range)))),
        ],
    );
    let micros = |time: f64| format!("{:.0} µs", time / 1e3);
    report.row(
        "1 MiB of 1 GiB",
        format!("{} (1 MiB of 1 MiB)", micros(whole)),
        micros(part),
        part / whole,
        Bar::Most(2.0),
    );
    let (count, bytes) = peak(|| bench.borrow_mut().get("large", Some(&range)));
    assert_eq!(count, MIB);
    memory_row(report, "memory of that", bytes, 4.0);
}

fn memory_row(report: &mut Report, what: &str, bytes: usize, most: f64) {
    let mib = bytes as f64 / MIB as f64;
    report.row(
        what,
        String::new(),
        format!("{mib:.2} MiB"),
        mib,
        Bar::Most(most),
    );
}

/// 1 GiB into the data folder and back.
pub fn memory(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bench = Bench::new();
    bench
        .lab
        .keep_bodies_in(Folder::open(folder.path()).expect("a folder"));
    let ((), bytes) = peak(|| bench.put("large", Payload::stream(Pattern(GIB))));
    memory_row(report, "memory of a 1 GiB put into the folder", bytes, 64.0);
    let ((), bytes) = peak(|| bench.stream("large"));
    memory_row(report, "memory of a 1 GiB get from the folder", bytes, 64.0);
}
