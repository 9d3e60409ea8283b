//! Alternating rounds.

use std::time::Instant;

/// Odd, so that the median is one of them.
const ROUNDS: usize = 21;

/// How long one round of one side lasts at least, in nanoseconds.
const ROUND_NANOSECONDS: f64 = 20e6;

/// Medians of one pass over the questions, in nanoseconds.
pub struct Medians {
    /// The peer's.
    pub peer: f64,
    /// Ours.
    pub ours: f64,
}

/// Runs both in turn, each round long enough to be measured.
pub fn alternating(mut peer: impl FnMut(), mut ours: impl FnMut()) -> Medians {
    let (peer_passes, our_passes) = (passes(&mut peer), passes(&mut ours));
    let (mut peers, mut own) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        peers.push(nanoseconds(&mut peer, peer_passes));
        own.push(nanoseconds(&mut ours, our_passes));
    }
    Medians {
        peer: median(peers),
        ours: median(own),
    }
}

fn passes(work: &mut impl FnMut()) -> usize {
    nanoseconds(work, 1); // warms caches
    let once = nanoseconds(work, 1).max(1.0);
    ((ROUND_NANOSECONDS / once) as usize).max(1)
}

fn nanoseconds(work: &mut impl FnMut(), passes: usize) -> f64 {
    let start = Instant::now();
    (0..passes).for_each(|_| work());
    start.elapsed().as_nanos() as f64 / passes as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
