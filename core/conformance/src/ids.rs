//! Ids and times to store things under.

use std::time::Duration;

use grantor::{ClientId, ProofId, Timestamp, TokenId};

use crate::broken::{Checked, Promise};

/// In the year 2100: so far ahead that no store forgets by its own clock what the kit wants kept, and past 2038,
/// where times of 32 bits end.
const BASE: Duration = Duration::from_secs(4_102_444_800);

/// So many seconds after the moment that the kit takes for the present.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH.plus(BASE).plus(Duration::from_secs(seconds))
}

/// 32 bytes that begin alike, as a hostile caller would choose them.
fn bytes(number: usize) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (_, end) = bytes.split_at_mut(24);
    end.copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}

pub(crate) fn proof(number: usize) -> ProofId {
    ProofId::from_bytes(bytes(number))
}

pub(crate) fn token(number: usize) -> TokenId {
    TokenId::from_bytes(bytes(number))
}

pub(crate) fn client_id(promise: Promise, text: &str) -> Checked<ClientId> {
    promise.made(ClientId::new(text))
}
