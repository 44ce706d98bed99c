//! Some nodes, each with its own clock and its own rules, on one store, and what may happen to them.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::made_keys::{MadeKeys, SIGNER, workshop};
use super::wire::{Handle, Place, Wire, Wished};
use super::witness::{Course, View, Witness};
use crate::clock::Clock;
use crate::jose::SigningAlgorithm;
use crate::keys::plan;
use crate::keys::{KeyRing, KeyRotation, Rules, Upkeep, Wish};
use crate::store::KeyRecord;
use crate::types::Timestamp;

/// True time in milliseconds, which nobody in the world can read.
pub(super) type Moment = i64;

const BEGINNING: Moment = 1_000_000_250;

/// The clock of a node: ahead of true time by up to the skew, and cut to whole seconds.
#[derive(Clone, Debug)]
pub(super) struct NodeTime {
    truth: Arc<AtomicI64>,
    ahead: i64,
}

impl NodeTime {
    pub(super) fn now(&self) -> Moment {
        self.truth.load(Ordering::Relaxed)
    }

    /// What this clock shows at a moment.
    pub(super) fn at(&self, moment: Moment) -> Timestamp {
        seconds(moment + self.ahead)
    }
}

impl Clock for NodeTime {
    fn now(&self) -> Timestamp {
        self.at(Self::now(self))
    }
}

pub(super) fn seconds(moment: Moment) -> Timestamp {
    Timestamp::from_unix(moment.div_euclid(1000)).unwrap()
}

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

/// Who writes: what is known of a node by those who judge it.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// Of each start of a node its own.
    number: usize,
    pub(super) time: NodeTime,
    pub(super) rules: Arc<Rules>,
    pub(super) wish: Wished,
    /// When the last key set that it has got was read in the store.
    pub(super) read_at: Option<Moment>,
}

/// What the operator can set, in seconds.
#[derive(Clone, Copy, Debug)]
pub(in crate::keys) struct Policy {
    pub(in crate::keys) every: u64,
    pub(in crate::keys) propagation: u64,
    pub(in crate::keys) life: u64,
    pub(in crate::keys) two_algorithms: bool,
}

impl Policy {
    /// The rules, where `build` would take them.
    pub(in crate::keys) fn rules(self, skew: u64) -> Option<Rules> {
        let span = Duration::from_secs;
        let rotation = KeyRotation::default().every(span(self.every)).propagation(span(self.propagation));
        rotation.check(span(self.life), span(skew), 1).ok()?;
        let all = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa];
        let used = if self.two_algorithms { 2 } else { 1 };
        Some(Rules {
            algorithms: all[..used].to_vec(),
            rotation,
            longest_life: span(self.life),
            skew: span(skew),
            signers: vec![SIGNER.to_owned()],
        })
    }
}

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// In quarters of a second.
    Wait(u8),
    /// A node begins a turn.
    Come(usize),
    /// A node takes a whole turn, and nothing comes between.
    Turn(usize),
    /// Something under way gets one step further: to the store, or back.
    Move(usize),
    /// Something under way fails for the one who waits for it.
    Fail(usize),
    /// A node stops, and what it has asked for is still under way.
    Crash(usize),
    /// A node starts anew, with this policy and a clock ahead by thousandths of the skew.
    Start(usize, usize, u16),
    /// All nodes that are up start anew, with this policy.
    Deploy(usize),
    Rotate(usize, bool),
    Retire(usize, usize),
}

struct Node {
    ring: Arc<KeyRing>,
    writer: Arc<Mutex<Writer>>,
    turn: Option<Pin<Box<dyn Future<Output = Upkeep>>>>,
}

pub(super) struct World {
    truth: Arc<AtomicI64>,
    wire: Arc<Mutex<Wire>>,
    keys: Arc<MadeKeys>,
    rules: Vec<Arc<Rules>>,
    nodes: Vec<Option<Node>>,
    started: usize,
    witness: Witness,
    /// How long it takes at most from one whole turn of some node to the next, while anybody looks after the world.
    pace: Option<i64>,
    last_turn: Moment,
}

