//! The names of the keys.

use data_encoding::BASE64URL_NOPAD;
use grantor::{ClientId, ProofId, TokenId};
use ring::digest::{SHA256, digest};

use crate::ConfigError;

/// How keys and values look. Another one would be another number in the keys, so that both can live side by side
/// while nodes are replaced.
const LAYOUT: &str = "1";

const SLOTS: u16 = 16384;

/// A key and the Cluster slot that it falls into.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) slot: u16,
}

/// Records of one kind, in one slot, so that one script writes both keys.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The records, by id.
    pub(crate) records: Key,
    /// Their ids in byte order.
    pub(crate) ids: Key,
}

impl Table {
    fn new(tag: &str) -> Self {
        Self { records: tagged("", tag, ":records"), ids: tagged("", tag, ":ids") }
    }

    pub(crate) const fn keys(&self) -> [&Key; 2] {
        [&self.records, &self.ids]
    }
}

/// All keys of one issuer. Of a fixed length for a prefix, and nothing that a caller chose is in them: digests are
/// encoded, and ids of clients, names of issuers and the like are members of collections, not parts of a key.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    prefix: String,
    pub(crate) clients: Table,
    /// The trusted issuers.
    pub(crate) issuers: Table,
    pub(crate) initial_access: Table,
    /// The one key set.
    pub(crate) key_set: Key,
}

impl Layout {
    /// `prefix`: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`.
    pub(crate) fn new(prefix: String) -> Result<Self, ConfigError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(plain) {
            return Err(ConfigError::Prefix);
        }
        let key_set = format!("{prefix}:{LAYOUT}:keys");
        Ok(Self {
            clients: Table::new(&format!("{prefix}:{LAYOUT}:clients")),
            issuers: Table::new(&format!("{prefix}:{LAYOUT}:issuers")),
            initial_access: Table::new(&format!("{prefix}:{LAYOUT}:initial_access")),
            key_set: tagged("", &key_set, ""),
            prefix,
        })
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn proof(&self, id: &ProofId) -> Key {
        self.digest("proof", id.as_bytes())
    }

    pub(crate) fn token(&self, id: &TokenId) -> Key {
        self.digest("token", id.as_bytes())
    }

    /// The last uses of a client's credentials. Ids are chosen by callers, so it is a digest that stands here.
    pub(crate) fn uses(&self, client: &ClientId) -> Key {
        self.digest("uses", digest(&SHA256, client.as_str().as_bytes()).as_ref())
    }

    /// The bucket of a source's failures.
    pub(crate) fn failures(&self, source: &[u8; 32]) -> Key {
        self.digest("failures", source)
    }

    /// The bucket of all its attempts, in the slot of that of its failures.
    pub(crate) fn attempts(&self, source: &[u8; 32]) -> Key {
        self.digest("attempts", source)
    }

    fn digest(&self, kind: &str, digest: &[u8]) -> Key {
        let Self { prefix, .. } = self;
        tagged(&format!("{prefix}:{LAYOUT}:{kind}:"), &BASE64URL_NOPAD.encode(digest), "")
    }
}

/// Only what is between the braces chooses the slot.
fn tagged(before: &str, tag: &str, after: &str) -> Key {
    Key { name: format!("{before}{{{tag}}}{after}"), slot: crc16(tag.as_bytes()) % SLOTS }
}

/// CRC-16/XMODEM, as the Cluster specification has it.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let step = |crc: u16, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        (0..8).fold(crc ^ (u16::from(*byte) << 8), step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the Cluster specification.
    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b"") % SLOTS, 0);
        assert_eq!(crc16(b"foo") % SLOTS, 12182);
        assert_eq!(crc16(b"bar") % SLOTS, 5061);
    }

    #[test]
    fn keys_have_a_fixed_length_and_those_of_one_kind_of_record_share_a_slot() {
        let layout = Layout::new("issuer-a".to_owned()).unwrap();
        let lengths: Vec<_> = [[0; 32], [255; 32], [b'{'; 32]]
            .map(|id| layout.proof(&ProofId::from_bytes(id)).name.len())
            .into();
        assert_eq!(lengths, [lengths[0]; 3]);
        for (table, name) in [
            (&layout.clients, "clients"),
            (&layout.issuers, "issuers"),
            (&layout.initial_access, "initial_access"),
        ] {
            let [records, ids] = table.keys();
            assert_eq!(records.slot, ids.slot);
            assert_eq!(records.name, format!("{{issuer-a:1:{name}}}:records"));
            assert_eq!(ids.name, format!("{{issuer-a:1:{name}}}:ids"));
        }
        assert_eq!(layout.key_set.name, "{issuer-a:1:keys}");
        let token = layout.token(&TokenId::from_bytes([0; 32])).name;
        assert_eq!(token, format!("issuer-a:1:token:{{{}}}", "A".repeat(43)));
        assert_ne!(token, layout.proof(&ProofId::from_bytes([0; 32])).name);
    }

    #[test]
    fn the_uses_of_a_client_are_under_a_digest_of_its_id_and_nothing_of_it_shows() {
        let layout = Layout::new("issuer-a".to_owned()).unwrap();
        let key = |id: &str| layout.uses(&ClientId::new(id).unwrap());
        // SHA-256 of `abc` (FIPS 180-4).
        assert_eq!(key("abc").name, "issuer-a:1:uses:{ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0}");
        let ids = ["a", "}:ids{", "{a}", " ", "a\"'", &"x".repeat(255)];
        let keys: Vec<Key> = ids.into_iter().map(key).collect();
        assert!(keys.iter().all(|key| key.name.len() == key.name.find('{').unwrap() + 45), "{keys:?}");
        assert!(keys.iter().any(|key| key.slot != keys[0].slot), "spread over a Cluster: {keys:?}");
    }

    #[test]
    fn the_buckets_of_a_source_are_two_keys_of_one_slot() {
        let layout = Layout::new("issuer-a".to_owned()).unwrap();
        let (failures, attempts) = (layout.failures(&[0; 32]), layout.attempts(&[0; 32]));
        assert_eq!(failures.name, format!("issuer-a:1:failures:{{{}}}", "A".repeat(43)));
        assert_eq!(attempts.name, format!("issuer-a:1:attempts:{{{}}}", "A".repeat(43)));
        assert_eq!(failures.slot, attempts.slot);
        assert_ne!(failures.slot, layout.failures(&[1; 32]).slot, "spread over a Cluster");
    }

    #[test]
    fn a_prefix_that_could_move_a_key_to_another_slot_or_issuer_is_refused() {
        for hostile in ["", "a{b", "a}b", "a b", "a\r\nb", "a*", "ä", &"a".repeat(65)] {
            assert!(Layout::new(hostile.to_owned()).is_err(), "{hostile:?}");
        }
    }
}
