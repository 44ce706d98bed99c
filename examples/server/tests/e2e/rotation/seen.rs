//! What was seen of tokens and keys, and what must hold of all of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use grantor::{Clock, SystemClock};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use crate::storage::issuer::ISSUER;

/// A token that was issued.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) server: usize,
    pub(super) token: String,
    pub(super) kid: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

impl Seen {
    /// By the one clock of this machine, which the servers read too.
    pub(super) fn has_expired(&self) -> bool {
        SystemClock::new().now().as_unix() >= self.exp
    }
}

/// The kids of a published set, of which none stands in it twice.
pub(super) fn kids(keys: &str) -> Vec<String> {
    let keys: Value = serde_json::from_str(keys).expect("JSON");
    let kids = keys["keys"].as_array().expect("a list").iter().map(|key| key["kid"].as_str().expect("kid"));
    let kids: Vec<_> = kids.map(str::to_owned).collect();
    assert_eq!(kids.iter().collect::<HashSet<_>>().len(), kids.len(), "a kid twice: {keys}");
    kids
}

/// A token, verified by the keys that another server published right after it.
pub(super) fn checked(server: usize, token: String, keys: &str) -> Seen {
    let kid = decode_header(&token).expect("header").kid.expect("kid");
    assert!(kids(keys).contains(&kid), "{kid}, with which server {server} signs, is not in {keys}");
    let set: JwkSet = serde_json::from_str(keys).expect("a key set");
    let mut rules = Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.set_audience(&["https://api.example.com"]);
    rules.set_issuer(&[ISSUER]);
    let key = DecodingKey::from_jwk(set.find(&kid).expect("published")).expect("a key");
    let claims = decode::<Value>(&token, &key, &rules).expect("verifies").claims;
    let whole = |name: &str| claims[name].as_i64().expect("seconds");
    let (iat, exp) = (whole("iat"), whole("exp"));
    Seen { server, token, kid, iat, exp }
}

/// One key signs at a time, at all servers, and none that another has followed. How many there were.
pub(super) fn check(tokens: &[Seen]) -> usize {
    let mut seconds: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    let mut lives: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for seen in tokens {
        seconds.entry(seen.iat).or_default().insert(&seen.kid);
        let life = lives.entry(&seen.kid).or_insert((seen.iat, seen.iat));
        *life = (life.0.min(seen.iat), life.1.max(seen.iat));
    }
    for (second, kids) in &seconds {
        assert!(kids.len() <= 2, "more than a change in the second {second}: {kids:?}");
    }
    let mut lives: Vec<_> = lives.into_iter().collect();
    lives.sort_unstable_by_key(|(_, life)| *life);
    for pair in lives.windows(2) {
        let [(kid, (_, last)), (next, (first, _))] = pair else { panic!("two") };
        assert!(last <= first, "{kid} signs at {last}, and {next} since {first}");
    }
    assert!(tokens.iter().map(|seen| seen.server).collect::<HashSet<_>>().len() == 3, "each server issues");
    let lived = tokens.iter().map(|seen| Duration::from_secs(seen.exp.abs_diff(seen.iat)));
    assert_eq!(lived.min(), Some(Duration::from_secs(4)), "no token is cut short");
    lives.len()
}
