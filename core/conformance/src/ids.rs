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

/// Ids of which any two differ, most of them by one or two bits, and none is easy text.
pub(crate) fn bytes_that_differ_by_a_bit() -> Vec<[u8; 32]> {
    let mut ids = vec![[0; 32], [0xff; 32], [b'a'; 32], [b'A'; 32], [b'%'; 32], [b'_'; 32], [b'\\'; 32]];
    ids.extend([
        *b"';--\"\r\n\t {tag}$1 %s {} ?1 :a '\\x",
        [b' '; 32],
        [0x80; 32],
        *b"*\r\n$3\r\nDEL\r\n$1\r\na\r\n             ",
    ]);
    for byte in 0..32 {
        for bit in 0..8 {
            let mut id = [0; 32];
            if let Some(byte) = id.get_mut(byte) {
                *byte = 1 << bit;
            }
            ids.push(id);
        }
    }
    ids
}

pub(crate) fn client_id(promise: Promise, text: &str) -> Checked<ClientId> {
    promise.made(ClientId::new(text))
}
