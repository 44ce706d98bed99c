//! Ids and times to store things under.

use std::collections::BTreeSet;
use std::time::Duration;

use grantor::{ClientId, ProofId, Timestamp, TokenId};

use crate::broken::{Checked, Promise};
use crate::registry::Record;

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

/// Every character that an id may have, alone and at either end, and what collations, patterns, scripts, key builders and
/// columns that are too short take for something else. Sorted nowhere, and no two alike.
pub(crate) fn hostile_ids<R: Record>() -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for character in (0x20..=0x7e_u8).map(char::from) {
        let ends = [format!("id{character}"), format!("{character}id"), format!("ID{character}")];
        ids.push(character.to_string());
        ids.extend(ends);
    }
    let more = [
        "aa",
        "aaa",
        "AA",
        "aA",
        "a ",
        "a  ",
        " a",
        " a ",
        "a  b",
        "a b",
        "  ",
        "a%",
        "a_",
        "a*",
        "a?",
        "[a]",
        "[^a]",
        "%%",
        "a%%",
        "{a}",
        "{a}b",
        "{b}a",
        "a}",
        "{}",
        "{",
        "a:b",
        "a/b",
        "a/../b",
        "../a",
        "a\\",
        "\\a",
        "\\\\",
        "\\0",
        "\\x00",
        "it's",
        "''",
        "\"\"",
        "$1",
        "?1",
        ":a",
        "@a",
        "1",
        "01",
        "1.0",
        "1e0",
        "+1",
        "-1",
        "0x1",
        "null",
        "NULL",
        "true",
        "--",
        "/*",
        "a;b",
        "a\";--",
        "a' OR '1'='1",
        "%00",
        "&amp;",
        "<a>",
        "ss",
        "SS",
        "I",
        "i",
        "co-op",
        "coop",
        "client:a",
        "client",
        "clients",
        "grantor:client:a",
        "https://a.example",
        "https://a.example/",
        "https://A.example",
        "https://a.example:443",
        "HTTPS://a.example",
        "https://a.example/%41",
        "https://a.example/A",
    ];
    ids.extend(more.map(str::to_owned));
    let long = "x".repeat(R::LONGEST - 1);
    ids.extend([format!("{long}x"), format!("{long}y"), format!("{long}X"), format!("{long} "), long]);
    ids.extend([" ", "%", "'", "\\"].map(|character| character.repeat(R::LONGEST)));
    ids.push(" ".repeat(R::LONGEST - 1));
    let mut seen = BTreeSet::new();
    ids.retain(|id| R::is_id(id) && seen.insert(id.clone()));
    ids
}

/// What a collation, a pattern, a trimmed or a short column takes for `id`, where that is an id at all.
pub(crate) fn mistaken_for<R: Record>(id: &str) -> Vec<String> {
    let mut like: Vec<String> = vec![
        id.to_uppercase(),
        id.to_lowercase(),
        format!("{id} "),
        format!(" {id}"),
        format!("{id}%"),
        format!("{id}_"),
        format!("{id}/"),
        id.trim_end_matches('/').to_owned(),
        format!("{id}x"),
        id.replace('-', ""),
        id.trim().to_owned(),
    ];
    for at in [0, id.len() / 2, id.len().saturating_sub(1)] {
        let (start, rest) = id.split_at(at.min(id.len()));
        let end = rest.get(1..).unwrap_or_default();
        like.extend([format!("{start}_{end}"), format!("{start}%"), format!("{start}*"), start.to_owned()]);
    }
    like.retain(|like| R::is_id(like));
    like
}
