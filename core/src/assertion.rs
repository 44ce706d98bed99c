//! The rules for assertions (RFC 7523 §3, draft rfc7523bis §4): who says it, for whom, until when, and only once. The same
//! for those that authenticate a client and those that are a grant.

mod published;

pub(crate) use published::PublishedKeys;

use std::time::Duration;

use crate::claim::Proof;
use crate::error::{ErrorCode, Reason};
use crate::jose::{AssertionAlgorithm, ReceivedClaims, ReceivedJws};
use crate::types::{ClientId, Jti, ProofId, ProofNamespace, Timestamp, is_line};

/// `exp` of a client's own assertion may lie at most this far ahead, which bounds what has to be remembered (T11).
pub(crate) const MAX_AHEAD: Duration = Duration::from_secs(3600);
/// RFC 7519 §4.1.2 bounds no subject. Longer ones name nobody.
const SUBJECT_MAX_BYTES: usize = 1024;

/// What every assertion is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssertionRules<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) token_endpoint: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) skew: Duration,
}

/// An assertion in the right form. Its claims have not been judged, nor its signature looked at.
#[derive(Debug)]
pub(crate) struct ReceivedAssertion<'a> {
    pub(crate) claims: ReceivedClaims,
    pub(crate) algorithm: AssertionAlgorithm,
    pub(crate) jws: ReceivedJws<'a>,
}

/// How long an assertion lives, and what names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life<'a> {
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    /// There, where the assertion has to be spent.
    pub(crate) jti: Option<&'a Jti>,
}

/// How often an assertion is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Once, which its `jti` is needed for.
    Once,
    /// Until it expires.
    UntilExpiry,
}

impl<'a> ReceivedAssertion<'a> {
    /// Everything that has to be right before anybody can be said to have sent it. `is_type` judges its `typ`.
    pub(crate) fn parse(text: &'a str, is_type: fn(Option<&str>) -> bool) -> Result<Self, Reason> {
        let jws = ReceivedJws::parse(text)?;
        if !is_type(jws.header.typ.as_deref()) {
            return Err(Reason::JwtType);
        }
        let algorithm = jws.header.alg.ok_or(Reason::JwtAlgorithm)?;
        let claims = ReceivedClaims::parse(jws.payload())?;
        Ok(Self { claims, algorithm, jws })
    }

    /// How a client that made it is registered, by the method's name in RFC 7591 §2.
    pub(crate) const fn method(&self) -> &'static str {
        if self.algorithm.is_symmetric() { "client_secret_jwt" } else { "private_key_jwt" }
    }

    /// `sub`, as text that can stand in a token and a log (T96).
    pub(crate) fn subject(&self) -> Result<Option<&str>, Reason> {
        let subject = self.claims.sub.as_deref();
        let is_ok = |text: &str| !text.is_empty() && is_line(text, SUBJECT_MAX_BYTES);
        if subject.is_none_or(is_ok) { Ok(subject) } else { Err(Reason::JwtSubject) }
    }
}

