//! What the tokens of workload platforms say, by the documents of each platform, and the identity that fits.
//!
//! Issuer, audience and times are this test world's: [`ISSUER`] as audience, issued [`NOW`], as long-lived as the
//! platform makes them. Everything can be changed before it is signed.

use grantor::store::{IssuerKeys, WorkloadIdentity, WorkloadIdentityBuilder};
use grantor::{InvalidValue, IssuerName};
use serde_json::{Map, Value, json};

use super::{Assertion, ISSUER, NOW, Signing, fresh_jti};

pub const CLUSTER: &str = "https://cluster.example.com";
pub const GITLAB: &str = "https://gitlab.example.com";
pub const SPIFFE_ID: &str = "spiffe://example.org/ns/payments/sa/billing";
pub const GOOGLE_ID: &str = "112010400000000710080";
pub const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
pub const OBJECT_ID: &str = "11112222-bbbb-3333-cccc-4444dddd5555";
/// Of the application that is registered with Entra for this server.
pub const APPLICATION: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";

/// A profile, still to be built, and a token that it fits.
pub struct Workload {
    pub identity: WorkloadIdentityBuilder,
    pub token: Assertion,
}

/// One of each platform, by the name of its profile; Entra twice.
pub fn all() -> Vec<Workload> {
    let workloads = [kubernetes(), github(), gitlab(), spiffe(), google(), entra(), entra_v1()];
    workloads.into_iter().map(Result::unwrap).collect()
}

