//! Workloads by their SPIFFE ID.

use super::{WorkloadIdentity, WorkloadIdentityBuilder};
use crate::store::{ClaimMatch, IssuerKeys};
use crate::types::InvalidValue;

impl WorkloadIdentity {
    /// A workload by a JWT-SVID whose `sub` is this SPIFFE ID, or with a `/*` at its end all IDs under it, but never
    /// all of a trust domain. Compared byte for byte.
    ///
    /// `keys` are those of the ID's trust domain and of no other: its bundle endpoint, a bundle in the record, or
    /// with an [issuer](WorkloadIdentityBuilder::issuer) the discovery provider of SPIRE. Of a bundle the keys of
    /// `use` `jwt-svid` are taken. A JWT-SVID needs no `iss`, so it is not looked at unless an issuer is named.
    ///
    /// **Taken again, for an hour at most**: a `jti` is optional, and the agents hand out the same SVID from their
    /// cache until half of its life is over. SPIRE makes them for 5 minutes unless told otherwise.
    ///
    /// An ID is what registration entries say: whoever may write those names the workload.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for what is no SPIFFE ID (SPIFFE-ID §2) of a workload: `spiffe://`, a trust domain in lower
    /// case and a path without empty parts, dot segments and percent-encoding, at most 1024 bytes in all.
    pub fn spiffe(id: &str, keys: IssuerKeys) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        let invalid = InvalidValue::new(
            "a SPIFFE ID",
            "spiffe://, a trust domain of a-z 0-9 . - _ and parts of a path of a-z A-Z 0-9 . - _; at its end /* is taken",
        );
        let whole = id.strip_suffix("/*").unwrap_or(id);
        if !is_workload(whole) {
            return Err(invalid);
        }
        let subject = ClaimMatch::from_pattern(id)?;
        Ok(WorkloadIdentityBuilder::of("spiffe", None, subject).keys(keys).reusable(true))
    }
}

/// SPIFFE-ID §2.1 to §2.3, with a path: without one it is the trust domain itself.
fn is_workload(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    let domain = |text: &str| {
        (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || plain(byte))
    };
    let part = |text: &str| {
        !matches!(text, "" | "." | "..") && text.bytes().all(|byte| byte.is_ascii_alphabetic() || plain(byte))
    };
    id.len() <= 1024
        && id
            .strip_prefix("spiffe://")
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(trust_domain, path)| domain(trust_domain) && path.split('/').all(part))
}
