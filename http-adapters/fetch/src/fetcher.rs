//! The one client that everything here goes out through.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use grantor::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::freshness::freshness;
use crate::guard::Guard;

/// No answer is read any further: fifty of the largest keys are half of it.
const MOST_BYTES: usize = 512 * 1024;

/// Fetches documents of others: over https alone, from public addresses alone, without redirects, and never for long.
///
/// Made by [`Fetcher::builder`]. Cheap to clone: all clones are one fetcher, with one bound on how much it does at a time.
#[derive(Clone)]
pub struct Fetcher(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) guard: Arc<Guard>,
    pub(crate) places: Semaphore,
    pub(crate) deadline: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Something that was fetched, and for how long its source says that it is good.
#[derive(Debug)]
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    pub(crate) fresh_for: Option<Duration>,
}

impl<T> Fetched<T> {
    pub(crate) fn map<U>(self, read: impl FnOnce(T) -> Result<U, Failure>) -> Result<Fetched<U>, Failure> {
        Ok(Fetched { value: read(self.value)?, fresh_for: self.fresh_for })
    }
}

impl Fetcher {
    /// A document that anybody may read.
    pub(crate) async fn get(&self, url: &str) -> Result<Fetched<Vec<u8>>, Failure> {
        let url = self.0.guard.url(url)?;
        // Asked again in minutes at the soonest: nothing is gained by a connection that is kept, but for whoever wants
        // to hold many of them open.
        let request = self.0.client.get(url).header(CONNECTION, "close");
        self.answer(request.header(ACCEPT, "application/json, application/jwk-set+json")).await
    }

    /// The answer to a form, for whoever `authorization` says.
    pub(crate) async fn post(
        &self,
        url: &str,
        authorization: &HeaderValue,
        form: String,
    ) -> Result<Vec<u8>, Failure> {
        let url = self.0.guard.url(url)?;
        let request = self.0.client.post(url).header(AUTHORIZATION, authorization);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(self.answer(request.header(ACCEPT, "application/json").body(form)).await?.value)
    }

    /// `work`, or a failure when it has taken too long. Waiting for a place counts.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::time::timeout(self.0.deadline, work).await.unwrap_or(Err(Failure::Deadline))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Fetched<Vec<u8>>, Failure> {
        let _place = self.0.places.acquire().await.map_err(|_| Failure::Ended)?;
        let mut response = request.send().await?;
        if response.status() != StatusCode::OK {
            return Err(Failure::Status(response.status().as_u16()));
        }
        let fresh_for = freshness(response.headers());
        Ok(Fetched { value: body(&mut response).await?, fresh_for })
    }
}

/// The whole body, counted as it comes: a Content-Length is only what somebody says (T62).
async fn body(response: &mut Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Failure::TooLarge(MOST_BYTES));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("deadline", &self.0.deadline)
            .field("guard", &self.0.guard)
            .finish_non_exhaustive()
    }
}
