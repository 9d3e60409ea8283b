//! Small objects: the whole call beside its cryptography alone.

use keychai::base::Payload;

use crate::bare::Envelope;
use crate::bench::{BUCKET, Bench};
use crate::measure::{in_turn, nanoseconds};
use crate::memory::count;
use crate::report::{Bar, Report};

const CALLS: usize = 500;

/// Put and get of 1 KiB under SSE-KMS.
pub fn small(report: &mut Report) {
    let mut bench = Bench::new();
    let body = vec![0x5a; 1024];
    let mut bare = Envelope::new(&bench.key, &format!("arn:aws:s3:::{BUCKET}/small"));
    let sealed = bare.put(&body);
    bench.put("small", Payload::from(body.clone()));
    // A trail that grows without end would be measured as well.
    let fresh = bench.lab.fork();
    let bench = std::cell::RefCell::new(bench);
    let bare = std::cell::RefCell::new(bare);
    let [bare_put, put, bare_get, get] = in_turn(
        41,
        [
            &mut || each(|| drop(bare.borrow_mut().put(&body))),
            &mut || {
                bench.borrow_mut().lab = fresh.fork();
                each(|| bench.borrow_mut().put("small", Payload::from(body.clone())))
            },
            &mut || each(|| drop(bare.borrow().get(&sealed))),
            &mut || {
                bench.borrow_mut().lab = fresh.fork();
                each(|| drop(bench.borrow_mut().get("small", None)))
            },
        ],
    );
    let puts = count(|| bench.borrow_mut().put("small", Payload::from(body.clone())));
    let gets = count(|| drop(bench.borrow_mut().get("small", None)));
    for (what, allocations) in [("put", puts), ("get", gets)] {
        report.row(
            &format!("1 KiB: allocations of a {what}"),
            String::new(),
            allocations.to_string(),
            allocations as f64,
            Bar::None,
        );
    }
    for (what, bare, ours) in [("put", bare_put, put), ("get", bare_get, get)] {
        let micros = |time: f64| format!("{:.1} µs", time / 1e3);
        let ours_text = format!("{} ({:.0} a second)", micros(ours), 1e9 / ours);
        report.row(
            &format!("1 KiB: {what}"),
            format!("{} (cryptography alone)", micros(bare)),
            ours_text,
            ours / bare,
            Bar::Most(3.0),
        );
    }
}

fn each(mut call: impl FnMut()) -> f64 {
    nanoseconds(|| (0..CALLS).for_each(|_| call())) / CALLS as f64
}
