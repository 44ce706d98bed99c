//! What three nodes, their store, all verifiers and all tokens can be in, and how they come from one state to the next.

use super::Protocol;
use super::sets::{SetId, Sets};

/// Older than that, all reads are alike.
const OLD: u8 = 2;

/// One moment of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// True time.
    now: u8,
    pub(super) store: SetId,
    /// In order, since they are alike.
    pub(super) nodes: [Node; 3],
    /// A write whose writer has stopped, still under way.
    pub(super) left_behind: Option<Write>,
    /// What has become of each key.
    marks: Vec<Mark>,
    /// Until when verifiers keep what they have fetched up to now.
    kept_until: u8,
    /// Since when no node has ended a turn.
    idle: u8,
    crashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node {
    ahead: u8,
    is_up: bool,
    /// What it signs with and publishes.
    shown: Option<SetId>,
    /// How long ago that was read.
    age: u8,
    pub(super) doing: Doing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Doing {
    Nothing,
    /// On the way to the store.
    Writing(Write),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Write {
    set: SetId,
    /// The keys that sign at once by it, one bit each.
    at_once: u32,
}

/// What has become of a key. Times that count no more are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    /// When it came into the store.
    pub(super) since: u8,
    /// It is the first one.
    pub(super) at_once: bool,
    /// The latest `exp` of its tokens: every node signs in every state.
    tokens_until: u8,
    /// Until when a verifier keeps a set without it: somebody fetches from every node in every state.
    pub(super) unknown_until: u8,
}

/// What can happen. Nodes by their place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Tick,
    /// And plan.
    Read(usize),
    Arrive(usize),
    Crash(usize),
    /// And what it was writing goes on.
    CrashLate(usize),
    Start(usize),
    ArriveLeftBehind,
}

impl State {
    pub(super) fn new(ahead: [u8; 3]) -> Self {
        let node = |ahead| Node { ahead, is_up: true, shown: None, age: OLD, doing: Doing::Nothing };
        Self {
            now: 0,
            store: 0,
            nodes: ahead.map(node),
            left_behind: None,
            marks: Vec::new(),
            kept_until: 0,
            idle: 0,
            crashes: 0,
        }
    }

    pub(super) fn actions(&self, model: &Protocol, actions: &mut Vec<Action>) {
        if self.now < model.horizon && self.idle < model.pace {
            actions.push(Action::Tick);
        }
        if self.left_behind.is_some() {
            actions.push(Action::ArriveLeftBehind);
        }
        for (at, node) in self.nodes.iter().enumerate() {
            if at > 0 && self.nodes[at - 1] == *node {
                continue;
            }
            if !node.is_up {
                actions.push(Action::Start(at));
                continue;
            }
            let may_crash = self.crashes < model.crashes;
            match node.doing {
                Doing::Nothing => actions.push(Action::Read(at)),
                Doing::Writing(_) => {
                    actions.push(Action::Arrive(at));
                    if may_crash && self.left_behind.is_none() {
                        actions.push(Action::CrashLate(at));
                    }
                }
            }
            if may_crash {
                actions.push(Action::Crash(at));
            }
        }
    }

    pub(super) fn after(&self, action: Action, model: &Protocol) -> Self {
        let mut next = self.clone();
        match action {
            Action::Tick => next.tick(),
            Action::Read(at) => next.show(at, (self.store, 0), &model.sets),
            Action::Arrive(at) => next.arrive(at, &model.sets),
            Action::Crash(at) | Action::CrashLate(at) => {
                if let (Action::CrashLate(_), Doing::Writing(write)) = (action, self.nodes[at].doing) {
                    next.left_behind = Some(write);
                }
                let ahead = self.nodes[at].ahead;
                next.nodes[at] = Node { ahead, is_up: false, shown: None, age: OLD, doing: Doing::Nothing };
                next.crashes += 1;
            }
            Action::Start(at) => next.nodes[at].is_up = true,
            Action::ArriveLeftBehind => {
                if let Some(write) = next.left_behind.take() {
                    next.write(write, &model.sets);
                }
            }
        }
        next.settle(&model.sets);
        next.nodes.sort_unstable();
        next
    }

    fn tick(&mut self) {
        self.now += 1;
        self.idle += 1;
        for node in &mut self.nodes {
            node.age = (node.age + 1).min(OLD);
        }
    }

    /// Requests see what was read, and what is due is on its way to the store.
    fn show(&mut self, at: usize, (set, age): (SetId, u8), sets: &Sets) {
        let node = &mut self.nodes[at];
        let seen = sets.seen(set, self.now + node.ahead);
        if node.shown.is_some() || seen.signing.is_some() {
            (node.shown, node.age) = (Some(set), age);
        }
        match seen.next {
            Some((set, at_once)) => node.doing = Doing::Writing(Write { set, at_once }),
            None => self.idle = 0,
        }
    }

