//! One shard: the clients that were read, the ids that are unknown, and the reads that are on their way.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use grantor::store::{Client, Versioned};
use grantor::{ClientId, Timestamp};

use super::bounded::Bounded;
use super::flight::{Flight, Passenger};

pub(super) struct Shard {
    known: Bounded<Versioned<Client>>,
    /// Apart from the clients, so that invented ids put none of them out.
    unknown: Bounded<()>,
    flights: HashMap<ClientId, Departed>,
    departures: u64,
}

/// A read on its way. Those who wait for it own it: when the last of them leaves it ends.
struct Departed {
    number: u64,
    began: Timestamp,
    flight: Weak<Flight>,
}

/// How long what was read may be used.
#[derive(Clone, Copy)]
pub(super) struct Life(pub(super) Duration);

impl Life {
    /// Never for what was read later than now: the clock has been set back since.
    fn covers(self, read_at: Timestamp, now: Timestamp) -> bool {
        read_at <= now && now < read_at.plus(self.0)
    }
}

impl Shard {
    pub(super) fn new(most_known: usize, most_unknown: usize) -> Self {
        let (known, unknown) = (Bounded::new(most_known), Bounded::new(most_unknown));
        Self { known, unknown, flights: HashMap::new(), departures: 0 }
    }

    pub(super) fn known(&self) -> usize {
        self.known.len()
    }

    pub(super) fn unknown(&self) -> usize {
        self.unknown.len()
    }

    pub(super) fn reads(&self) -> usize {
        self.flights.len()
    }

    /// What counts of this id. `Some(None)`: there is no such client.
    pub(super) fn cached(
        &self,
        id: &ClientId,
        life: Life,
        now: Timestamp,
    ) -> Option<Option<Versioned<Client>>> {
        if let Some((client, read_at)) = self.known.get(id)
            && life.covers(read_at, now)
        {
            return Some(Some(client.clone()));
        }
        self.unknown.get(id).filter(|(_, read_at)| life.covers(*read_at, now)).map(|_| None)
    }

    /// A seat on what has landed since the caller looked, on the read that is on its way, unless that began too long
    /// ago, or else on a new one.
    pub(super) fn board(
        &mut self,
        id: &ClientId,
        life: Life,
        now: Timestamp,
        depart: impl FnOnce(u64) -> Arc<Flight>,
    ) -> Passenger {
        if let Some(client) = self.cached(id, life, now) {
            return Flight::landed(Ok(client)).seat();
        }
        if let Some(departed) = self.flights.get(id)
            && life.covers(departed.began, now)
            && let Some(flight) = departed.flight.upgrade()
        {
            return flight.seat();
        }
        self.departures += 1;
        let flight = depart(self.departures);
        let departed = Departed { number: self.departures, began: now, flight: Arc::downgrade(&flight) };
        self.flights.insert(id.clone(), departed);
        flight.seat()
    }

    /// Takes in what a read brought, unless it was forgotten on its way or another one has taken its place.
    pub(super) fn land(
        &mut self,
        id: &ClientId,
        number: u64,
        client: Option<Versioned<Client>>,
        began: Timestamp,
    ) {
        if !self.end(id, number) {
            return;
        }
        match client {
            Some(client) => {
                self.unknown.remove(id);
                self.known.put(id, client, began);
            }
            None => {
                self.known.remove(id);
                self.unknown.put(id, (), began);
            }
        }
    }

    /// Ends this read, and says whether it still was the one to wait for.
    pub(super) fn end(&mut self, id: &ClientId, number: u64) -> bool {
        let is_current = self.flights.get(id).is_some_and(|departed| departed.number == number);
        if is_current {
            self.flights.remove(id);
        }
        is_current
    }

    /// What is on its way is forgotten too: it may have read the old record.
    pub(super) fn forget(&mut self, id: &ClientId) {
        self.flights.remove(id);
        self.known.remove(id);
        self.unknown.remove(id);
    }

    pub(super) fn forget_all(&mut self) {
        self.flights.clear();
        self.known.clear();
        self.unknown.clear();
    }
}
