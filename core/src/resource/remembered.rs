//! Answers that are taken for granted for a while: that a token lives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::token::AccessToken;
use crate::types::{Timestamp, TokenId};

/// Two generations of so many: when the young one is full it becomes the old one, and the old one goes.
const GENERATION: usize = 8192;

/// Tokens that were found to live, each for a span that the host chose. Off where that is nothing.
#[derive(Debug)]
pub(crate) struct Remembered {
    span: Duration,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<TokenId, (AccessToken, Timestamp)>,
    old: HashMap<TokenId, (AccessToken, Timestamp)>,
}

impl Remembered {
    pub(super) fn new(span: Duration) -> Self {
        Self { span, generations: Mutex::default() }
    }

    /// The token, if it was found to live no longer ago than the span. A clock that went back ends it too.
    pub(crate) fn get(&self, id: &TokenId, now: Timestamp) -> Option<AccessToken> {
        if self.span.is_zero() {
            return None;
        }
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let found = generations.young.get(id).or_else(|| generations.old.get(id));
        let fresh = |since: Timestamp| since <= now && now < since.plus(self.span);
        found
            .filter(|(token, since)| fresh(*since) && now < token.expires_at())
            .map(|(token, _)| token.clone())
    }

    pub(crate) fn keep(&self, token: &AccessToken, now: Timestamp) {
        if self.span.is_zero() {
            return;
        }
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(token.0.id, (token.clone(), now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Claims, Contents};
    use crate::types::{ClientId, Scope};

    fn token(nth: usize) -> AccessToken {
        AccessToken(Contents {
            id: TokenId::of_opaque(&nth.to_be_bytes()),
            issuer: String::new(),
            client_id: ClientId::new("billing").expect("id"),
            subject: String::new(),
            audience: Vec::new(),
            scope: Scope::empty(),
            issued_at: None,
            expires_at: Timestamp::MAX,
            jti: None,
            epoch: 0,
            is_bound: false,
            claims: Claims::Payload(Vec::new()),
        })
    }

    #[test]
    fn s6_it_is_bounded_and_forgets_the_earliest() {
        let (remembered, now) = (Remembered::new(Duration::from_secs(60)), Timestamp::EPOCH);
        let last = 5 * GENERATION;
        for nth in 0..=last {
            remembered.keep(&token(nth), now);
        }
        let generations = remembered.generations.lock().expect("unpoisoned");
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
        drop(generations);
        let known = |nth: usize| remembered.get(&token(nth).0.id, now).is_some();
        assert!(known(last) && known(last - GENERATION), "one generation at the least is known");
        assert!(!known(0) && !known(last - 2 * GENERATION));
    }

    #[test]
    fn s6_off_keeps_nothing() {
        let remembered = Remembered::new(Duration::ZERO);
        remembered.keep(&token(0), Timestamp::EPOCH);
        assert!(remembered.generations.lock().expect("unpoisoned").young.is_empty());
        assert!(remembered.get(&token(0).0.id, Timestamp::EPOCH).is_none());
    }
}
