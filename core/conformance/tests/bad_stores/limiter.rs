//! A rate limiter that keeps every promise, but for the one flaw that it is told to have.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use grantor::store::StoreError;
use grantor::{Admission, Attempt, Budget, RateLimiter, RateLimits, async_trait};
use grantor_conformance::{Fixture, Planted};
use tokio::time::Instant;

use crate::flaw::Flaw;
use crate::store::lock;
use crate::tokens::LITTLE;

/// When the buckets of failures and of attempts, by source, are full again.
type Buckets = HashMap<(Vec<u8>, Of), Instant>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Failures,
    Attempts,
}

/// A handle.
pub(crate) struct Limiter {
    shared: Arc<Mutex<Buckets>>,
    own: Mutex<Buckets>,
    limits: RateLimits,
    flaw: Flaw,
    down: bool,
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limiter").field("flaw", &self.flaw).finish_non_exhaustive()
    }
}

impl Limiter {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn source(&self, attempt: &Attempt<'_>) -> Option<Vec<u8>> {
        let id = attempt.client_id().map(|id| id.as_str().as_bytes().to_vec()).unwrap_or_default();
        let whole = |peer: std::net::IpAddr| [peer.to_string().as_bytes(), &id].concat();
        match self.flaw {
            Flaw::LimitsTheUnknown => Some(attempt.source().map_or(id, Vec::from)),
            Flaw::LimitsByClientAlone => attempt.peer().map(|_| id),
            Flaw::LimitsByPeerAlone => attempt.peer().map(|peer| peer.to_string().into_bytes()),
            Flaw::LimitsByWholeAddress => attempt.peer().map(whole),
            Flaw::FoldsCaseOfSources => attempt.peer().map(|peer| whole(peer).to_ascii_lowercase()),
            _ => attempt.source().map(Vec::from),
        }
    }

    fn buckets(&self) -> &Mutex<Buckets> {
        if self.has(Flaw::KeepsFailuresToItself) { &self.own } else { &self.shared }
    }

    fn every(&self, budget: Budget) -> Duration {
        match self.flaw {
            Flaw::NeverRefills => Duration::from_secs(u32::MAX.into()),
            Flaw::RefillsTheBurst => budget.every() / budget.burst(),
            _ => budget.every(),
        }
    }

    fn missing(&self, held: &Buckets, source: &[u8], of: Of) -> Duration {
        let full_at = held.get(&(source.to_vec(), of));
        full_at.map(|at| at.saturating_duration_since(Instant::now())).unwrap_or_default()
    }

    fn wait(&self, held: &Buckets, source: &[u8], of: Of, budget: Budget) -> Duration {
        let burst = budget.burst() + u32::from(self.has(Flaw::LimitsOneLate));
        let every = self.every(budget);
        (self.missing(held, source, of) + every).saturating_sub(every * burst)
    }

    fn take(&self, held: &mut Buckets, source: &[u8], of: Of, (budget, missing): (Budget, Duration)) {
        let every = self.every(budget);
        let most = if self.has(Flaw::GoesIntoDebt) { every * 1000 } else { every * budget.burst() };
        let missing = missing.saturating_add(every).min(most);
        held.insert((source.to_vec(), of), Instant::now() + missing);
    }

    async fn reach(&self) -> Result<bool, StoreError> {
        match self.flaw {
            _ if !self.down => Ok(true),
            Flaw::AdmitsWhenDown => Ok(false),
            Flaw::HangsWhenDown => pending().await,
            Flaw::CorruptWhenDown => Err(StoreError::corrupt("down")),
            _ => Err(StoreError::unavailable("down")),
        }
    }
}

