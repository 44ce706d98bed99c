//! Software statements (RFC 7591 §2.3): what another vouches for of a client's software.

use super::SoftwareIssuer;
use crate::assertion::{AssertionRules, PublishedKeys, ReceivedAssertion, is_grant_type};
use crate::error::{ErrorCode, Reason, Rejection, Step};
use crate::jose::{Members, ReceivedClaims};

/// The payload of a statement that a trusted issuer made. Nothing in it but `iss` chose who that is, and nothing in its
/// header where its keys are (T83).
///
/// One that the client is registered with may have expired since: an update brings back all that it was told (RFC 7592 §2.2).
pub(crate) async fn verify_statement(
    (text, is_registered): (&str, bool),
    issuers: &[SoftwareIssuer],
    published: PublishedKeys<'_>,
    rules: &AssertionRules<'_>,
) -> Step<Vec<u8>> {
    let statement = ReceivedAssertion::parse(text, is_grant_type).map_err(invalid)?;
    if statement.algorithm.is_symmetric() {
        return Err(invalid(Reason::JwtAlgorithm).into());
    }
    let iss = statement.claims.iss.as_deref().ok_or(invalid(Reason::JwtIssuer))?;
    let trusted = issuers.iter().find(|trusted| trusted.issuer.as_str() == iss);
    let unknown = Rejection::new(ErrorCode::UnapprovedSoftwareStatement, Reason::SoftwareIssuerUnknown);
    let SoftwareIssuer { issuer, keys } = trusted.ok_or(unknown)?;
    let payload = Members::parse(statement.jws.payload()).ok_or(invalid(Reason::JwtMalformed))?;
    // An assertion or an ID Token of that issuer is no statement about software.
    if ["sub", "nonce"].into_iter().any(|name| payload.get(name).is_some()) {
        return Err(invalid(Reason::JwtType).into());
    }
    if !is_registered && statement.claims.exp.is_some_and(|end| end.plus(rules.skew) <= rules.now) {
        return Err(invalid(Reason::JwtExpired).into());
    }
    let names_us = || statement.claims.aud.iter().any(|aud| aud == rules.issuer);
    // Many have no end and name no audience; where one does, it holds (RFC 7519 §4.1).
    if payload.get("aud").is_some() && !names_us() {
        return Err(invalid(Reason::JwtAudience).into());
    }
    check_times(&statement.claims, rules).map_err(invalid)?;
    let _key = published.check_issuer((keys, Some(issuer)), None, &statement, invalid).await?;
    Ok(statement.jws.payload().to_vec())
}

/// Neither made nor valid only later than now.
fn check_times(claims: &ReceivedClaims, rules: &AssertionRules<'_>) -> Result<(), Reason> {
    let is_ahead = |moment| moment > rules.now.plus(rules.skew);
    if claims.nbf.into_iter().chain(claims.iat).any(is_ahead) { Err(Reason::JwtNotYetValid) } else { Ok(()) }
}

const fn invalid(reason: Reason) -> Rejection {
    Rejection::new(ErrorCode::InvalidSoftwareStatement, reason)
}
