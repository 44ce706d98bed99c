//! Where the `jti`s of our tokens come from (RFC 7519 §4.1.7).

use std::sync::{Mutex, TryLockError};

use data_encoding::BASE64URL_NOPAD;

use crate::entropy::{Entropy, EntropyError};
use crate::error::{Fault, Step};
use crate::types::{Jti, Timestamp};

/// How many are drawn at a time.
const DRAWN: usize = 16;
const BYTES: usize = 16;

/// 128 random bits for each, so that two tokens never share one.
///
/// Several are drawn at a time, since asking the system costs more than the bits. A `jti` is no secret. What was drawn is used
/// within the second in which it was drawn: a copy of the process that goes on later, a restored snapshot for one, has none left.
#[derive(Debug)]
pub(crate) struct JtiSource(Mutex<Drawn>);

#[derive(Debug)]
struct Drawn {
    at: Timestamp,
    left: usize,
    bytes: [[u8; BYTES]; DRAWN],
}

impl JtiSource {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Drawn { at: Timestamp::EPOCH, left: 0, bytes: [[0; BYTES]; DRAWN] }))
    }

    /// One that nobody else gets.
    pub(super) fn next(&self, entropy: &dyn Entropy, now: Timestamp) -> Step<Jti> {
        let bytes = self.draw(entropy, now).map_err(Fault::internal)?;
        let mut text = [0; 22];
        BASE64URL_NOPAD.encode_mut(&bytes, &mut text);
        let text = std::str::from_utf8(&text).map_err(Fault::internal)?;
        Ok(Jti::new(text).map_err(Fault::internal)?)
    }

    fn draw(&self, entropy: &dyn Entropy, now: Timestamp) -> Result<[u8; BYTES], EntropyError> {
        let mut drawn = match self.0.try_lock() {
            Ok(drawn) => drawn,
            // What a panicking source of a host left half filled is not counted as left.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody else is drawing: no request waits for another.
            Err(TryLockError::WouldBlock) => {
                let mut bytes = [0; BYTES];
                entropy.fill(&mut bytes)?;
                return Ok(bytes);
            }
        };
        if drawn.at != now || drawn.left == 0 {
            drawn.left = 0;
            entropy.fill(drawn.bytes.as_flattened_mut())?;
            (drawn.at, drawn.left) = (now, DRAWN);
        }
        drawn.left -= 1;
        let left = drawn.left;
        drawn.bytes.get(left).copied().ok_or_else(EntropyError::new)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Barrier};

    use super::*;
    use crate::entropy::SystemEntropy;

    /// Counts how often it is asked; fails while it is told to, after it has filled half.
    #[derive(Debug, Default)]
    struct Counting {
        asked: AtomicU64,
        fails: std::sync::atomic::AtomicBool,
    }

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let half = bytes.len() / 2;
            let fails = self.fails.load(Ordering::SeqCst);
            let (filled, _rest) = bytes.split_at_mut(if fails { half } else { bytes.len() });
            SystemEntropy::new().fill(filled)?;
            if fails { Err(EntropyError::new()) } else { Ok(()) }
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second).expect("in range")
    }

    #[test]
    fn rfc7519_s4_1_7_no_two_are_alike_whatever_the_source_does() {
        let (source, entropy) = (JtiSource::new(), Counting::default());
        let mut seen = HashSet::new();
        for round in 0..200_u32 {
            entropy.fails.store(round % 3 == 1, Ordering::SeqCst);
            if let Ok(jti) = source.next(&entropy, at(i64::from(round / 40))) {
                assert_eq!(jti.as_str().len(), 22);
                assert!(seen.insert(jti), "in round {round}");
            }
        }
        assert!(seen.len() > 180, "{}: one that fails costs the requests that had to ask", seen.len());
    }

    #[test]
    fn rfc7519_s4_1_7_drawn_sixteen_at_a_time_and_for_one_second() {
        let (source, entropy) = (JtiSource::new(), Counting::default());
        let asked = || entropy.asked.load(Ordering::SeqCst);
        for drawn in 0..=DRAWN {
            assert!(source.next(&entropy, at(1)).is_ok());
            assert_eq!(asked(), 1 + u64::from(drawn == DRAWN), "after {drawn}");
        }
        assert!(source.next(&entropy, at(2)).is_ok());
        assert_eq!(asked(), 3, "another second");
        assert!(source.next(&entropy, at(1)).is_ok());
        assert_eq!(asked(), 4, "also where the clock goes back");
    }

    #[test]
    fn rfc7519_s4_1_7_no_two_threads_get_the_same() {
        const THREADS: usize = 8;
        let source = Arc::new(JtiSource::new());
        let start = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (source, start) = (Arc::clone(&source), Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    let entropy = SystemEntropy::new();
                    (0..2000).map(|_| source.next(&entropy, at(1)).expect("jti")).collect::<Vec<_>>()
                })
            })
            .collect();
        let all: Vec<Jti> = threads.into_iter().flat_map(|thread| thread.join().expect("thread")).collect();
        let different: HashSet<&Jti> = all.iter().collect();
        assert_eq!((all.len(), different.len()), (THREADS * 2000, THREADS * 2000));
    }
}