/// Kubernetes, "Managing Service Accounts", "Schema for service account private claims". The header has no `typ`;
/// `jti` and `node` are there from 1.30 on; `aud` is a list always.
pub fn kubernetes() -> Result<Workload, InvalidValue> {
    let claims = json!({
        "aud": [ISSUER], "exp": NOW + 3600, "iat": NOW, "iss": CLUSTER, "jti": fresh_jti(),
        "kubernetes.io": {
            "namespace": "payments",
            "node": { "name": "my-node", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1" },
            "pod": { "name": "my-pod", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3" },
            "serviceaccount": { "name": "billing", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
        },
        "nbf": NOW, "sub": "system:serviceaccount:payments:billing",
    });
    let identity = WorkloadIdentity::kubernetes(IssuerName::new(CLUSTER)?, "payments", "billing")?;
    Ok(Workload { identity, token: token(&json!({ "kid": "cluster" }), &claims) })
}

/// GitHub, "OpenID Connect", "Understanding the OIDC token". `sub` as repositories have it that are older than
/// July 2026; see [`immutable_sub`] for the others.
pub fn github() -> Result<Workload, InvalidValue> {
    let claims = json!({
        "jti": fresh_jti(), "sub": "repo:octo-org/octo-repo:environment:prod", "environment": "prod",
        "aud": ISSUER, "ref": "refs/heads/main", "sha": "example-sha", "repository": "octo-org/octo-repo",
        "repository_owner": "octo-org", "actor_id": "12", "repository_visibility": "private",
        "repository_id": "74", "repository_owner_id": "65", "run_id": "example-run-id", "run_number": "10",
        "run_attempt": "2", "runner_environment": "github-hosted", "actor": "octocat",
        "workflow": "example-workflow", "head_ref": "", "base_ref": "", "event_name": "workflow_dispatch",
        "ref_type": "branch",
        "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
        "iss": "https://token.actions.githubusercontent.com", "nbf": NOW - 600, "exp": NOW + 300, "iat": NOW,
    });
    let header = json!({ "typ": "JWT", "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "kid": "github" });
    let identity = WorkloadIdentity::github_actions("octo-org/octo-repo")?.environment("prod");
    Ok(Workload { identity, token: token(&header, &claims) })
}

/// GitHub, "OpenID Connect reference", "Immutable subject claims": with the ids of owner and repository.
pub fn immutable_sub(token: Assertion) -> Assertion {
    token.claim("sub", "repo:octo-org@65/octo-repo@74:environment:prod")
}

/// GitHub, "Events that trigger workflows": `GITHUB_REF` of `pull_request` is the merge branch; by the reference
/// above its `sub` ends with `pull_request`, and without an environment there is no such claim.
pub fn pull_request(token: Assertion) -> Assertion {
    token
        .without("environment")
        .claim("sub", "repo:octo-org/octo-repo:pull_request")
        .claim("ref", "refs/pull/7/merge")
        .claim("event_name", "pull_request")
        .claim("head_ref", "prod")
        .claim("base_ref", "main")
        .claim("job_workflow_ref", "octo-org/octo-repo/.github/workflows/oidc.yml@refs/pull/7/merge")
}

/// GitLab, "OpenID Connect (OIDC) Authentication Using ID Tokens", "Token payload": all but `runner_id` and
/// `user_identities` are texts. Lives as long as the job may.
pub fn gitlab() -> Result<Workload, InvalidValue> {
    let claims = json!({
        "namespace_id": "72", "namespace_path": "my-group", "project_id": "20",
        "project_path": "my-group/my-project", "user_id": "1", "user_login": "sample-user",
        "user_email": "sample-user@example.com",
        "user_identities": [{ "provider": "github", "extern_uid": "2435223452345" }],
        "pipeline_id": "574", "pipeline_source": "push", "job_id": "302", "ref": "main", "ref_type": "branch",
        "ref_path": "refs/heads/main", "ref_protected": "true", "environment": "prod",
        "environment_protected": "true", "deployment_tier": "production", "runner_id": 1,
        "runner_environment": "self-hosted", "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc",
        "jti": fresh_jti(), "iss": GITLAB, "iat": NOW, "nbf": NOW - 5, "exp": NOW + 3600,
        "sub": "project_path:my-group/my-project:ref_type:branch:ref:main", "aud": ISSUER,
    });
    let identity = WorkloadIdentity::gitlab_ci(IssuerName::new(GITLAB)?, "my-group/my-project")?
        .environment("prod")
        .git_ref("refs/heads/main");
    Ok(Workload { identity, token: token(&json!({ "typ": "JWT", "kid": "gitlab" }), &claims) })
}

/// JWT-SVID §3 demands `sub`, `aud` and `exp`; SPIRE writes `aud` as a list, and `iat`, for 5 minutes. No `iss`, no
/// `jti`.
pub fn spiffe() -> Result<Workload, InvalidValue> {
    let claims = json!({ "aud": [ISSUER], "exp": NOW + 300, "iat": NOW, "sub": SPIFFE_ID });
    let identity = WorkloadIdentity::spiffe(SPIFFE_ID, IssuerKeys::inline(&bundle(&[&Signing::es256()]))?)?;
    Ok(Workload { identity, token: token(&json!({ "typ": "JWT", "kid": "authority-0" }), &claims) })
}

/// SPIFFE Trust Domain and Bundle §4: a bundle in which these keys sign JWT-SVIDs, and another one certificates. Keys
/// of a bundle name no `alg`.
pub fn bundle(authorities: &[&Signing]) -> String {
    let key = |signing: &Signing, usage: &str, kid: Option<String>| {
        let mut jwk = signing.jwk.as_object().unwrap().clone();
        jwk.remove("alg");
        jwk.insert("use".to_owned(), usage.into());
        jwk.extend(kid.map(|kid| ("kid".to_owned(), kid.into())));
        Value::Object(jwk)
    };
    let jwt = authorities
        .iter()
        .enumerate()
        .map(|(at, signing)| key(signing, "jwt-svid", Some(format!("authority-{at}"))));
    let keys: Vec<_> = std::iter::once(key(&Signing::es256(), "x509-svid", None)).chain(jwt).collect();
    json!({ "keys": keys, "spiffe_sequence": 12, "spiffe_refresh_hint": 300 }).to_string()
}

/// Google, "Verify VM identity", "Token contents", in the full format. No `jti`.
pub fn google() -> Result<Workload, InvalidValue> {
    let claims = json!({
        "iss": "https://accounts.google.com", "iat": NOW, "exp": NOW + 3600, "aud": ISSUER, "sub": GOOGLE_ID,
        "azp": GOOGLE_ID, "email": "billing@example-project.iam.gserviceaccount.com", "email_verified": true,
        "google": { "compute_engine": {
            "project_id": "example-project", "project_number": 739_419_398_126_i64, "zone": "us-west1-a",
            "instance_id": "152986662232938449", "instance_name": "example",
            "instance_creation_timestamp": 1_504_230_000, "instance_confidentiality": 1,
        } },
    });
    let identity = WorkloadIdentity::google_service_account(GOOGLE_ID)?;
    Ok(Workload { identity, token: token(&json!({ "typ": "JWT", "kid": "google" }), &claims) })
}

/// Microsoft, "Access token claims reference", a version 2.0 token of a managed identity: no `jti` but `uti`, no
/// `typ` of access tokens, `aud` the application's id.
pub fn entra() -> Result<Workload, InvalidValue> {
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let claims = json!({
        "aud": APPLICATION, "iss": issuer, "iat": NOW, "nbf": NOW, "exp": NOW + 86_700,
        "aio": "E2RgYFg", "azp": "00001111-2222-3333-4444-555566667777", "azpacr": "2", "oid": OBJECT_ID,
        "rh": "0.AX0A", "sub": OBJECT_ID, "tid": TENANT, "uti": "bVkCIrxkuU2zR1", "ver": "2.0",
    });
    let identity = WorkloadIdentity::entra(TENANT, OBJECT_ID, APPLICATION)?;
    Ok(Workload { identity, token: token(&json!({ "typ": "JWT", "kid": "entra" }), &claims) })
}

/// The same, version 1.0: what an application gets that was not set to version 2. `aud` is the application ID URI.
pub fn entra_v1() -> Result<Workload, InvalidValue> {
    let audience = format!("api://{APPLICATION}");
    let issuer = format!("https://sts.windows.net/{TENANT}/");
    let claims = json!({
        "aud": audience, "iss": issuer, "iat": NOW, "nbf": NOW, "exp": NOW + 86_700, "aio": "E2RgYFg",
        "appid": "00001111-2222-3333-4444-555566667777", "appidacr": "2", "idp": issuer, "oid": OBJECT_ID,
        "rh": "0.AX0A", "sub": OBJECT_ID, "tid": TENANT, "uti": "bVkCIrxkuU2zR1", "ver": "1.0",
    });
    let identity = WorkloadIdentity::entra_v1(TENANT, OBJECT_ID, audience)?;
    let header = json!({ "typ": "JWT", "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "kid": "entra" });
    Ok(Workload { identity, token: token(&header, &claims) })
}

fn token(header: &Value, claims: &Value) -> Assertion {
    let members = |value: &Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    Assertion { header: members(header), claims: members(claims) }
}