impl AssertionRules<'_> {
    /// A client's own: `iss` = `sub`, one `aud`, `exp` present and near, `jti` present (RFC 7523 §3, OIDC Core §9).
    pub(crate) fn self_issued<'a>(&self, claims: &'a ReceivedClaims) -> Result<(Life<'a>, &'a str), Reason> {
        let subject = claims.sub.as_ref().ok_or(Reason::JwtSubject)?;
        if claims.iss.as_ref() != Some(subject) {
            return Err(Reason::JwtIssuer);
        }
        let audience = sole_audience(claims)?;
        Ok((self.life(claims, MAX_AHEAD, Use::Once)?, audience))
    }

    /// `exp` present and no further ahead than `longest`, `nbf` and `iat` not ahead, and a `jti` where there is but one use
    /// (RFC 7523 §3 (4) to (7)).
    pub(crate) fn life<'a>(
        &self,
        claims: &'a ReceivedClaims,
        longest: Duration,
        taken: Use,
    ) -> Result<Life<'a>, Reason> {
        let expires_at = claims.exp.ok_or(Reason::JwtExpiryMissing)?;
        if expires_at.plus(self.skew) <= self.now {
            return Err(Reason::JwtExpired);
        }
        if expires_at > self.now.plus(longest).plus(self.skew) {
            return Err(Reason::JwtExpiryTooFar);
        }
        let ahead = |moment| moment > self.now.plus(self.skew);
        if claims.nbf.into_iter().chain(claims.iat).any(ahead) {
            return Err(Reason::JwtNotYetValid);
        }
        let jti = claims.jti.as_ref();
        match (taken, jti) {
            (Use::Once, None) => Err(Reason::JwtJti),
            (Use::Once, Some(_)) | (Use::UntilExpiry, _) => {
                Ok(Life { issued_at: claims.iat, expires_at, jti })
            }
        }
    }

    /// The audience of a trusted issuer's grant, as the sole value: `agreed`, or issuer or token endpoint (RFC 7523 §3 (3),
    /// rfc7523bis §4 (a)).
    pub(crate) fn check_grant_audience(
        &self,
        claims: &ReceivedClaims,
        agreed: Option<&str>,
    ) -> Result<(), Reason> {
        let audience = sole_audience(claims)?;
        let is_ours = || [self.issuer, self.token_endpoint].contains(&audience);
        if agreed.map_or_else(is_ours, |agreed| agreed == audience) {
            Ok(())
        } else {
            Err(Reason::JwtAudience)
        }
    }

    /// Until when an assertion is taken, and how long one that is spent has to be remembered: on any node, whichever way
    /// its clock is off.
    pub(crate) fn remembered_until(&self, expires_at: Timestamp) -> Timestamp {
        expires_at.plus(self.skew).plus(self.skew)
    }

    /// What has to be spent so that a client's own assertion is taken once, whatever it came as (RFC 7523 §3 (7)).
    pub(crate) fn clients_proof(&self, client: &ClientId, spent: (&Jti, Timestamp, ErrorCode)) -> Proof {
        self.proof(ProofNamespace::Client, client.as_str(), spent)
    }

    /// The same for an assertion of another issuer. It is known by its key and by the name that it gives itself: of two that share
    /// either, none burns a `jti` of the other, and one assertion is one proof whoever it is shown to (T10).
    pub(crate) fn issuers_proof(
        &self,
        iss: Option<&str>,
        key: &str,
        spent: (&Jti, Timestamp, ErrorCode),
    ) -> Proof {
        self.proof(ProofNamespace::Issuer, &format!("{key} {}", iss.unwrap_or_default()), spent)
    }

    fn proof(
        &self,
        namespace: ProofNamespace,
        owner: &str,
        (jti, expires_at, replayed): (&Jti, Timestamp, ErrorCode),
    ) -> Proof {
        let id = ProofId::new(namespace, owner, jti);
        Proof { id, until: self.remembered_until(expires_at), replayed, reusable: false }
    }
}

/// The one audience: a string or an array of one (T02).
pub(crate) fn sole_audience(claims: &ReceivedClaims) -> Result<&str, Reason> {
    match claims.aud.as_slice() {
        [only] => Ok(only),
        [] | [..] => Err(Reason::JwtAudience),
    }
}

/// Whether `typ` may be that of a client assertion: absent, `JWT` or `client-authentication+jwt`, in any case, with or
/// without `application/` (rfc7523bis §4; refusing untyped ones is NOT RECOMMENDED, other kinds are refused).
pub(crate) fn is_client_assertion_type(typ: Option<&str>) -> bool {
    is_one_of(typ, &["jwt", "client-authentication+jwt"])
}

/// Whether `typ` may be that of a grant: absent or `JWT`. What says that it is for client authentication is never one (T29).
pub(crate) fn is_grant_type(typ: Option<&str>) -> bool {
    is_one_of(typ, &["jwt"])
}

/// Whether `typ` may be that of a workload's token: absent, `JWT`, or `JOSE` as SPIFFE has it (JWT-SVID §2.3).
pub(crate) fn is_workload_type(typ: Option<&str>) -> bool {
    is_one_of(typ, &["jwt", "jose"])
}

