//! The protocol of design §7, checked exhaustively for three nodes.
//!
//! The real `plan`, `Workshop::take` and `Snapshot` on every key set that is reached, in whole seconds. A write is under way for any
//! time; a node reads at any time or never; one node stops at any moment, its write lost or not, and starts anew or not. Every node
//! signs in every state, and verifiers fetch from every node in every state, so no choice of who signs when is left out. The laws
//! are those of the properties in `laws`, by the same letters.
//!
//! What keeps the space small, and is assumed: reading and planning are one step (a plan made later on what was read is the same
//! plan or loses); a write that has lost is known at once; nodes of one clock are alike, and kept in order; clocks do not change; one node
//! stops at most once; some node ends a whole turn every two seconds, as a rule of time: it stands still until one does.

mod sets;
mod state;

use stateright::{Checker, Model, Property};

use sets::Sets;
use state::{Action, Doing, State};

use super::laws::Policy;

/// The bounds of the space, in seconds of true time.
#[derive(Debug)]
struct Protocol {
    sets: Sets,
    /// What the clocks of the three nodes are ahead of the truth.
    ahead: [u8; 3],
    horizon: u8,
    /// After how long some node has ended a whole turn.
    pace: u8,
    crashes: u8,
    /// Whether the horizon is far enough for a third key, and for the first one to be forgotten.
    is_long: bool,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.ahead)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        state.actions(self, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(state.after(action, self))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::<Self>::always(
                "a: no key signs that was published for less than the propagation time",
                |model, state| {
                    state
                        .signing(&model.sets)
                        .all(|(_, mark, now)| mark.at_once || now - mark.since >= model.sets.propagation)
                },
            ),
            Property::<Self>::always("a: every verifier knows the key of a new token", |model, state| {
                state.signing(&model.sets).all(|(_, mark, now)| mark.at_once || mark.unknown_until <= now)
            }),
            Property::<Self>::always(
                "b: every living token verifies at every node that has read in time",
                |model, state| state.is_published(&model.sets),
            ),
            Property::<Self>::always(
                "c: every node that has read in time has a key inside its time",
                |model, state| state.signs(&model.sets),
            ),
            Property::<Self>::always("f: no key is dropped while a token of it lives", |model, state| {
                state.keeps(&model.sets)
            }),
            Property::<Self>::sometimes("a key has handed over to the next", |model, state| {
                state.signing(&model.sets).any(|(number, ..)| number == 1)
            }),
            Property::<Self>::sometimes("a race is lost", |_, state| {
                state.nodes.iter().filter(|node| matches!(node.doing, Doing::Writing(_))).count() > 1
            }),
            Property::<Self>::sometimes("a node stops between announcement and schedule", |model, state| {
                model.sets.facts(state.store).is_announced && state.has_crashed()
            }),
            Property::<Self>::sometimes("a write arrives whose writer is gone", |_, state| {
                state.left_behind.is_some()
            }),
            Property::<Self>::sometimes("two nodes sign with different keys", |model, state| {
                let mut keys = state.signing(&model.sets).map(|(number, ..)| number);
                let first = keys.next();
                keys.any(|number| Some(number) != first)
            }),
        ];
        if self.is_long {
            properties.push(Property::<Self>::sometimes("and that one to the next", |model, state| {
                state.signing(&model.sets).any(|(number, ..)| number == 2)
            }));
            properties.push(Property::<Self>::sometimes("a key is forgotten", |model, state| {
                model.sets.facts(state.store).held & 1 == 0 && model.sets.facts(state.store).born > 0
            }));
        }
        properties
    }
}

/// Prints how many states there are, which is the same at every run, and wants no fewer than `floor`.
fn check(protocol: Protocol, floor: usize) {
    let name = format!("{:?}, horizon {}", protocol.ahead, protocol.horizon);
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    let (unique, all, depth) = (checker.unique_state_count(), checker.state_count(), checker.max_depth());
    println!("clocks {name}: {unique} unique states of {all}, depth {depth}");
    checker.assert_properties();
    assert!(unique >= floor, "the space is not empty: {unique}");
}

#[test]
fn s7_three_nodes_of_one_clock() {
    let policy = Policy { every: 4, propagation: 2, life: 2, two_algorithms: false };
    let sets = Sets::new(policy, 0);
    check(Protocol { sets, ahead: [0; 3], horizon: 10, pace: 2, crashes: 1, is_long: true }, 250_000);
}

#[test]
fn s7_three_nodes_whose_clocks_differ() {
    let policy = Policy { every: 7, propagation: 2, life: 1, two_algorithms: false };
    let sets = Sets::new(policy, 2);
    check(Protocol { sets, ahead: [0, 0, 2], horizon: 8, pace: 2, crashes: 1, is_long: false }, 250_000);
}
