//! Alternating rounds.

use std::time::Instant;

/// Nanoseconds that `work` takes.
pub fn nanoseconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// The median of an odd number of times.
pub fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The medians of several things that are done in turn; each prepares on its own
/// what it does not count, and answers how long the rest took.
pub fn in_turn<const N: usize>(rounds: usize, mut work: [&mut dyn FnMut() -> f64; N]) -> [f64; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for one in &mut work {
        one(); // warms caches
    }
    for _ in 0..rounds {
        for (one, times) in work.iter_mut().zip(&mut times) {
            times.push(one());
        }
    }
    times.map(|mut times| median(&mut times))
}
