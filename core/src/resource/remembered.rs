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
    generations: Mutex<[HashMap<TokenId, Answer>; 2]>,
}

#[derive(Debug)]
struct Answer {
    since: Timestamp,
    expires_at: Timestamp,
    /// What it says, where the token itself does not.
    token: Option<AccessToken>,
}

impl Remembered {
    pub(super) fn new(span: Duration) -> Self {
        Self { span, generations: Mutex::default() }
    }

    /// Whether it was found to live no longer ago than the span.
    pub(crate) fn lives(&self, token: &AccessToken, now: Timestamp) -> bool {
        self.look(&token.0.id, now, |_| ()).is_some()
    }

    /// An opaque token that was found to live no longer ago than the span.
    pub(crate) fn token(&self, id: &TokenId, now: Timestamp) -> Option<AccessToken> {
        self.look(id, now, |answer| answer.token.clone()).flatten()
    }

    fn look<T>(&self, id: &TokenId, now: Timestamp, take: impl FnOnce(&Answer) -> T) -> Option<T> {
        if self.span.is_zero() {
            return None;
        }
        // A clock that went back ends an answer too.
        let holds = |answer: &&Answer| {
            answer.since <= now && now < answer.since.plus(self.span) && now < answer.expires_at
        };
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.iter().find_map(|generation| generation.get(id).filter(holds)).map(take)
    }

    pub(crate) fn keep(&self, token: &AccessToken, now: Timestamp) {
        if self.span.is_zero() {
            return;
        }
        let text = (!token.0.claims.are_signed()).then(|| token.clone());
        let answer = Answer { since: now, expires_at: token.expires_at(), token: text };
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let [young, old] = &mut *generations;
        let gone = if young.len() >= GENERATION {
            std::mem::replace(old, std::mem::take(young))
        } else {
            HashMap::new()
        };
        young.insert(token.0.id, answer);
        drop(generations);
        // Thousands of entries, and nobody waits for it.
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Claims, Contents};
    use crate::types::{ClientId, Issuer, Scope};

    fn token(nth: usize) -> AccessToken {
        AccessToken(Contents {
            id: TokenId::of_opaque(&nth.to_be_bytes()),
            issuer: Issuer::new("https://issuer.example").expect("issuer"),
            client_id: ClientId::new("billing").expect("id"),
            subject: String::new(),
            audience: Vec::new(),
            scope: Scope::empty(),
            issued_at: None,
            expires_at: Timestamp::MAX,
            jti: None,
            epoch: 0,
            is_bound: false,
            claims: Claims::Payload { json: Vec::new(), has_further: false },
            checked_for: None,
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
        assert!(generations.iter().map(HashMap::len).sum::<usize>() <= 2 * GENERATION);
        drop(generations);
        let known = |nth: usize| remembered.lives(&token(nth), now);
        assert!(known(last) && known(last - GENERATION), "one generation at the least is known");
        assert!(!known(0) && !known(last - 2 * GENERATION));
    }

    #[test]
    fn s6_off_keeps_nothing() {
        let remembered = Remembered::new(Duration::ZERO);
        remembered.keep(&token(0), Timestamp::EPOCH);
        assert!(remembered.generations.lock().expect("unpoisoned").iter().all(HashMap::is_empty));
        assert!(!remembered.lives(&token(0), Timestamp::EPOCH));
    }
}
