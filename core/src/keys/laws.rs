//! The laws of rotation (design §7), as properties.

mod made_keys;
mod wire;
mod witness;
mod world;

use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

pub(super) use made_keys::{MadeKeys, workshop};
use witness::{Course, Witness};
pub(super) use world::Policy;
use world::{Event, World, pace};

/// Of each test: seconds.
const CASES: u32 = 64;

/// A world before it begins.
#[derive(Clone, Debug)]
struct Setting {
    skew: u64,
    policies: Vec<Policy>,
    nodes: usize,
    events: Vec<Event>,
}

fn policy(course: Course, skew: u64, two_algorithms: bool) -> impl Strategy<Value = Policy> {
    (1..=9_u64, 0..=30_u64, 1..=20_u64)
        .prop_map(move |(propagation, more, life)| Policy {
            every: propagation + skew + 1 + more,
            propagation,
            life,
            two_algorithms,
        })
        .prop_filter("what `build` refuses, and what leaves no time to come by", move |policy| {
            policy.rules(skew).is_some_and(|rules| course == Course::Storm || pace(&rules) >= 250)
        })
}

fn event(course: Course) -> impl Strategy<Value = Event> {
    let any = || 0..64_usize;
    let (fails, wishes, long) = match course {
        Course::Steady | Course::Changing => (1, 0, 0),
        Course::Emergency => (1, 1, 0),
        Course::Storm => (2, 1, 1),
    };
    let all = [
        (10, (1..=12_u8).prop_map(Event::Wait).boxed()),
        (long, (60..=250_u8).prop_map(Event::Wait).boxed()),
        (6, any().prop_map(Event::Come).boxed()),
        (4, any().prop_map(Event::Turn).boxed()),
        (14, any().prop_map(Event::Move).boxed()),
        (fails, any().prop_map(Event::Fail).boxed()),
        (1, any().prop_map(Event::Crash).boxed()),
        (
            3,
            (any(), any(), 0..=1000_u16)
                .prop_map(|(node, rules, ahead)| Event::Start(node, rules, ahead))
                .boxed(),
        ),
        (1, any().prop_map(|node| Event::Rotate(node, false)).boxed()),
        (wishes, any().prop_map(|node| Event::Rotate(node, true)).boxed()),
        (wishes, (any(), any()).prop_map(|(node, key)| Event::Retire(node, key)).boxed()),
    ];
    Union::new_weighted(all.into_iter().filter(|(weight, _)| *weight > 0).collect())
}

fn setting(course: Course) -> impl Strategy<Value = Setting> {
    let policies = if course == Course::Steady { 1..=1_usize } else { 1..=3 };
    (0..=3_u64, policies, 2..=4_usize, any::<bool>()).prop_flat_map(move |(skew, policies, nodes, two)| {
        (vec(policy(course, skew, two), policies), vec(event(course), 40..160))
            .prop_map(move |(policies, events)| Setting { skew, policies, nodes, events })
    })
}

fn witnessed(setting: &Setting, course: Course) -> World {
    let rules = setting.policies.iter().map(|policy| policy.rules(setting.skew).unwrap()).collect();
    let mut world = World::new(rules, setting.nodes, course);
    for event in &setting.events {
        world.happens(event);
    }
    world
}

/// Worlds of this course, and how many keys signed and were dropped in all of them. `PROPTEST_CASES` sets how many worlds.
fn hold(course: Course) {
    let cases = std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let seen = RefCell::new((0, 0, 0));
    proptest!(ProptestConfig::with_cases(cases), |(setting in setting(course))| {
        let world = witnessed(&setting, course);
        let witness: &Witness = world.witness();
        let mut seen = seen.borrow_mut();
        seen.0 += witness.writes;
        seen.1 += witness.signed.len();
        seen.2 += witness.dropped();
    });
    let (writes, signed, dropped) = seen.into_inner();
    println!("{course:?}: {writes} writes, {signed} keys signed, {dropped} were dropped");
    let most = usize::try_from(cases).unwrap();
    assert!(signed > most * 2 && dropped > most / 2, "the worlds are not empty: {signed}, {dropped}");
}

#[test]
fn s7_some_node_in_time_is_all_it_takes() {
    hold(Course::Steady);
}

#[test]
fn s7_a_change_of_policy_leaves_no_gap() {
    hold(Course::Changing);
}

#[test]
fn s7_retiring_and_rotating_at_once_are_the_only_exceptions() {
    hold(Course::Emergency);
}

#[test]
fn s7_whatever_stops_for_however_long() {
    hold(Course::Storm);
}
