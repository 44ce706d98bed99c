//! The primary that Sentinels name.

use redis::Client;
use tokio::task::JoinSet;

use crate::address;
use crate::link::Link;
use crate::node::{self, Terms};
use crate::problem::Problem;

#[derive(Clone)]
pub(crate) struct Sentinels {
    pub(crate) clients: Vec<Client>,
    pub(crate) master: String,
    /// How to connect to the primary; only its address comes from the Sentinels.
    pub(crate) server: Client,
}

impl Sentinels {
    /// Asks all at once, and takes the first whose primary answers and passes the check: one that is down or behind
    /// the times costs nothing.
    pub(crate) async fn connect(&self, terms: Terms) -> Result<Link, Problem> {
        let mut attempts = JoinSet::new();
        for sentinel in self.clients.clone() {
            let sentinels = self.clone();
            attempts.spawn(async move { sentinels.connect_as_told_by(&sentinel, terms).await });
        }
        let mut problem = Problem::NoMaster(self.master.clone());
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(link)) => return Ok(link),
                // What a primary said is more to the point than that a Sentinel is down.
                Ok(Err(failed)) if matches!(problem, Problem::Refused(_) | Problem::NotLetIn { .. }) => {
                    drop(failed);
                }
                Ok(Err(failed)) => problem = failed,
                Err(_) => {}
            }
        }
        Err(problem)
    }

    async fn connect_as_told_by(&self, sentinel: &Client, terms: Terms) -> Result<Link, Problem> {
        let link = Link::open(sentinel, terms.limits).await?;
        let question = redis::cmd("SENTINEL").arg("get-master-addr-by-name").arg(&self.master).clone();
        let told: Option<(String, u16)> =
            redis::from_redis_value(link.ask(&question).await?).map_err(redis::RedisError::from)?;
        let (host, port) = told.ok_or_else(|| Problem::NoMaster(self.master.clone()))?;
        node::connect(&address::at(&self.server, host, port)?, terms).await
    }
}
