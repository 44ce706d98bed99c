//! Tokens that are got and revoked all the time, at one server and the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::request::{INACTIVE, posted, sent, until};
use super::signer::Signer;
use crate::tokens::http;

pub(crate) struct Revocations {
    work: JoinHandle<Vec<String>>,
    acknowledged: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    signer: Arc<Signer>,
}

impl Revocations {
    /// `urls` are of the token endpoints.
    pub(crate) fn begin(signer: Arc<Signer>, urls: &[String; 2]) -> Self {
        let (acknowledged, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end, own) = (Arc::clone(&acknowledged), Arc::clone(&over), Arc::clone(&signer));
        let urls = urls.clone();
        let work = tokio::spawn(async move {
            let (http, mut revoked) = (http(), Vec::new());
            let (mut turn, mut beat) = ([0, 1].into_iter().cycle(), interval(Duration::from_millis(5)));
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !end.load(Ordering::Relaxed) {
                beat.tick().await;
                let at = turn.next().expect("a turn");
                let answer = sent(&http, &urls[at], &own.assertion()).await;
                if answer.check() != 200 {
                    continue;
                }
                // At the other server than the one that it is from.
                let (token, url) = (answer.token(), revocation(&urls[1 - at]));
                match posted(&http, &url, &own.assertion(), &[("token", &token)]).await.check() {
                    200 => {
                        revoked.push(token);
                        count.store(revoked.len(), Ordering::Relaxed);
                    }
                    // Perhaps it is revoked.
                    status => assert_eq!(status, 503),
                }
            }
            revoked
        });
        Self { work, acknowledged, over, signer }
    }

    /// Until so many more have been acknowledged.
    pub(crate) async fn until(&self, within: Duration, more: usize) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + more;
        until(within, "revocations", async || self.acknowledged.load(Ordering::Relaxed) >= wanted).await;
    }

    /// Ends it and asks the servers for every one that was acknowledged. How many there were.
    pub(crate) async fn all_stand(self, urls: &[String; 2]) -> usize {
        self.over.store(true, Ordering::Relaxed);
        let revoked = self.work.await.expect("it ends");
        let http = http();
        for (nth, token) in revoked.iter().enumerate() {
            let url = introspection(&urls[nth % 2]);
            let answer = posted(&http, &url, &self.signer.assertion(), &[("token", token)]).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, INACTIVE), "{nth} was revoked, and now");
        }
        revoked.len()
    }
}

pub(crate) fn introspection(token_url: &str) -> String {
    token_url.replace("/oauth2/token", "/oauth2/introspect")
}

pub(crate) fn revocation(token_url: &str) -> String {
    token_url.replace("/oauth2/token", "/oauth2/revoke")
}