    /// The write takes place, and its writer hears of it.
    fn arrive(&mut self, at: usize, sets: &Sets) {
        let Doing::Writing(write) = self.nodes[at].doing else { return };
        self.write(write, sets);
        self.show(at, (write.set, self.nodes[at].age), sets);
    }

    /// Compare and swap: all that was on its way to what was there before has lost, and its writer reads again.
    fn write(&mut self, write: Write, sets: &Sets) {
        self.store = write.set;
        self.left_behind = None;
        for node in &mut self.nodes {
            node.doing = Doing::Nothing;
        }
        while self.marks.len() < sets.facts(write.set).born {
            let unknown_until = self.kept_until;
            self.marks.push(Mark { since: self.now, unknown_until, ..Mark::default() });
        }
        for (number, mark) in self.marks.iter_mut().enumerate() {
            mark.at_once |= write.at_once & 1 << number != 0;
        }
    }

    /// All nodes sign, and verifiers fetch from all of them.
    fn settle(&mut self, sets: &Sets) {
        let now = self.now;
        for node in self.nodes.iter().filter(|node| node.is_up) {
            let Some(shown) = node.shown else { continue };
            let seen = sets.seen(shown, now + node.ahead);
            if let Some(signing) = seen.signing {
                let mark = &mut self.marks[usize::from(signing.number)];
                mark.tokens_until = mark.tokens_until.max(signing.token);
            }
            let kept_until = now + sets.cached_for(node.age);
            self.kept_until = self.kept_until.max(kept_until);
            for (number, mark) in self.marks.iter_mut().enumerate() {
                if seen.published & 1 << number == 0 {
                    mark.unknown_until = mark.unknown_until.max(kept_until);
                }
            }
        }
        let passed = |until: u8| if until <= now { 0 } else { until };
        self.kept_until = passed(self.kept_until);
        for mark in &mut self.marks {
            mark.unknown_until = if mark.at_once { 0 } else { passed(mark.unknown_until) };
            mark.since = if mark.at_once || now - mark.since >= sets.propagation { 0 } else { mark.since };
            mark.tokens_until = if is_alive(mark, now, sets) { mark.tokens_until } else { 0 };
        }
    }

    /// The key that each node signs with, what has become of it, and the time.
    pub(super) fn signing(&self, sets: &Sets) -> impl Iterator<Item = (u8, Mark, u8)> {
        let shown = self.nodes.iter().filter_map(|node| Some((node.shown?, node.ahead)));
        let signing = shown.filter_map(|(shown, ahead)| sets.seen(shown, self.now + ahead).signing);
        signing.map(|signing| (signing.number, self.marks[usize::from(signing.number)], self.now))
    }

    /// Those who have read in time, and what they see in it.
    fn fresh(&self, sets: &Sets) -> impl Iterator<Item = (SetId, u8)> {
        let fresh = self.nodes.iter().filter(|node| node.age <= sets.read_every);
        fresh.filter_map(|node| Some((node.shown?, self.now + node.ahead)))
    }

    fn living<'s>(&'s self, sets: &'s Sets) -> impl Iterator<Item = (usize, &'s Mark)> {
        self.marks.iter().enumerate().filter(|(_, mark)| is_alive(mark, self.now, sets))
    }

    pub(super) fn is_published(&self, sets: &Sets) -> bool {
        self.fresh(sets).all(|(shown, clock)| {
            let published = sets.seen(shown, clock).published;
            let is_new = |number| sets.facts(shown).born <= number;
            self.living(sets)
                .all(|(number, mark)| published & 1 << number != 0 || mark.at_once && is_new(number))
        })
    }

    pub(super) fn signs(&self, sets: &Sets) -> bool {
        self.fresh(sets).all(|(shown, clock)| {
            let signing = sets.seen(shown, clock).signing;
            signing.is_some_and(|signing| signing.in_time || self.marks[usize::from(signing.number)].at_once)
        })
    }

    pub(super) fn keeps(&self, sets: &Sets) -> bool {
        self.living(sets).all(|(number, _)| sets.facts(self.store).held & 1 << number != 0)
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.nodes.iter().any(|node| !node.is_up)
    }
}

/// Whether a token is good for a verifier of the slowest clock, who takes the skew off once more.
fn is_alive(mark: &Mark, now: u8, sets: &Sets) -> bool {
    now < mark.tokens_until.saturating_add(sets.skew) && mark.tokens_until > 0
}
