//! The line against a naive model, and what it must not do.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{
    Parking, Place, Wants,
    line::{LOOK_AGAIN_MS, Line},
    pace::BELIEVED_MS,
};
use crate::domain::id::{ProviderId, UserId};

const T0: i64 = 1_700_000_000_000;

fn full(providers: &[i64]) -> Wants {
    let providers: Vec<ProviderId> = providers.iter().copied().map(ProviderId).collect();
    Wants { full: providers.clone(), providers, until_ms: None }
}

/// Calls that wait, and providers with places.
#[derive(Default)]
struct World {
    line: Line,
    now_ms: i64,
    /// What each place waits for.
    wants: BTreeMap<u64, (i64, Vec<i64>)>,
    free: BTreeMap<i64, u32>,
    /// Whose look has begun, and what it has found.
    looking: Option<(u64, Option<i64>)>,
    served: Vec<u64>,
    n_looks: u32,
    /// Users in the order in which they go next, by the naive model.
    users: Vec<i64>,
}

impl World {
    fn new() -> Self {
        Self { now_ms: T0, ..Self::default() }
    }

    fn enter(&mut self, user: i64, wants: &[i64], max: usize) -> Option<u64> {
        let place = self.line.enter(UserId(user), max)?;
        self.wants.insert(place, (user, wants.to_vec()));
        if !self.users.contains(&user) {
            self.users.push(user);
        }
        Some(place)
    }

    /// One round after the other, each user's next place in each.
    fn naive_order(&self) -> Vec<u64> {
        let mut left = self.wants.clone();
        let mut order = Vec::new();
        while !left.is_empty() {
            for user in &self.users {
                let next = left.iter().find(|(_, (owner, _))| owner == user).map(|(place, _)| *place);
                if let Some(place) = next {
                    left.remove(&place);
                    order.push(place);
                }
            }
        }
        order
    }

    /// Who goes next, if everybody knew everything at once.
    fn naive_next(&self) -> Option<u64> {
        let can_go = |place: &u64| self.wants[place].1.iter().any(|provider| self.has_room(*provider));
        self.naive_order().into_iter().find(can_go)
    }

    fn has_room(&self, provider: i64) -> bool {
        self.free.get(&provider).is_some_and(|n| *n > 0)
    }

    fn gone(&mut self, place: u64, is_served: bool) {
        let (user, _) = self.wants.remove(&place).unwrap();
        if is_served {
            self.users.retain(|known| *known != user);
            self.users.push(user);
        }
        self.users.retain(|user| self.wants.values().any(|(owner, _)| owner == user));
    }

    fn free(&mut self, provider: i64) {
        *self.free.entry(provider).or_default() += 1;
        self.line.wake(Some(ProviderId(provider)));
    }

    fn leave(&mut self, nth: usize) {
        let Some(place) = self.wants.keys().nth(nth % self.wants.len().max(1)).copied() else { return };
        if let Some((_, Some(provider))) = self.looking.take_if(|(looking, _)| *looking == place) {
            self.free(provider);
        }
        self.line.leave(place);
        self.gone(place, false);
    }

    /// The place that has the turn looks, and takes what is free.
    fn begin_look(&mut self) {
        if self.looking.is_some() {
            return;
        }
        let Some(place) = self.line.next_turn(self.now_ms) else { return };
        self.n_looks += 1;
        let found = self.wants[&place].1.iter().copied().find(|provider| self.has_room(*provider));
        if let Some(provider) = found {
            *self.free.get_mut(&provider).unwrap() -= 1;
        }
        self.looking = Some((place, found));
    }

    fn end_look(&mut self) {
        let Some((place, found)) = self.looking.take() else { return };
        if let Some(provider) = found {
            self.line.serve(place, ProviderId(provider), self.now_ms);
            self.gone(place, true);
            self.served.push(place);
        } else {
            self.line.stay(place, full(&self.wants[&place].1), self.now_ms);
        }
    }

    /// A place becomes free so many milliseconds later, and is taken.
    fn frees(&mut self, provider: i64, after_ms: i64) {
        self.now_ms += after_ms;
        self.free(provider);
        self.settle();
    }

    /// How long a place is told that it will wait.
    fn expected(&self, place: u64) -> Option<u32> {
        self.line.standing(place, self.now_ms).unwrap().expected_ms
    }

