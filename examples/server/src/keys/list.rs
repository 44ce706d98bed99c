//! `keys list`: every signing key, what it is for and since when.

use grantor::{SigningKeyHolder, SigningKeyInfo, SigningKeyState, Timestamp};
use serde_json::{Value, json};

use super::{Desk, now};
use crate::failure::Failure;
use crate::paste::{pretty, say, table};
use crate::when::{ago, at};

impl Desk {
    pub(super) async fn list(&self, as_json: bool) -> Result<(), Failure> {
        let stored = self.stored().await?;
        if as_json {
            return say(&pretty(&Value::Array(stored.iter().map(|key| self.document(key)).collect())));
        }
        if stored.is_empty() {
            return say("No signing keys yet: the first server that starts makes them.\n");
        }
        let now = now();
        let row = |key: &SigningKeyInfo| {
            vec![
                key.kid().as_str().to_owned(),
                key.record().alg().to_owned(),
                key.state().to_string(),
                times(key, now),
                self.private_half(key),
            ]
        };
        let head = ["KID", "ALG", "STATE", "WHEN", "PRIVATE HALF"].map(str::to_owned).to_vec();
        say(&table(&std::iter::once(head).chain(stored.iter().map(row)).collect::<Vec<_>>()))
    }

    fn private_half(&self, key: &SigningKeyInfo) -> String {
        match key.holder() {
            SigningKeyHolder::Sealed(host_key) if self.is_missing(key) => {
                format!("host key {host_key}, which is not in the file")
            }
            SigningKeyHolder::Sealed(host_key) => format!("host key {host_key}"),
            SigningKeyHolder::Signer(name) => format!("signer {name}"),
            SigningKeyHolder::Unknown | _ => "unknown to this release".to_owned(),
        }
    }

    /// Whether a server would not start with this file. Of a retired key nobody needs the private half any more.
    fn is_missing(&self, key: &SigningKeyInfo) -> bool {
        let SigningKeyHolder::Sealed(host_key) = key.holder() else { return false };
        key.record().retired().is_none() && self.host_keys.ids().all(|own| *own != host_key)
    }

    fn document(&self, key: &SigningKeyInfo) -> Value {
        let record = key.record();
        let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let private = match key.holder() {
            SigningKeyHolder::Sealed(host_key) => {
                json!({ "host_key": host_key.as_str(), "host_key_is_missing": self.is_missing(key) })
            }
            SigningKeyHolder::Signer(name) => json!({ "signer": name }),
            SigningKeyHolder::Unknown | _ => Value::Null,
        };
        json!({
            "kid": key.kid().as_str(),
            "alg": record.alg(),
            "state": key.state().to_string(),
            "published_at": record.published_at().to_string(),
            "signs_from": moment(record.signs_from()),
            "hands_over_at": moment(key.hands_over_at()),
            "signs_until": moment(record.signs_until()),
            "published_until": moment(record.published_until()),
            "retired_at": moment(record.retired().map(|retirement| retirement.at)),
            "because": record.retired().map(|retirement| retirement.because.as_str()),
            "private": private,
        })
    }
}

/// Where it is in its life, in the reader's words.
pub(super) fn times(key: &SigningKeyInfo, now: Timestamp) -> String {
    let record = key.record();
    let point = |moment: Option<Timestamp>| moment.map_or_else(|| "-".to_owned(), |moment| at(moment, now));
    match key.state() {
        SigningKeyState::Announced => {
            "published; the next server that sees it writes when it signs".to_owned()
        }
        SigningKeyState::Scheduled => format!("signs {}", point(record.signs_from())),
        SigningKeyState::Signing => {
            let since = record.signs_from().map_or_else(|| "-".to_owned(), |moment| ago(moment, now));
            let until = match key.hands_over_at() {
                Some(due) if due <= now => format!("its successor is late: it was due {}", at(due, now)),
                Some(due) => format!("until {}", at(due, now)),
                None => format!("until {} at the latest", point(record.signs_until())),
            };
            format!("signs since {since}, {until}")
        }
        SigningKeyState::Published => format!("for its tokens until {}", point(record.published_until())),
        SigningKeyState::Retired => {
            let retired = record.retired();
            let because = retired.map(|retired| in_one_line(&retired.because)).unwrap_or_default();
            format!("retired {}: {because}", point(retired.map(|retired| retired.at)))
        }
        SigningKeyState::Ended => {
            format!("ended {}, and is forgotten soon", point(record.published_until()))
        }
        _ => "in a state that this release does not know".to_owned(),
    }
}

fn in_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
