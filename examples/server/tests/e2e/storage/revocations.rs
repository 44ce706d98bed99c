//! Tokens that are revoked all the time, in the store that the servers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use grantor::store::{TokenState, TokenStore};
use grantor::{Clock, Jti, SystemClock, TokenId};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::issuer::ISSUER;
use super::request::until;

pub(crate) struct Revocations {
    work: JoinHandle<Vec<TokenId>>,
    acknowledged: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Revocations {
    pub(crate) fn begin(tokens: Arc<dyn TokenStore>) -> Self {
        let (acknowledged, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end) = (Arc::clone(&acknowledged), Arc::clone(&over));
        let work = tokio::spawn(async move {
            let ends = SystemClock::new().now().plus(Duration::from_secs(3600));
            let (mut revoked, mut next, mut beat) =
                (Vec::new(), 0..u32::MAX, interval(Duration::from_millis(5)));
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !end.load(Ordering::Relaxed) {
                beat.tick().await;
                let jti = format!("token-{}", next.next().expect("a number"));
                let token = TokenId::of_jwt(ISSUER, &Jti::new(jti).expect("jti"));
                if tokens.revoke(&token, ends).await.is_ok() {
                    revoked.push(token);
                    count.store(revoked.len(), Ordering::Relaxed);
                }
            }
            revoked
        });
        Self { work, acknowledged, over }
    }

    /// Until so many more have been acknowledged.
    pub(crate) async fn until(&self, within: Duration, more: usize) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + more;
        until(within, "revocations", async || self.acknowledged.load(Ordering::Relaxed) >= wanted).await;
    }

    /// Ends it and asks the store for every one that was acknowledged. How many there were.
    pub(crate) async fn all_stand(self, tokens: &dyn TokenStore) -> usize {
        self.over.store(true, Ordering::Relaxed);
        let revoked = self.work.await.expect("it ends");
        for token in &revoked {
            let state = tokens.find(token).await.expect("the store answers");
            assert!(matches!(state, TokenState::Revoked), "{token:?} was revoked, and now: {state:?}");
        }
        revoked.len()
    }
}