impl World {
    pub(super) fn new(rules: Vec<Rules>, nodes: usize, course: Course) -> Self {
        let pace = (course != Course::Storm).then(|| rules.iter().map(pace).min().unwrap());
        Self {
            truth: Arc::new(AtomicI64::new(BEGINNING)),
            wire: Arc::default(),
            keys: Arc::default(),
            witness: Witness::new(course, &rules),
            rules: rules.into_iter().map(Arc::new).collect(),
            nodes: (0..nodes).map(|_| None).collect(),
            started: 0,
            pace,
            last_turn: BEGINNING,
        }
    }

    /// What was reached, for the test to see that it was not empty.
    pub(super) fn witness(&self) -> &Witness {
        &self.witness
    }

    fn now(&self) -> Moment {
        self.truth.load(Ordering::Relaxed)
    }

    pub(super) fn happens(&mut self, event: &Event) {
        let nodes = self.nodes.len();
        match *event {
            Event::Wait(quarters) => self.wait(i64::from(quarters) * 250),
            Event::Come(node) => self.come(node % nodes, Wish::Due),
            Event::Turn(node) => self.turn(node % nodes),
            Event::Move(number) => {
                let under_way = self.wire.lock().unwrap().under_way();
                if !under_way.is_empty() {
                    self.step(under_way[number % under_way.len()]);
                }
            }
            Event::Fail(number) => {
                let under_way = self.wire.lock().unwrap().under_way();
                if !under_way.is_empty() {
                    self.wire.lock().unwrap().fail(under_way[number % under_way.len()]);
                    self.poll();
                }
            }
            Event::Crash(node) => self.nodes[node % nodes] = None,
            Event::Start(node, rules, ahead) => self.start(node % nodes, rules, ahead),
            Event::Deploy(rules) => {
                for node in (0..nodes).filter(|node| self.nodes[*node].is_some()).collect::<Vec<_>>() {
                    let ahead = u16::try_from(rules * 100 % 1000).unwrap();
                    self.start(node, rules, ahead);
                }
            }
            Event::Rotate(node, at_once) => self.come(node % nodes, Wish::Rotate { at_once }),
            Event::Retire(node, key) => {
                let keys = self.wire.lock().unwrap().set.clone();
                if !keys.keys().is_empty() {
                    let kid = keys.keys()[key % keys.keys().len()].kid().clone();
                    self.come(node % nodes, Wish::Retire { kid, because: "compromised".to_owned() });
                }
            }
        }
        self.look();
    }

    /// Time passes, and where the world is looked after some node comes by in time.
    fn wait(&mut self, mut time: i64) {
        while let Some(left) =
            self.pace.map(|pace| self.last_turn + pace - self.now()).filter(|left| *left < time)
        {
            self.truth.fetch_add(left, Ordering::Relaxed);
            time -= left;
            self.look();
            let awake = self.nodes.iter().position(Option::is_some);
            if awake.is_none() {
                self.start(0, 0, 0);
            }
            let number = usize::try_from(self.now() / 7).unwrap() % self.nodes.len();
            let other = awake.unwrap_or(0);
            self.turn(if self.nodes[number].is_some() { number } else { other });
            self.look();
        }
        self.truth.fetch_add(time, Ordering::Relaxed);
    }

    fn start(&mut self, node: usize, rules: usize, ahead: u16) {
        let rules = Arc::clone(&self.rules[rules % self.rules.len()]);
        let ahead = millis(rules.skew) * i64::from(ahead.min(1000)) / 1000;
        let time = NodeTime { truth: Arc::clone(&self.truth), ahead };
        self.started += 1;
        let writer = Arc::new(Mutex::new(Writer {
            number: self.started,
            time: time.clone(),
            rules: Arc::clone(&rules),
            wish: Wished::Due,
            read_at: None,
        }));
        let store = Arc::new(Handle { wire: Arc::clone(&self.wire), writer: Arc::clone(&writer) });
        let ring = KeyRing::new(workshop(store, &self.keys, Arc::new(time), rules), false);
        self.nodes[node] = Some(Node { ring: Arc::new(ring), writer, turn: None });
    }

