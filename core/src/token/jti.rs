//! Where the `jti`s of our tokens come from (RFC 7519 §4.1.7).

use std::fmt;
use std::sync::{Mutex, TryLockError};

use data_encoding::BASE64URL_NOPAD;

use crate::entropy::{Entropy, EntropyError};
use crate::error::{Fault, Step};
use crate::types::{Jti, Timestamp};

/// How many are drawn at a time. Asking the system for 64 bytes costs little more than for 16.
const AT_ONCE: usize = 4;
const BYTES: usize = 16;

/// 128 random bits for each, so that no two tokens of one process share one.
///
/// A few are drawn at a time, since asking the system costs more than the bits. What was drawn is used within the second of the
/// clock in which it was drawn, so a copy of the process that goes on later, a restored snapshot for one, has none left. Only a
/// copy that goes on in that same second may give out the few that were left a second time.
pub(crate) struct JtiSource(Mutex<Drawn>);

struct Drawn {
    at: Timestamp,
    left: usize,
    bytes: [[u8; BYTES]; AT_ONCE],
}

impl JtiSource {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Drawn { at: Timestamp::EPOCH, left: 0, bytes: [[0; BYTES]; AT_ONCE] }))
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
            (drawn.at, drawn.left) = (now, AT_ONCE);
        }
        drawn.left -= 1;
        let left = drawn.left;
        drawn.bytes.get(left).copied().ok_or_else(EntropyError::new)
    }
}

impl fmt::Debug for JtiSource {
    /// Without what is to be given out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JtiSource").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
    use std::sync::{Arc, Barrier};

    use super::*;
    use crate::entropy::SystemEntropy;

    /// Counts how often it is asked; fails while it is told to, after it has filled half.
    #[derive(Debug, Default)]
    struct Counting {
        asked: AtomicU64,
        fails: AtomicBool,
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

    /// Each byte is the next number.
    #[derive(Debug, Default)]
    struct Numbers(AtomicU8);

    impl Entropy for Numbers {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::SeqCst));
            Ok(())
        }
    }

    /// Asks the source of jtis for one while that is asking it.
    #[derive(Debug)]
    struct Meanwhile(Arc<JtiSource>, Numbers);

    impl Entropy for Meanwhile {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            let other = self.0.next(&self.1, at(1)).expect("nobody waits");
            assert!(decoded(&other).iter().any(|byte| *byte != 0), "made of what was asked for");
            SystemEntropy::new().fill(bytes)
        }
    }

    /// Panics the second time that it is asked, when it has filled all.
    #[derive(Debug, Default)]
    struct Panicking(AtomicU8);

    impl Entropy for Panicking {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            assert_ne!(self.0.fetch_add(1, Ordering::SeqCst), 1, "the host's source panics");
            SystemEntropy::new().fill(bytes)
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second).expect("in range")
    }

    fn decoded(jti: &Jti) -> Vec<u8> {
        BASE64URL_NOPAD.decode(jti.as_str().as_bytes()).expect("base64url")
    }

    #[test]
    fn rfc6749_s10_10_all_128_bits_come_from_the_port_and_none_twice() {
        let (source, entropy) = (JtiSource::new(), Numbers::default());
        let mut all: Vec<Vec<u8>> =
            (0..16).map(|_| decoded(&source.next(&entropy, at(1)).expect("jti"))).collect();
        all.sort_unstable();
        assert_eq!(all.concat(), (0..=255).collect::<Vec<u8>>());
    }

    #[test]
    fn rfc7519_s4_1_7_no_two_are_alike_whatever_the_source_does() {
        let (source, entropy) = (JtiSource::new(), Counting::default());
        let mut seen = HashSet::new();
        for round in 0..200_u32 {
            entropy.fails.store(round % 3 == 1, Ordering::SeqCst);
            // The clock goes back and forth, so that what is left of an earlier second is looked at.
            if let Ok(jti) = source.next(&entropy, at(i64::from(round / 2 % 2))) {
                assert_eq!(jti.as_str().len(), 22);
                assert!(seen.insert(jti), "in round {round}");
            }
        }
        assert!(seen.len() > 130, "{}: one that fails costs the requests that had to ask", seen.len());
    }

    #[test]
    fn rfc7519_s4_1_7_a_few_at_a_time_and_for_one_second() {
        let (source, entropy) = (JtiSource::new(), Counting::default());
        let asked = || entropy.asked.load(Ordering::SeqCst);
        for drawn in 0..=AT_ONCE {
            assert!(source.next(&entropy, at(1)).is_ok());
            assert_eq!(asked(), 1 + u64::from(drawn == AT_ONCE), "after {drawn}");
        }
        assert!(source.next(&entropy, at(2)).is_ok());
        assert_eq!(asked(), 3, "another second");
        assert!(source.next(&entropy, at(1)).is_ok());
        assert_eq!(asked(), 4, "also where the clock goes back");
    }

    #[test]
    fn t94_a_source_that_panics_costs_one_request() {
        let (source, entropy) = (JtiSource::new(), Panicking::default());
        let next = |second| {
            let next = std::panic::AssertUnwindSafe(|| source.next(&entropy, at(second)).expect("jti"));
            std::panic::catch_unwind(next).map(|jti| decoded(&jti))
        };
        assert!(next(1).is_ok());
        assert!(next(2).is_err());
        // Of the second of before there would be some left: they have been written over.
        assert_ne!(next(1).expect("it goes on"), [7; BYTES]);
    }

    #[test]
    fn rfc7519_s4_1_7_nobody_waits_for_another() {
        let source = Arc::new(JtiSource::new());
        let entropy = Meanwhile(Arc::clone(&source), Numbers(AtomicU8::new(1)));
        assert!(source.next(&entropy, at(1)).is_ok());
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

    #[test]
    fn t95_what_is_to_come_is_not_shown() {
        let source = JtiSource::new();
        source.next(&Numbers(AtomicU8::new(100)), at(1)).expect("jti");
        let shown = format!("{source:?}");
        assert!(!shown.contains("116") && shown.contains("JtiSource"), "{shown}");
    }
}
