//! Software statements (RFC 7591 §2.3): what another vouches for of a client's software.

use super::SoftwareIssuer;
use crate::assertion::{AssertionRules, PublishedKeys, ReceivedAssertion, is_grant_type};
use crate::error::{ErrorCode, Reason, Rejection, Step};
use crate::jose::ReceivedClaims;

/// The payload of a statement that a trusted issuer made. Nothing in it but `iss` chose who that is, and nothing in its
/// header where its keys are (T83).
pub(crate) async fn verify_statement(
    text: &str,
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
    check_claims(&statement.claims, rules).map_err(invalid)?;
    let _key = published.check_issuer((keys, Some(issuer)), None, &statement, invalid).await?;
    Ok(statement.jws.payload)
}

/// Many statements have no end and name no audience; where one does, it holds (RFC 7519 §4.1).
fn check_claims(claims: &ReceivedClaims, rules: &AssertionRules<'_>) -> Result<(), Reason> {
    if claims.exp.is_some_and(|end| end.plus(rules.skew) <= rules.now) {
        return Err(Reason::JwtExpired);
    }
    if claims.nbf.into_iter().chain(claims.iat).any(|moment| moment > rules.now.plus(rules.skew)) {
        return Err(Reason::JwtNotYetValid);
    }
    if !claims.aud.is_empty() && !claims.aud.iter().any(|aud| aud == rules.issuer) {
        return Err(Reason::JwtAudience);
    }
    Ok(())
}

const fn invalid(reason: Reason) -> Rejection {
    Rejection::new(ErrorCode::InvalidSoftwareStatement, reason)
}
