//! The token endpoint's answer (RFC 6749 §5.1).

use crate::token::Minted;
use crate::types::{Scope, Timestamp};

/// The body of the answer. `scope` is told whether or not it differs from what was asked (§3.3).
///
/// Put together without looking for what JSON escapes: a token is letters, digits, `-`, `_` and `.`, and a scope has neither quotes
/// nor backslashes.
pub(crate) fn token_response(minted: &Minted, scope: &Scope, now: Timestamp) -> Vec<u8> {
    let expires_in = (minted.expires_at.as_unix() - now.as_unix()).to_string();
    let (before, after) = if scope.is_empty() { ("", "") } else { (r#","scope":""#, r#"""#) };
    [
        r#"{"access_token":""#,
        &minted.token,
        r#"","token_type":"Bearer","expires_in":"#,
        &expires_in,
        before,
        scope.as_str(),
        after,
        "}",
    ]
    .concat()
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::types::Jti;

    fn answer(scope: &str) -> String {
        let now = Timestamp::from_unix(1_900_000_000).expect("in range");
        let minted = Minted {
            token: "eyJ0.eyJp-_.AbC9".to_owned(),
            jti: Jti::new("1").expect("jti"),
            expires_at: now.plus(Duration::from_secs(600)),
        };
        let scope = Scope::parse(scope).expect("scope");
        String::from_utf8(token_response(&minted, &scope, now)).expect("UTF-8")
    }

    #[test]
    fn rfc6749_s5_1_the_answer_to_the_letter() {
        let start = r#"{"access_token":"eyJ0.eyJp-_.AbC9","token_type":"Bearer","expires_in":600"#;
        assert_eq!(answer(""), format!("{start}}}"));
        assert_eq!(answer("read write"), format!(r#"{start},"scope":"read write"}}"#));
    }

    #[test]
    fn rfc6749_s3_3_every_character_of_a_scope_is_json_as_it_is() {
        let every: String = (0x21..=0x7e_u8).map(char::from).filter(|c| !matches!(c, '"' | '\\')).collect();
        let read: serde_json::Value = serde_json::from_str(&answer(&every)).expect("JSON");
        assert_eq!(read["scope"], every);
    }
}
