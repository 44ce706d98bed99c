//! Which server of a Cluster has which slot.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use redis::{Client, RedisError, Value};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::address;
use crate::check::Refused;
use crate::link::Link;
use crate::node::{Node, Source, Terms};
use crate::problem::{Problem, Redirect};

/// However many calls fail, the map is asked for no more often than this.
const BETWEEN_REFRESHES: Duration = Duration::from_millis(250);

type Address = (String, u16);

/// The map of the slots, and a [`Node`] for each primary. A server that is down costs only the calls for its slots.
pub(crate) struct Cluster {
    seeds: Vec<Client>,
    /// How to connect to a server; only its address comes from the map.
    server: Client,
    terms: Terms,
    map: RwLock<Option<Arc<Vec<Range>>>>,
    /// Something showed that the map may be old.
    doubted: AtomicBool,
    refreshed: tokio::sync::Mutex<Option<Instant>>,
    nodes: Mutex<HashMap<Address, Arc<Node>>>,
}

/// Slots with the address of their primary.
struct Range {
    first: u16,
    last: u16,
    primary: Address,
}

impl Cluster {
    pub(crate) fn new(server: Client, seeds: Vec<Client>, terms: Terms) -> Self {
        Self {
            seeds,
            server,
            terms,
            map: RwLock::default(),
            doubted: AtomicBool::new(false),
            refreshed: tokio::sync::Mutex::default(),
            nodes: Mutex::default(),
        }
    }

    /// The primary of a slot.
    pub(crate) async fn node(&self, slot: u16) -> Result<Arc<Node>, Problem> {
        let map = self.map().await?;
        let range = map.iter().find(|range| (range.first..=range.last).contains(&slot));
        self.node_at(range.ok_or(Problem::Slot(slot))?.primary.clone()).inspect_err(|_| self.doubt())
    }

    /// The server that another one named.
    pub(crate) fn redirected(&self, redirect: Redirect) -> Result<Arc<Node>, Problem> {
        if !redirect.asking {
            self.doubt();
        }
        self.node_at((redirect.host, redirect.port))
    }

    /// All primaries.
    pub(crate) async fn nodes(&self) -> Result<Vec<Arc<Node>>, Problem> {
        let mut primaries: Vec<_> = self.map().await?.iter().map(|range| range.primary.clone()).collect();
        primaries.sort_unstable();
        primaries.dedup();
        primaries.into_iter().map(|address| self.node_at(address)).collect()
    }

    /// The map may be old: the next call asks for a new one.
    pub(crate) fn doubt(&self) {
        self.doubted.store(true, Ordering::Release);
    }

    fn node_at(&self, address: Address) -> Result<Arc<Node>, Problem> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = nodes.get(&address) {
            return Ok(Arc::clone(node));
        }
        let client = address::at(&self.server, address.0.clone(), address.1)?;
        let node = Arc::new(Node::new(Source::Fixed(client), self.terms));
        nodes.insert(address, Arc::clone(&node));
        Ok(node)
    }

    /// The map as it is known. Where it is in doubt, one call asks for a new one and the others go by the old one.
    async fn map(&self) -> Result<Arc<Vec<Range>>, Problem> {
        let known = self.map.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(known) = known else {
            let mut refreshed = self.refreshed.lock().await;
            let known = self.map.read().unwrap_or_else(PoisonError::into_inner).clone();
            return match known {
                Some(known) => Ok(known),
                None => self.refresh(&mut refreshed).await,
            };
        };
        if !self.doubted.load(Ordering::Acquire) {
            return Ok(known);
        }
        let Ok(mut refreshed) = self.refreshed.try_lock() else { return Ok(known) };
        if refreshed.is_some_and(|at| at.elapsed() < BETWEEN_REFRESHES) {
            return Ok(known);
        }
        self.refresh(&mut refreshed).await.or(Ok(known))
    }

    async fn refresh(&self, refreshed: &mut Option<Instant>) -> Result<Arc<Vec<Range>>, Problem> {
        let connect = self.terms.limits.connect;
        let asked = timeout(connect, self.ask_for_the_map()).await;
        *refreshed = Some(Instant::now());
        let map = Arc::new(asked.unwrap_or(Err(Problem::Late(connect)))?);
        self.doubted.store(false, Ordering::Release);
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|address, _| map.iter().any(|range| range.primary == *address));
        drop(nodes);
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&map));
        Ok(map)
    }

    /// Asks all servers that are known at once, and takes the first answer.
    async fn ask_for_the_map(&self) -> Result<Vec<Range>, Problem> {
        let mut asked = self.seeds.clone();
        let known: Vec<Address> =
            self.nodes.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        asked.extend(known.into_iter().filter_map(|(host, port)| address::at(&self.server, host, port).ok()));
        let mut answers = JoinSet::new();
        for client in asked {
            let terms = self.terms;
            answers.spawn(async move {
                let link = Link::open(&client, terms.limits).await?;
                let answer = link.ask(redis::cmd("CLUSTER").arg("SLOTS")).await?;
                ranges(answer, address::host(&client).unwrap_or_default(), terms)
            });
        }
        let mut problem = Problem::Shape("CLUSTER SLOTS");
        while let Some(answer) = answers.join_next().await {
            match answer {
                Ok(Ok(map)) => return Ok(map),
                Ok(Err(failed)) => problem = failed,
                Err(_) => {}
            }
        }
        Err(problem)
    }
}

/// `[[first, last, [host, port, …], replica…], …]`. A host that is empty is that of the server which answered.
fn ranges(answer: Value, asked: &str, terms: Terms) -> Result<Vec<Range>, Problem> {
    let lines: Vec<Vec<Value>> = redis::from_redis_value(answer).map_err(RedisError::from)?;
    let mut map = Vec::with_capacity(lines.len());
    for line in lines {
        let mut line = line.into_iter();
        let (Some(Value::Int(first)), Some(Value::Int(last)), Some(Value::Array(primary))) =
            (line.next(), line.next(), line.next())
        else {
            return Err(Problem::Shape("CLUSTER SLOTS"));
        };
        let replicas = line.len() as u64;
        if replicas > 0 && !terms.accepted.fail_over() {
            return Err(Refused::Replicas(replicas).into());
        }
        let mut primary = primary.into_iter();
        let host: Option<String> = primary.next().and_then(|host| redis::from_redis_value(host).ok());
        let host = host.filter(|host| !host.is_empty()).unwrap_or_else(|| asked.to_owned());
        let port: Option<u16> = primary.next().and_then(|port| redis::from_redis_value(port).ok());
        let (Ok(first), Ok(last), Some(port)) = (u16::try_from(first), u16::try_from(last), port) else {
            return Err(Problem::Shape("CLUSTER SLOTS"));
        };
        map.push(Range { first, last, primary: (host, port) });
    }
    if map.is_empty() { Err(Problem::Slot(0)) } else { Ok(map) }
}
