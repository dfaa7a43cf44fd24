//! How much happened when: acts counted over equal spans of time, in bounded memory.

/// Spans that are kept; when time runs past the last one, each two become one.
const SPANS: usize = 256;
/// Length of a span at first, in microseconds.
const FIRST_SPAN_US: u64 = 1000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// A file was read or looked at.
    Read,
    /// A file was changed.
    Change,
    /// An act on the network.
    Net,
    /// A program was run.
    Program,
}

/// Acts over time.
pub(crate) struct Pulse {
    span_us: u64,
    counts: [Vec<u64>; 4],
}

impl Default for Pulse {
    fn default() -> Self {
        Self { span_us: FIRST_SPAN_US, counts: [const { Vec::new() }; 4] }
    }
}

impl Pulse {
    /// Counts acts at a time.
    pub(crate) fn add(&mut self, beat: Beat, at_us: u64, times: u64) {
        while at_us / self.span_us >= SPANS as u64 {
            self.span_us = self.span_us.saturating_mul(2);
            for counts in &mut self.counts {
                *counts = counts.chunks(2).map(|two| two.iter().fold(0u64, |a, b| a.saturating_add(*b))).collect();
            }
        }
        let counts = &mut self.counts[beat as usize];
        let at = (at_us / self.span_us) as usize;
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] = counts[at].saturating_add(times);
    }

    /// Length of a span in microseconds.
    pub(crate) fn span_us(&self) -> u64 {
        self.span_us
    }

    /// Acts of one kind, a number a span.
    pub(crate) fn counts(&self, beat: Beat) -> &[u64] {
        &self.counts[beat as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_when_spans_grow() {
        let mut pulse = Pulse::default();
        for at in [0, 999, 1000, 255_999, 256_000, 10_000_000, u64::MAX] {
            pulse.add(Beat::Read, at, 2);
        }
        pulse.add(Beat::Net, 5, 1);
        assert_eq!(pulse.counts(Beat::Read).iter().sum::<u64>(), 14);
        assert_eq!(pulse.counts(Beat::Net), [1]);
        assert!(pulse.counts(Beat::Read).len() <= SPANS);
    }
}