fn is_one_of(typ: Option<&str>, names: &[&str]) -> bool {
    const TREE: &str = "application/";
    let Some(typ) = typ else { return true };
    let kind = match typ.split_at_checked(TREE.len()) {
        Some((tree, kind)) if tree.eq_ignore_ascii_case(TREE) => kind,
        Some(_) | None => typ,
    };
    names.iter().any(|name| name.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_900_000_000;

    fn check(claims: &str) -> Option<Reason> {
        let now = Timestamp::from_unix(NOW).expect("in range");
        let skew = Duration::from_secs(10);
        let rules = AssertionRules {
            issuer: "https://as.example",
            token_endpoint: "https://as.example/t",
            now,
            skew,
        };
        ReceivedClaims::parse(claims.as_bytes()).and_then(|claims| rules.self_issued(&claims).map(drop)).err()
    }

    fn claims(exp: i64, further: &str) -> String {
        format!(r#"{{"iss":"c","sub":"c","aud":"x","jti":"1","exp":{exp}{further}}}"#)
    }

    #[test]
    fn rfc7523_s3_4_exp_within_skew_and_one_hour() {
        assert_eq!(check(&claims(NOW - 9, "")), None, "10 s of skew");
        assert_eq!(check(&claims(NOW - 10, "")), Some(Reason::JwtExpired));
        assert_eq!(check(&claims(NOW + 3610, "")), None);
        assert_eq!(check(&claims(NOW + 3611, "")), Some(Reason::JwtExpiryTooFar));
        assert_eq!(check(r#"{"iss":"c","sub":"c","aud":"x","jti":"1"}"#), Some(Reason::JwtExpiryMissing));
    }

    #[test]
    fn rfc7523_s3_5_s3_6_nbf_and_iat_ahead() {
        for name in ["nbf", "iat"] {
            assert_eq!(
                check(&claims(NOW + 60, &format!(r#","{name}":{}"#, NOW + 10))),
                None,
                "FAPI 2.0: up to 10 s"
            );
            let ahead = format!(r#","{name}":{}"#, NOW + 11);
            assert_eq!(check(&claims(NOW + 60, &ahead)), Some(Reason::JwtNotYetValid));
            assert_eq!(check(&claims(NOW + 60, &format!(r#","{name}":0"#))), None);
        }
    }

    #[test]
    fn t03_typ() {
        for good in [
            None,
            Some("JWT"),
            Some("jwt"),
            Some("application/JWT"),
            Some("client-authentication+jwt"),
            Some("Application/Client-Authentication+JWT"),
        ] {
            assert!(is_client_assertion_type(good), "{good:?}");
        }
        for bad in [
            "at+jwt",
            "dpop+jwt",
            "token-introspection+jwt",
            "",
            "application/",
            "application/application/jwt",
            "JOSE",
            // A letter of two bytes where `application/` would end.
            "aaaaaaaaaaaéjwt",
        ] {
            assert!(!is_client_assertion_type(Some(bad)), "{bad}");
        }
    }

    #[test]
    fn t29_typ_of_a_grant_and_of_a_workload() {
        for good in [None, Some("JWT"), Some("application/jwt")] {
            assert!(is_grant_type(good) && is_workload_type(good), "{good:?}");
        }
        assert!(is_workload_type(Some("JOSE")) && !is_grant_type(Some("JOSE")));
        for bad in
            ["client-authentication+jwt", "application/Client-Authentication+JWT", "at+jwt", "dpop+jwt", ""]
        {
            assert!(!is_grant_type(Some(bad)) && !is_workload_type(Some(bad)), "{bad}");
        }
    }

    #[test]
    fn t02_the_sole_audience() {
        let aud = |aud: &str| {
            let json = format!(r#"{{"iss":"c","sub":"c","aud":{aud},"jti":"1","exp":{}}}"#, NOW + 60);
            check(&json)
        };
        assert_eq!((aud(r#""a""#), aud(r#"["a"]"#)), (None, None));
        for bad in [r#"["a","b"]"#, r#"["a","a"]"#, "[]"] {
            assert_eq!(aud(bad), Some(Reason::JwtAudience), "{bad}");
        }
    }
}