#[async_trait]
impl RateLimiter for Limiter {
    async fn admit(&self, attempt: &Attempt<'_>) -> Result<Admission, StoreError> {
        if self.has(Flaw::LimitsWhenDown) && self.down {
            return Ok(Admission::Limited(Duration::from_secs(1)));
        }
        let (true, Some(source)) = (self.reach().await?, self.source(attempt)) else {
            return Ok(Admission::Admitted);
        };
        let (failures, attempts) = (self.limits.failures(), self.limits.attempts());
        let failures = failures.or(RateLimits::default().failures().filter(|_| self.has(Flaw::AlwaysLimits)));
        let looked = lock(self.buckets()).clone();
        if self.has(Flaw::LooksThenTakes) {
            thread::yield_now();
        }
        let mut held = lock(self.buckets());
        let seen = if self.has(Flaw::LooksThenTakes) { &looked } else { &*held };
        let by_failures = failures.map(|budget| self.wait(seen, &source, Of::Failures, budget));
        let by_attempts = attempts.map(|budget| self.wait(seen, &source, Of::Attempts, budget));
        let wait = by_failures.max(by_attempts).unwrap_or_default();
        let missing = self.missing(seen, &source, Of::Attempts);
        let counts = wait.is_zero() || self.has(Flaw::RefusalsTakeAttempts);
        if let Some(budget) = attempts.filter(|_| counts) {
            self.take(&mut held, &source, Of::Attempts, (budget, missing));
        }
        if let Some(budget) = attempts.filter(|_| !counts && self.has(Flaw::RefusalsMakeItLonger)) {
            held.insert((source.clone(), Of::Attempts), Instant::now() + missing + budget.every());
        }
        if let Some(budget) = failures.filter(|_| self.has(Flaw::LooksCostFailures)) {
            let missing = self.missing(&held, &source, Of::Failures);
            self.take(&mut held, &source, Of::Failures, (budget, missing));
        }
        Ok(if wait.is_zero() || self.has(Flaw::NeverLimits) {
            Admission::Admitted
        } else if self.has(Flaw::SaysToWaitForNothing) {
            Admission::Limited(Duration::ZERO)
        } else {
            Admission::Limited(wait)
        })
    }

    async fn penalise(&self, attempt: &Attempt<'_>) -> Result<(), StoreError> {
        let (true, Some(source)) = (self.reach().await?, self.source(attempt)) else { return Ok(()) };
        let failures = self.limits.failures();
        let failures = failures.or(RateLimits::default().failures().filter(|_| self.has(Flaw::AlwaysLimits)));
        let Some(budget) = failures else { return Ok(()) };
        let looked = lock(self.buckets()).clone();
        if self.has(Flaw::LooksThenPenalises) {
            thread::yield_now();
        }
        let mut held = lock(self.buckets());
        if self.has(Flaw::ForgetsFailuresUnderLoad) && held.len() >= LITTLE {
            held.clear();
        }
        let seen = if self.has(Flaw::LooksThenPenalises) { &looked } else { &*held };
        let missing = self.missing(seen, &source, Of::Failures);
        self.take(&mut held, &source, Of::Failures, (budget, missing));
        if let Some(budget) = self.limits.attempts().filter(|_| self.has(Flaw::FailuresCostAttempts)) {
            let missing = self.missing(&held, &source, Of::Attempts);
            self.take(&mut held, &source, Of::Attempts, (budget, missing));
        }
        Ok(())
    }
}

/// A fresh limiter with this flaw.
pub(crate) struct FreshLimiter(Flaw, RateLimits, Arc<Mutex<Buckets>>);

impl FreshLimiter {
    pub(crate) fn with(flaw: Flaw, limits: RateLimits) -> Self {
        Self(flaw, limits, Arc::default())
    }

    fn handle(&self, down: bool) -> Limiter {
        let Self(flaw, limits, shared) = self;
        Limiter { shared: Arc::clone(shared), own: Mutex::default(), limits: *limits, flaw: *flaw, down }
    }
}

#[async_trait]
impl Fixture for FreshLimiter {
    type Store = Limiter;

    async fn open(&self) -> Limiter {
        self.handle(false)
    }

    async fn cut_off(&self) -> Option<Limiter> {
        Some(self.handle(true))
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}
