//! A key store at the far end of a wire: what is asked arrives when the schedule says so, and the answer comes back when it
//! says so, or never. What is under way arrives even if the node that asked is gone.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;

use super::world::{Moment, Writer};
use crate::store::{KeySet, KeyStore, Replace, Revision, StoreError};

/// The store, and all that is under way to it and from it.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) set: KeySet,
    pub(super) revision: u64,
    /// By the number of the operation.
    pub(super) asked: Vec<Operation>,
}

/// One call of a node.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) writer: Writer,
    /// When it was asked, which is when it was planned.
    pub(super) at: Moment,
    wanted: Wanted,
    pub(super) place: Place,
}

#[derive(Debug)]
enum Wanted {
    Load,
    Replace(Revision, KeySet),
}

#[derive(Debug)]
pub(super) enum Place {
    ToStore,
    /// Failed for the one who asked, and arrives all the same.
    ToStoreUnheard,
    ToNode(Answer),
    Answered(Answer),
    Over,
}

#[derive(Debug)]
pub(super) enum Answer {
    Loaded { set: KeySet, revision: Revision, at: Moment },
    Replaced(Replace),
    Failed,
}

/// What a write has changed.
pub(super) struct Written {
    pub(super) before: KeySet,
    pub(super) by: Writer,
    pub(super) planned_at: Moment,
    /// Now.
    pub(super) revision: u64,
}

impl Wire {
    /// The operation takes place in the store.
    pub(super) fn arrive(&mut self, number: usize, now: Moment) -> Option<Written> {
        let operation = self.asked.get_mut(number)?;
        let unheard = match operation.place {
            Place::ToStore => false,
            Place::ToStoreUnheard => true,
            Place::ToNode(_) | Place::Answered(_) | Place::Over => return None,
        };
        let (answer, written) = match &operation.wanted {
            Wanted::Load => {
                let (set, revision) = (self.set.clone(), Revision::new(self.revision));
                (Answer::Loaded { set, revision, at: now }, None)
            }
            Wanted::Replace(expected, set) if *expected == Revision::new(self.revision) => {
                let before = std::mem::replace(&mut self.set, set.clone());
                self.revision += 1;
                let (by, planned_at) = (operation.writer.clone(), operation.at);
                (
                    Answer::Replaced(Replace::Won),
                    Some(Written { before, by, planned_at, revision: self.revision }),
                )
            }
            Wanted::Replace(..) => (Answer::Replaced(Replace::Lost), None),
        };
        operation.place = if unheard { Place::Over } else { Place::ToNode(answer) };
        written
    }

    /// The answer is there: the node can go on.
    pub(super) fn answer(&mut self, number: usize) -> bool {
        let Some(operation) = self.asked.get_mut(number) else { return false };
        if !matches!(operation.place, Place::ToNode(_)) {
            return false;
        }
        if let Place::ToNode(answer) = std::mem::replace(&mut operation.place, Place::Over) {
            operation.place = Place::Answered(answer);
        }
        true
    }

    /// The node hears of a failure. What it asked may take place all the same, later.
    pub(super) fn fail(&mut self, number: usize) -> bool {
        let Some(operation) = self.asked.get_mut(number) else { return false };
        match operation.place {
            Place::ToStore | Place::ToNode(_) => {}
            Place::ToStoreUnheard | Place::Answered(_) | Place::Over => return false,
        }
        let again = Operation {
            writer: operation.writer.clone(),
            at: operation.at,
            wanted: std::mem::replace(&mut operation.wanted, Wanted::Load),
            place: Place::ToStoreUnheard,
        };
        let arrives = matches!(operation.place, Place::ToStore);
        operation.place = Place::Answered(Answer::Failed);
        if arrives {
            self.asked.push(again);
        }
        true
    }

    /// The numbers of what waits for the store, or for its answer.
    pub(super) fn under_way(&self) -> Vec<usize> {
        let waits = |(_, operation): &(usize, &Operation)| {
            matches!(operation.place, Place::ToStore | Place::ToStoreUnheard | Place::ToNode(_))
        };
        self.asked.iter().enumerate().filter(waits).map(|(number, _)| number).collect()
    }
}

/// The wire as one node holds it.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) wire: Arc<Mutex<Wire>>,
    pub(super) writer: Arc<Mutex<Writer>>,
}

impl Handle {
    async fn ask(&self, wanted: Wanted) -> Answer {
        let number = {
            let mut wire = self.wire.lock().unwrap();
            let writer = self.writer.lock().unwrap().clone();
            let at = writer.time.now();
            wire.asked.push(Operation { writer, at, wanted, place: Place::ToStore });
            wire.asked.len() - 1
        };
        poll_fn(|_| {
            let mut wire = self.wire.lock().unwrap();
            let place = &mut wire.asked[number].place;
            if !matches!(place, Place::Answered(_)) {
                return Poll::Pending;
            }
            match std::mem::replace(place, Place::Over) {
                Place::Answered(answer) => Poll::Ready(answer),
                Place::ToStore | Place::ToStoreUnheard | Place::ToNode(_) | Place::Over => Poll::Pending,
            }
        })
        .await
    }
}

#[async_trait]
impl KeyStore for Handle {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        match self.ask(Wanted::Load).await {
            Answer::Loaded { set, revision, at } => {
                self.writer.lock().unwrap().read_at = Some(at);
                Ok((set, revision))
            }
            Answer::Replaced(_) | Answer::Failed => Err(StoreError::unavailable("the wire is cut")),
        }
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        match self.ask(Wanted::Replace(expected, keys.clone())).await {
            Answer::Replaced(outcome) => {
                if outcome == Replace::Won {
                    self.writer.lock().unwrap().wish = Wished::Due;
                }
                Ok(outcome)
            }
            Answer::Loaded { .. } | Answer::Failed => Err(StoreError::unavailable("the wire is cut")),
        }
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a node has been asked for, beside what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wished {
    Due,
    RotateNow,
    RotateLater,
    Retire,
}
