//! Interleaved rounds: in each, every contender of a row has a turn, so that what disturbs the machine disturbs all
//! of them. What a call costs is the median, over the rounds, of its time less the bare call's time of the same round.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::subject::Subject;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) runs: usize,
    pub(crate) rounds: usize,
    /// A turn lasts at least about so long.
    pub(crate) turn: Duration,
}

/// Nanoseconds a call of each subject, in each round.
pub(crate) fn rounds(subjects: &[&Subject], threads: u32, plan: &Plan) -> Vec<Vec<f64>> {
    let laps: Vec<u64> = subjects.iter().map(|subject| length(subject, threads, plan.turn)).collect();
    let mut times = vec![Vec::with_capacity(plan.rounds); subjects.len()];
    for round in 0..plan.rounds {
        for turn in 0..subjects.len() {
            // Another one begins each round.
            let whose = (round + turn) % subjects.len();
            times[whose].push(turn_of(subjects[whose], laps[whose], threads, plan.turn));
        }
    }
    times
}

/// The median of the differences to the first subject, round by round; without a first one to compare with, of the times.
pub(crate) fn median_over(bare: Option<&[f64]>, times: &[f64]) -> f64 {
    match bare {
        Some(bare) => median(times.iter().zip(bare).map(|(time, bare)| time - bare).collect()),
        None => median(times.to_vec()),
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// How many calls last for about a turn, found by calling, which warms the breaker up.
fn length(subject: &Subject, threads: u32, turn: Duration) -> u64 {
    let mut calls = 64;
    loop {
        let longest = subject.longest.unwrap_or(u64::MAX);
        if calls >= longest {
            return longest;
        }
        let time = lap(subject, calls, threads);
        if time * 2 >= turn {
            return calls;
        }
        calls *= 2;
    }
}

/// One turn, of one lap or of as many as it takes: nanoseconds a call.
fn turn_of(subject: &Subject, calls: u64, threads: u32, turn: Duration) -> f64 {
    let (mut time, mut made) = (Duration::ZERO, 0);
    loop {
        time += lap(subject, calls, threads);
        made += calls;
        if subject.longest.is_none() || time >= turn {
            return nanoseconds(time) / count(made);
        }
    }
}

/// The time that so many calls take; on several threads, each of which makes so many, their mean.
fn lap(subject: &Subject, calls: u64, threads: u32) -> Duration {
    subject.prepare();
    if threads == 1 {
        let start = Instant::now();
        subject.lap(calls);
        return start.elapsed();
    }
    let (waiting, lap) = (&AtomicU32::new(threads), subject.shared_lap());
    let run = move || {
        // They start together, and awake: a thread that is woken starts late.
        waiting.fetch_sub(1, Ordering::AcqRel);
        while waiting.load(Ordering::Acquire) > 0 {
            spin_loop();
        }
        let start = Instant::now();
        lap(calls);
        start.elapsed()
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        all.into_iter().map(|one| one.join().expect("a lap does not panic")).sum::<Duration>() / threads
    })
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ns are a hundred days")]
fn nanoseconds(time: Duration) -> f64 {
    time.as_nanos() as f64
}

#[expect(clippy::cast_precision_loss, reason = "nobody waits for 2^53 calls")]
fn count(calls: u64) -> f64 {
    calls as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_found() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]).to_bits(), 2.5_f64.to_bits());
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn differences_are_taken_round_by_round() {
        // The second round was disturbed for both.
        let over = median_over(Some(&[1.0, 50.0, 1.0]), &[3.0, 52.0, 3.0]);
        assert_eq!(over.to_bits(), 2.0_f64.to_bits());
    }
}