    fn settle(&mut self) {
        loop {
            self.end_look();
            self.begin_look();
            if self.looking.is_none() {
                return;
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Enter(i64, Vec<i64>),
    Leave(usize),
    Free(i64),
    /// Another replica frees a place: nobody is told, but time goes on.
    FreeElsewhere(i64),
    BeginLook,
    EndLook,
}

fn op() -> impl Strategy<Value = Op> {
    let wants = prop::collection::btree_set(0..3_i64, 1..3).prop_map(|wants| wants.into_iter().collect());
    prop_oneof![
        4 => (0..4_i64, wants).prop_map(|(user, wants)| Op::Enter(user, wants)),
        1 => (0..20_usize).prop_map(Op::Leave),
        2 => (0..3_i64).prop_map(Op::Free),
        1 => (0..3_i64).prop_map(Op::FreeElsewhere),
        2 => Just(Op::BeginLook),
        2 => Just(Op::EndLook),
    ]
}

proptest! {
    /// Everybody looks at once: the line serves whom the naive model serves, in its order.
    #[test]
    fn it_serves_as_the_naive_model(ops in prop::collection::vec(op(), 1..60)) {
        let mut world = World::new();
        let mut expected = Vec::new();
        for op in ops {
            match op {
                Op::Enter(user, wants) => drop(world.enter(user, &wants, 8)),
                Op::Leave(nth) => world.leave(nth),
                Op::Free(provider) => world.free(provider),
                Op::FreeElsewhere(provider) => {
                    *world.free.entry(provider).or_default() += 1;
                    world.now_ms += LOOK_AGAIN_MS;
                    world.line.tick(world.now_ms);
                }
                Op::BeginLook | Op::EndLook => {}
            }
            let next = world.naive_next();
            let before = world.served.len();
            world.settle();
            expected.extend(next);
            prop_assert_eq!(&world.served, &expected, "one at most goes for each step");
            prop_assert_eq!(world.served.len() - before, usize::from(next.is_some()));
            prop_assert_eq!(world.naive_next(), None);
            let order = world.naive_order();
            prop_assert_eq!(world.line.order(), order.clone());
            prop_assert!(order.len() <= 8);
            for (nth, place) in order.into_iter().enumerate() {
                let standing = world.line.standing(place, world.now_ms).unwrap();
                prop_assert_eq!(usize::try_from(standing.position).unwrap(), nth + 1);
            }
        }
    }

    /// Whatever happens while somebody looks: nobody waits for what is free.
    #[test]
    fn no_news_are_lost(ops in prop::collection::vec(op(), 1..80)) {
        let mut world = World::new();
        for op in ops {
            match op {
                Op::Enter(user, wants) => drop(world.enter(user, &wants, 8)),
                Op::Leave(nth) => world.leave(nth),
                Op::Free(provider) | Op::FreeElsewhere(provider) => world.free(provider),
                Op::BeginLook => world.begin_look(),
                Op::EndLook => world.end_look(),
            }
            if let Some((place, _)) = world.looking {
                prop_assert!(world.line.has_turn(place));
            }
        }
        world.settle();
        prop_assert_eq!(world.naive_next(), None);
    }
}

#[test]
fn one_free_place_makes_one_go_and_one_look() {
    let mut world = World::new();
    for n in 0..100 {
        world.enter(n % 10, &[1], 100).unwrap();
    }
    assert_eq!(world.enter(0, &[1], 100), None, "the line is bounded");
    world.settle();
    world.n_looks = 0;
    world.free(1);
    world.settle();
    assert_eq!((world.served.len(), world.n_looks), (1, 2));
    world.free(2);
    world.settle();
    assert_eq!((world.served.len(), world.n_looks), (1, 2), "nobody waits for that one");
}

#[test]
fn time_makes_the_first_look_for_all() {
    let mut world = World::new();
    for n in 0..50 {
        world.enter(n, &[1], 100).unwrap();
        world.now_ms += 7;
    }
    world.settle();
    world.n_looks = 0;
    world.now_ms += LOOK_AGAIN_MS;
    for _ in 0..50 {
        world.line.tick(world.now_ms);
        world.settle();
    }
    assert_eq!(world.n_looks, 1);
}

#[test]
fn a_known_end_is_looked_at_when_it_comes() {
    let mut line = Line::default();
    let place = line.enter(UserId(1), 9).unwrap();
    assert_eq!(line.next_turn(T0), Some(place));
    let wants = Wants { providers: vec![ProviderId(1)], full: vec![], until_ms: Some(T0 + 5_000) };
    line.stay(place, wants, T0);
    assert_eq!(line.standing(place, T0 + 1_000).unwrap().expected_ms, Some(4_000));
    line.tick(T0 + 4_999);
    assert_eq!(line.next_turn(T0 + 4_999), None);
    line.tick(T0 + 5_000);
    assert_eq!(line.next_turn(T0 + 5_000), Some(place));
}

#[test]
fn who_does_not_use_its_turn_does_not_hold_up_the_line() {
    let mut line = Line::default();
    let [first, second] = [1, 2].map(|user| line.enter(UserId(user), 9).unwrap());
    assert_eq!(line.next_turn(T0), Some(first));
    line.tick(T0 + 999);
    assert_eq!(line.next_turn(T0 + 999), None);
    line.tick(T0 + 1_000);
    assert_eq!(line.next_turn(T0 + 1_000), Some(second));
    line.stay(second, full(&[1]), T0 + 1_000);
    assert_eq!(line.next_turn(T0 + 1_000), Some(first), "it must still look");
}

#[test]
fn the_expected_wait_follows_the_pace() {
    let mut world = World::new();
    let places = [1, 2, 3, 4].map(|user| world.enter(user, &[1], 9).unwrap());
    assert_eq!(world.expected(places[3]), None, "it has not looked");
    world.settle();
    assert_eq!(world.expected(places[3]), None, "nothing was measured");
    for _ in 0..2 {
        world.frees(1, 2_000);
    }
    assert_eq!(world.expected(places[3]), Some(4_000));
    // It goes slower than it did.
    world.now_ms += 3_000;
    assert_eq!(world.expected(places[3]), Some(6_000));
    world.now_ms += BELIEVED_MS;
    assert_eq!(world.expected(places[3]), None, "that is long ago");
    world.frees(1, 0);
    assert_eq!(world.expected(places[3]), None, "nor is so long a gap a pace");
}

#[test]
fn what_is_waited_for_until_a_date_is_no_part_of_the_pace() {
    let mut line = Line::default();
    let until = |ms: i64| Wants { providers: vec![ProviderId(1)], full: vec![], until_ms: Some(T0 + ms) };
    let held = [1, 2, 3].map(|user| line.enter(UserId(user), 9).unwrap());
    let busy = [4, 5].map(|user| line.enter(UserId(user), 9).unwrap());
    for place in held {
        line.stay(place, until(60_000), T0);
    }
    for place in busy {
        line.stay(place, full(&[2]), T0 + 50_000);
    }
    let expected = |line: &Line, place, ms| line.standing(place, T0 + ms).unwrap().expected_ms;
    assert_eq!((expected(&line, held[2], 50_000), expected(&line, busy[1], 50_000)), (Some(10_000), None));
    // The hold is over: two go at once, and then the provider is full.
    line.serve(held[0], ProviderId(1), T0 + 60_000);
    line.serve(held[1], ProviderId(1), T0 + 60_000);
    assert_eq!((expected(&line, held[2], 60_000), expected(&line, busy[1], 60_000)), (None, None));
    line.stay(held[2], full(&[1]), T0 + 60_000);
    line.serve(busy[0], ProviderId(2), T0 + 65_000);
    assert_eq!((expected(&line, held[2], 65_000), expected(&line, busy[1], 65_000)), (None, Some(15_000)));
    let late = line.enter(UserId(6), 9).unwrap();
    line.stay(late, full(&[1]), T0 + 65_000);
    line.serve(held[2], ProviderId(1), T0 + 67_000);
    assert_eq!(expected(&line, late, 67_000), Some(7_000), "since it was full, not since the call came");
}

#[test]
fn only_those_who_want_the_same_are_waited_for() {
    let mut world = World::new();
    for user in 1..=3 {
        world.enter(user, &[1], 20).unwrap();
        world.enter(user + 10, &[2], 20).unwrap();
    }
    let of_one = world.enter(21, &[2], 20).unwrap();
    let of_both = world.enter(22, &[1, 2], 20).unwrap();
    world.settle();
    world.frees(1, 3_000);
    world.frees(2, 3_000);
    // Of the six that came before, two are gone: two of four wait for the second provider, which takes one in 6 s.
    assert_eq!(world.expected(of_one), Some(18_000));
    // All but itself wait for one of the two, which take three in 6 s.
    assert_eq!(world.expected(of_both), Some(12_000));
    // A date that is nearer goes before that.
    let wants = Wants { until_ms: Some(world.now_ms + 5_000), ..full(&[1, 2]) };
    world.line.stay(of_both, wants, world.now_ms);
    assert_eq!(world.expected(of_both), Some(5_000));
}

#[tokio::test]
async fn a_place_that_is_dropped_passes_its_turn_on() {
    let parking = Parking::default();
    let has_turn =
        async |place: &Place| tokio::time::timeout(Duration::from_millis(20), place.turn()).await == Ok(true);
    let first = parking.enter(UserId(1), 9).unwrap();
    let second = parking.enter(UserId(1), 9).unwrap();
    assert_eq!(parking.enter(UserId(2), 2).map(|place| place.id), None);
    assert!(has_turn(&first).await);
    assert!(!has_turn(&second).await, "one looks at a time");
    drop(first);
    assert!(has_turn(&second).await);
    second.stay(full(&[7]));
    assert_eq!(parking.awaited(), [ProviderId(7)]);
    assert!(!has_turn(&second).await);
    let (got, ()) = tokio::join!(has_turn(&second), async { parking.wake(Some(ProviderId(7))) });
    assert!(got);
    second.serve(ProviderId(7));
    assert!(parking.is_empty() && parking.awaited().is_empty());
}
