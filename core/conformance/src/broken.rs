//! A promise, and that it was broken.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use grantor::store::StoreError;
use tokio::time::timeout;

/// How long one call may take: far more than any store needs, far less than a test suite that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A store broke a promise: which, what was seen, and why it matters.
///
/// `Debug` is the same text as `Display`, so that a test that returns or unwraps it shows it readably.
#[derive(Clone)]
pub struct Broken {
    promise: &'static str,
    matters: &'static str,
    seen: String,
}

impl Broken {
    /// The promise.
    #[must_use]
    pub const fn promise(&self) -> &'static str {
        self.promise
    }

    /// What was seen instead.
    #[must_use]
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// What follows for security or operation.
    #[must_use]
    pub const fn why_it_matters(&self) -> &'static str {
        self.matters
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { promise, matters, seen } = self;
        write!(f, "promise broken: {promise}\n    seen: {seen}\n    why it matters: {matters}")
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Broken {}

/// What a check says.
pub(crate) type Checked<T = ()> = Result<T, Broken>;

/// What a check holds a store to.
#[derive(Clone, Copy)]
pub(crate) struct Promise {
    text: &'static str,
    matters: &'static str,
}

impl Promise {
    pub(crate) const fn new(text: &'static str, matters: &'static str) -> Self {
        Self { text, matters }
    }

    pub(crate) fn broken(self, seen: impl Into<String>) -> Broken {
        Broken { promise: self.text, matters: self.matters, seen: seen.into() }
    }

    pub(crate) fn holds(self, kept: bool, seen: impl FnOnce() -> String) -> Checked {
        if kept { Ok(()) } else { Err(self.broken(seen())) }
    }

    /// The answer of a call that has no reason to fail.
    pub(crate) async fn of<T>(self, call: impl Future<Output = Result<T, StoreError>>) -> Checked<T> {
        let answer = self.within(call).await?;
        answer.map_err(|error| self.broken(format!("a store in good health failed: {}", chain(&error))))
    }

    /// The answer, a failure included, which may not keep the caller waiting for ever.
    pub(crate) async fn within<T>(self, call: impl Future<Output = T>) -> Checked<T> {
        let late = |_| self.broken(format!("no answer within {} s", PATIENCE.as_secs()));
        timeout(PATIENCE, call).await.map_err(late)
    }

    /// What the kit itself makes, which is always valid.
    pub(crate) fn made<T>(self, made: Result<T, impl Error>) -> Checked<T> {
        made.map_err(|error| self.broken(format!("the kit's own record is not valid: {}", chain(&error))))
    }
}

/// An error and its sources.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
