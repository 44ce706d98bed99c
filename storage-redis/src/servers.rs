//! From a command to its answer, on whichever server it belongs to.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cluster::Cluster;
use crate::layout::Key;
use crate::link::{Limits, Then, WaitFor};
use crate::node::Node;
use crate::problem::Problem;
use crate::scripts::Script;

/// One server, or many that each have a share of the slots.
#[derive(Clone)]
pub(crate) enum Servers {
    One(Arc<Node>),
    Cluster(Arc<Cluster>),
}

/// The servers, and the bounds of each call to them.
pub(crate) struct Access {
    pub(crate) servers: Servers,
    pub(crate) limits: Limits,
    pub(crate) wait_for: Option<WaitFor>,
}

impl Access {
    /// What stands under the key, read from its primary by a command that tells no more.
    pub(crate) async fn read(&self, key: &Key, command: &Cmd) -> Result<Option<Vec<u8>>, Problem> {
        let answer = self.in_time(self.run(key.slot, command, Then::Role)).await?;
        redis::from_redis_value(answer).map_err(|_| Problem::Shape("a read"))
    }

    /// Runs a script that writes. All keys are in the slot of the first.
    pub(crate) async fn write(&self, script: &Script, keys: &[&Key], args: &[&[u8]]) -> Result<i64, Problem> {
        self.write_then(script, keys, args, self.wait_for.map_or(Then::Nothing, Then::Replicas)).await
    }

    /// The same for what may be lost: it waits for no replica, and so holds up nobody who shares the connection.
    pub(crate) async fn write_for_information(
        &self,
        script: &Script,
        keys: &[&Key],
        args: &[&[u8]],
    ) -> Result<i64, Problem> {
        self.write_then(script, keys, args, Then::Nothing).await
    }

    async fn write_then(
        &self,
        script: &Script,
        keys: &[&Key],
        args: &[&[u8]],
        then: Then,
    ) -> Result<i64, Problem> {
        let answer = self.script(script, keys, args, then).await?;
        if let Value::Int(number) = answer { Ok(number) } else { Err(Problem::Shape("a script")) }
    }

    /// Runs a script that only reads.
    pub(crate) async fn read_all(
        &self,
        script: &Script,
        keys: &[&Key],
        args: &[&[u8]],
    ) -> Result<Value, Problem> {
        self.script(script, keys, args, Then::Role).await
    }

    /// Runs a script. Where the server does not know it, it has done nothing, and gets it whole.
    async fn script(
        &self,
        script: &Script,
        keys: &[&Key],
        args: &[&[u8]],
        then: Then,
    ) -> Result<Value, Problem> {
        let slot = keys.first().map_or(0, |key| key.slot);
        self.in_time(async {
            match self.run(slot, &script.by_digest(keys, args), then).await {
                Err(problem) if problem.is_no_script() => {
                    self.run(slot, &script.whole(keys, args), then).await
                }
                answer => answer,
            }
        })
        .await
    }

    /// Fails unless every primary answers. A connection over which one does not is given up.
    pub(crate) async fn ping(&self) -> Result<(), Problem> {
        self.in_time(async {
            match &self.servers {
                Servers::One(node) => node.ping().await,
                Servers::Cluster(cluster) => {
                    let mut answers = JoinSet::new();
                    for node in cluster.nodes().await? {
                        answers.spawn(async move { node.ping().await });
                    }
                    let mut all = Ok(());
                    while let Some(answer) = answers.join_next().await {
                        let answer = answer.unwrap_or(Err(Problem::Ended));
                        all = all.and(answer.inspect_err(|problem| cluster.learn_from(problem)));
                    }
                    all
                }
            }
        })
        .await
    }

    /// Fails unless every primary can be reached and keeps what it acknowledges.
    pub(crate) async fn check(&self) -> Result<(), Problem> {
        self.in_time(async {
            match &self.servers {
                Servers::One(node) => node.check().await,
                Servers::Cluster(cluster) => {
                    for node in cluster.nodes().await? {
                        node.check().await.inspect_err(|problem| cluster.learn_from(problem))?;
                    }
                    Ok(())
                }
            }
        })
        .await
    }

    /// Sends a command once, in a task of its own. Its caller may be dropped at any time, as when a client hangs up:
    /// somebody must still wait and see that a connection is dead, or all who are in haste would be given it for ever.
    async fn run(&self, slot: u16, command: &Cmd, then: Then) -> Result<Value, Problem> {
        let (servers, command, at_most) = (self.servers.clone(), command.clone(), self.at_most());
        let run = async move {
            let run = servers.run(slot, &command, then);
            timeout(at_most, run).await.unwrap_or(Err(Problem::Late(at_most)))
        };
        tokio::spawn(run).await.unwrap_or(Err(Problem::Ended))
    }

    /// Whatever happens on the way, and however often the server is looked for.
    pub(crate) async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let at_most = self.at_most();
        timeout(at_most, call).await.unwrap_or(Err(Problem::Late(at_most)))
    }

    fn at_most(&self) -> Duration {
        self.limits.connect.saturating_add(self.limits.response)
    }
}

impl Servers {
    /// Only where a server says that it has not done the command because another one has the slot, that other one is
    /// asked: a command whose answer was lost is never sent again.
    async fn run(&self, slot: u16, command: &Cmd, then: Then) -> Result<Value, Problem> {
        match self {
            Self::One(node) => send(node, command, false, then).await,
            Self::Cluster(cluster) => {
                let then = if matches!(then, Then::Role) { Then::Nothing } else { then };
                let sent = async {
                    let node = cluster.node(slot).await?;
                    match send(&node, command, false, then).await {
                        Err(problem) => match problem.redirect() {
                            Some(redirect) => {
                                let asking = redirect.asking;
                                let other = cluster.redirected(&node, redirect)?;
                                send(&other, command, asking, then).await
                            }
                            None => Err(problem),
                        },
                        answer => answer,
                    }
                };
                sent.await.inspect_err(|problem| cluster.learn_from(problem))
            }
        }
    }
}

async fn send(node: &Node, command: &Cmd, asking: bool, then: Then) -> Result<Value, Problem> {
    let link = node.link().await?;
    let answer = link.run(command, asking, then).await;
    if answer.as_ref().is_err_and(|problem| !problem.leaves_the_link()) {
        node.discard(&link);
    }
    answer
}
