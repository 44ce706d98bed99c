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