    fn come(&mut self, node: usize, wish: Wish) {
        let Some(node) = &mut self.nodes[node] else { return };
        if node.turn.is_none() {
            node.writer.lock().unwrap().wish = match wish {
                Wish::Due | Wish::Import { .. } => Wished::Due,
                Wish::Rotate { at_once: true } => Wished::RotateNow,
                Wish::Rotate { at_once: false } => Wished::RotateLater,
                Wish::Retire { .. } => Wished::Retire,
            };
            let ring = Arc::clone(&node.ring);
            node.turn = Some(Box::pin(async move { ring.attend(wish).await }));
            self.poll();
        }
    }

    /// First ends the turn in which the node is, then takes a new one.
    fn turn(&mut self, node: usize) {
        self.finish(node);
        if self.nodes[node].is_none() {
            return;
        }
        self.come(node, Wish::Due);
        let writes = self.witness.writes;
        self.finish(node);
        assert!(self.witness.writes - writes <= 8, "a turn comes to its end");
        self.last_turn = self.now();
        let wire = self.wire.lock().unwrap();
        let writer = self.nodes[node].as_ref().unwrap().writer.lock().unwrap().clone();
        let mut more = plan::plan(&wire.set, writer.time.at(self.now()), &writer.rules);
        // Who has read for the first time a moment ago forgets nothing yet.
        more.retain(|step| !matches!(step, plan::Step::Drop(_)));
        assert!(more.is_empty(), "what was done is not due again at that moment: {more:?}");
    }

    fn finish(&mut self, node: usize) {
        while self.nodes[node].as_ref().is_some_and(|node| node.turn.is_some()) {
            let own = self.nodes[node].as_ref().unwrap().writer.lock().unwrap().number;
            let number = {
                let wire = self.wire.lock().unwrap();
                let waits = |number: &usize| {
                    let operation = &wire.asked[*number];
                    let heard = matches!(operation.place, Place::ToStore | Place::ToNode(_));
                    heard && operation.writer.number == own
                };
                wire.under_way().into_iter().find(waits).expect("a turn waits for the store alone")
            };
            self.step(number);
        }
    }

    fn step(&mut self, number: usize) {
        let now = self.now();
        let mut wire = self.wire.lock().unwrap();
        if wire.answer(number) {
            drop(wire);
            self.poll();
        } else if let Some(written) = wire.arrive(number, now) {
            self.witness.writes += 1;
            self.witness.wrote(&written, &wire.set, now);
        }
    }

    /// Lets every node go on that can.
    fn poll(&mut self) {
        for node in self.nodes.iter_mut().flatten() {
            let Some(turn) = &mut node.turn else { continue };
            if let Poll::Ready(upkeep) = turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                node.turn = None;
                self.witness.ended(&upkeep);
            }
        }
    }

    /// Every node signs and publishes, and is judged.
    fn look(&mut self) {
        let now = self.now();
        let set = self.wire.lock().unwrap().set.clone();
        for kid in self.keys.deleted() {
            let held = set.keys().iter().find(|key| key.kid().as_str() == kid);
            let over = |key: &KeyRecord| key.published_until().is_none_or(|end| end <= seconds(now));
            assert!(
                held.is_none_or(|key| over(key) || key.retired().is_some()),
                "{kid} is deleted while it counts"
            );
        }
        for node in self.nodes.iter().flatten() {
            let writer = node.writer.lock().unwrap().clone();
            if let (Some(snapshot), Some(read_at)) = (node.ring.snapshot(), writer.read_at) {
                let cached_for = node.ring.cached_for(writer.time.at(now));
                self.witness.looked(&View { snapshot, read_at, cached_for, writer, now });
            }
        }
        self.witness.look_is_over(now);
    }
}

/// For how long nobody need come by, and still the next key signs before the last one has ended: the last fifth of its time
/// and the two reads by which a key is announced early, or what is left of one whose writer has stopped right after; without
/// what cut seconds and differing clocks take. It may be less than nothing, if the interval is hardly more than the lead.
pub(super) fn pace(rules: &Rules) -> i64 {
    let rotation = &rules.rotation;
    let lost = millis(rules.skew) + 1000;
    let signs_for = millis(rotation.signs_for());
    let announced = signs_for - millis(rotation.interval()) + millis(rotation.read_every() * 2);
    announced.min(signs_for - millis(rotation.propagation_time()) - lost) - lost
}
