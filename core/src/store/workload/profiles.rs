//! Workloads of the platforms that many have: who issues their tokens, what names the workload, what may be taken
//! again.
//!
//! By the documents of each platform, as the fixtures in `tests/support/workloads.rs` cite them. CI jobs and SPIFFE
//! have their own files.

use std::time::Duration;

use super::{WorkloadIdentity, WorkloadIdentityBuilder};
use crate::store::ClaimMatch;
use crate::types::{InvalidValue, IssuerName};

const DAY: Duration = Duration::from_secs(24 * 3600);

impl WorkloadIdentity {
    /// The pods of a Kubernetes service account, by a token that names this server as its audience: a projected
    /// volume, or the `TokenRequest` API. `sub` is `system:serviceaccount:NAMESPACE:NAME`.
    ///
    /// **Taken again, for 24 hours at most**: all that a pod has is a file, which the kubelet replaces when 80 % of
    /// its life or 24 hours are over, and older clusters write no `jti`. Whoever reads the file can use it until
    /// then, so give the volume a short `expirationSeconds` (600 at least).
    ///
    /// Whoever may delete and create service accounts in the namespace can take the name over. Pin its UID against
    /// that: `.claim("/kubernetes.io/serviceaccount/uid", ClaimMatch::Is(uid))`.
    ///
    /// Clusters without an issuer of their own share the name `https://kubernetes.default.svc.cluster.local`; what
    /// tells them apart is their keys. Where those are not published, take what `kubectl get --raw /openid/v1/jwks`
    /// says into [`IssuerKeys::inline`](crate::store::IssuerKeys::inline).
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless the namespace is a DNS label and the name a DNS subdomain (RFC 1123).
    pub fn kubernetes(
        issuer: IssuerName,
        namespace: &str,
        service_account: &str,
    ) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        if !is_dns_label(namespace) {
            return Err(InvalidValue::new("a namespace", "1 to 63 of a-z 0-9 -, at the ends no -"));
        }
        if service_account.len() > 253 || !service_account.split('.').all(is_dns_label) {
            let rule = "1 to 253 of a-z 0-9 - and dots between labels, at their ends no -";
            return Err(InvalidValue::new("a service account", rule));
        }
        let subject = ClaimMatch::Is(format!("system:serviceaccount:{namespace}:{service_account}"));
        Ok(WorkloadIdentityBuilder::of("kubernetes", Some(issuer), subject).reusable(true).longest_life(DAY))
    }

    /// A Google service account, by an identity token of the metadata server or of `generateIdToken`, asked for with
    /// this server as its audience. `unique_id` is the account's number, in its details and in `sub`.
    ///
    /// **Taken again, for an hour at most**, which is how long they live: they have no `jti`, and the metadata
    /// servers of some products hand out the same one for a while.
    ///
    /// The number is never given twice. An `email` can be, to an account that is made after the first one is gone; so
    /// it may be demanded beside the number (`.claim("email", …)` with
    /// `.claim("email_verified", ClaimMatch::Is("true".into()))`), never in its place.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless it is a number of at most 32 digits: an e-mail address is none.
    pub fn google_service_account(unique_id: &str) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        if !is_number(unique_id) {
            return Err(InvalidValue::new(
                "a unique id of a service account",
                "1 to 32 digits, no e-mail address",
            ));
        }
        let issuer = IssuerName::new("https://accounts.google.com")?;
        let subject = ClaimMatch::Is(unique_id.to_owned());
        Ok(WorkloadIdentityBuilder::of("google_service_account", Some(issuer), subject).reusable(true))
    }

    /// A service principal or managed identity of Microsoft Entra ID, by an access token of version 2.0: `oid` is
    /// `object_id`, the principal's object id and not the application's.
    ///
    /// Entra issues tokens for applications that are registered with it: register one for this server alone, with
    /// `requestedAccessTokenVersion` 2. `audience` is its application (client) id; an id that others take too would
    /// let them use here what they were sent (T02). For applications that are left at version 1, as they are by
    /// default, see [`WorkloadIdentity::entra_v1`].
    ///
    /// **Taken again, for 25 hours at most**: they have no `jti`, and those of managed identities live for 24 hours
    /// and come out of a cache that nobody can empty. An identity that is taken away in Entra is known here until
    /// then, so disable the client too.
    ///
    /// An object id is never given twice. `idtyp` and `xms_mirid` are not in every token, so they are not demanded.
    /// In a national cloud name its [issuer](WorkloadIdentityBuilder::issuer).
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless tenant and object id are GUIDs; `common` and domain names are none.
    pub fn entra(
        tenant: &str,
        object_id: &str,
        audience: impl Into<String>,
    ) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        let tenant = guid(tenant)?;
        of_entra(format!("https://login.microsoftonline.com/{tenant}/v2.0"), tenant, object_id, audience)
    }

    /// As [`WorkloadIdentity::entra`], by an access token of version 1.0: its issuer is
    /// `https://sts.windows.net/TENANT/`, and `audience` the application ID URI that was asked for, or the client id.
    ///
    /// # Errors
    ///
    /// As [`WorkloadIdentity::entra`].
    pub fn entra_v1(
        tenant: &str,
        object_id: &str,
        audience: impl Into<String>,
    ) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        let tenant = guid(tenant)?;
        of_entra(format!("https://sts.windows.net/{tenant}/"), tenant, object_id, audience)
    }
}

fn of_entra(
    issuer: String,
    tenant: String,
    object_id: &str,
    audience: impl Into<String>,
) -> Result<WorkloadIdentityBuilder, InvalidValue> {
    let object_id = ClaimMatch::Is(guid(object_id)?);
    let identity = WorkloadIdentityBuilder::of("entra", Some(IssuerName::new(issuer)?), ClaimMatch::Any);
    Ok(identity
        .claim("tid", ClaimMatch::Is(tenant))
        .claim("oid", object_id)
        .audience(audience)
        .reusable(true)
        .longest_life(DAY + Duration::from_secs(3600)))
}

/// A label of RFC 1123 as Kubernetes takes it.
fn is_dns_label(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(letters)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_number(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// In lower case, as Entra writes it: portals and scripts show it in either.
fn guid(text: &str) -> Result<String, InvalidValue> {
    let parts = text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    if parts && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(InvalidValue::new(
            "a tenant or object id",
            "a GUID, such as 00000000-0000-0000-0000-000000000000",
        ))
    }
}
