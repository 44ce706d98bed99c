//! One server, or whichever is the primary now, and the one connection to it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::address;
use crate::check::{self, Place};
use crate::link::{Limits, Link};
use crate::loss::Accepted;
use crate::problem::Problem;
use crate::sentinel::Sentinels;

/// Where the server is.
#[derive(Clone)]
pub(crate) enum Source {
    /// At a fixed address.
    Fixed(redis::Client),
    /// Where the Sentinels say.
    Sentinels(Sentinels),
}

/// Demands on every connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    pub(crate) accepted: Accepted,
    pub(crate) place: Place,
}

/// Connects when it is first needed and whenever the connection is gone. No command goes to a server whose settings
/// have not been checked over that very connection.
pub(crate) struct Node {
    source: Source,
    terms: Terms,
    link: RwLock<Option<Link>>,
    /// One attempt at a time. What the last one came to is there for all who waited for it.
    attempt: Mutex<Option<Problem>>,
    failures: AtomicU64,
}

impl Node {
    pub(crate) fn new(source: Source, terms: Terms) -> Self {
        Self {
            source,
            terms,
            link: RwLock::default(),
            attempt: Mutex::default(),
            failures: AtomicU64::new(0),
        }
    }

    /// A connection to a server that has been checked.
    pub(crate) async fn link(&self) -> Result<Link, Problem> {
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        let before = self.failures.load(Ordering::Acquire);
        let mut last = self.attempt.lock().await;
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        if let Some(problem) = last.as_ref().filter(|_| self.failures.load(Ordering::Acquire) != before) {
            return Err(problem.clone());
        }
        let connect = self.terms.limits.connect;
        let made = timeout(connect, self.connect()).await.unwrap_or(Err(Problem::Late(connect)));
        match made {
            Ok(link) => {
                *self.link.write().unwrap_or_else(PoisonError::into_inner) = Some(link.clone());
                Ok(link)
            }
            Err(problem) => {
                self.failures.fetch_add(1, Ordering::AcqRel);
                *last = Some(problem.clone());
                Err(problem)
            }
        }
    }

    /// The same, with a look at the settings as they are now.
    pub(crate) async fn check(&self) -> Result<(), Problem> {
        let link = self.link().await?;
        let checked = check::check(&link, self.terms.place, self.terms.accepted).await;
        if checked.is_err() {
            self.discard(&link);
        }
        checked
    }

    /// Fails unless the server answers, and as the primary.
    pub(crate) async fn ping(&self) -> Result<(), Problem> {
        let link = self.link().await?;
        let answer = link.ping().await;
        if answer.is_err() {
            self.discard(&link);
        }
        answer
    }

    /// The next call makes another connection, unless somebody has done so already.
    pub(crate) fn discard(&self, link: &Link) {
        let mut held = self.link.write().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| held.is(link)) {
            *held = None;
        }
    }

    /// Where it is, if that is fixed.
    pub(crate) fn host(&self) -> Option<&str> {
        match &self.source {
            Source::Fixed(client) => address::host(client),
            Source::Sentinels(_) => None,
        }
    }

    fn open_link(&self) -> Option<Link> {
        let held = self.link.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|link| !link.is_closed()).cloned()
    }

    async fn connect(&self) -> Result<Link, Problem> {
        match &self.source {
            Source::Fixed(client) => connect(client, self.terms).await,
            Source::Sentinels(sentinels) => sentinels.connect(self.terms).await,
        }
    }
}

pub(crate) async fn connect(client: &redis::Client, terms: Terms) -> Result<Link, Problem> {
    let link = Link::open(client, terms.limits).await?;
    check::check(&link, terms.place, terms.accepted).await?;
    Ok(link)
}
