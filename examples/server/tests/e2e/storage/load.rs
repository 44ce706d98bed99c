//! Clients that ask both servers for tokens all the time, each assertion first at one and then at the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::request::{sent, until};
use super::signer::Signer;
use crate::tokens::http;

/// How many ask at a time, and how often each.
const CLIENTS: usize = 4;
const BEAT: Duration = Duration::from_millis(20);

/// One answer, while the load runs.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) server: usize,
    pub(crate) status: u16,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
}

/// One assertion, and what it got at the one and then at the other server.
pub(crate) struct Shown {
    pub(crate) assertion: String,
    pub(crate) statuses: [u16; 2],
}

pub(crate) struct Load {
    clients: JoinSet<Vec<Shown>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    over: Arc<AtomicBool>,
}

impl Load {
    pub(crate) fn begin(signer: &Arc<Signer>, urls: &[String; 2]) -> Self {
        let mut load = Self { clients: JoinSet::new(), seen: Arc::default(), over: Arc::default() };
        for client in 0..CLIENTS {
            let (signer, urls) = (Arc::clone(signer), urls.clone());
            let (seen, over) = (Arc::clone(&load.seen), Arc::clone(&load.over));
            load.clients.spawn(async move {
                let (http, mut shown, mut beat) = (http(), Vec::new(), interval(BEAT));
                beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while !over.load(Ordering::Relaxed) {
                    beat.tick().await;
                    let (assertion, first) = (signer.assertion(), (client + shown.len()) % 2);
                    let mut statuses = [0; 2];
                    for (turn, server) in [first, 1 - first].into_iter().enumerate() {
                        let asked = Instant::now();
                        let status = sent(&http, &urls[server], &assertion).await.check();
                        statuses[turn] = status;
                        let answer = Seen { server, status, asked, answered: Instant::now() };
                        seen.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
                    }
                    shown.push(Shown { assertion, statuses });
                }
                shown
            });
        }
        load
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Until each of the servers has given so many answers of this status to what was asked since then.
    pub(crate) async fn until(
        &self,
        within: Duration,
        count: usize,
        status: u16,
        since: Instant,
    ) -> Duration {
        let enough = |server| {
            let seen = self.seen();
            let of = seen.iter().filter(|seen| seen.server == server && seen.asked >= since);
            of.filter(|seen| seen.status == status).count() >= count
        };
        until(within, &format!("{count} times {status} of each server"), async || enough(0) && enough(1))
            .await
    }

    /// Lets what has begun end.
    pub(crate) async fn end(self) -> Vec<Shown> {
        self.over.store(true, Ordering::Relaxed);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}
