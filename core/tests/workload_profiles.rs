//! The profiles of workload platforms: what the documented token of each platform fits, and what comes near and does
//! not. Named by lesson 13: federated workloads, and what users of other servers got burned by.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::store::{
    AuthMethod, ClaimMatch, Client, Credential, IssuerKeys, WorkloadIdentity, WorkloadIdentityBuilder,
};
use grantor::{CredentialId, InvalidValue, IssuerName, KeySetUrl, PublicKeySet};
use serde_json::Value;
use support::workloads::{
    self, APPLICATION, CLUSTER, GITLAB, GOOGLE_ID, OBJECT_ID, SPIFFE_ID, TENANT, Workload,
};
use support::{Assertion, NOW, Signing, client_id};

const UID: &str = "/kubernetes.io/serviceaccount/uid";

fn is(text: &str) -> ClaimMatch {
    ClaimMatch::Is(text.to_owned())
}

fn name(text: &str) -> IssuerName {
    IssuerName::new(text).unwrap()
}

/// The first claim that differs.
fn differs(identity: WorkloadIdentityBuilder, token: &Assertion) -> Option<String> {
    let identity = identity.build().unwrap();
    let claims = Value::Object(token.claims.clone());
    let said = |claim: &str| {
        let value = if claim.starts_with('/') { claims.pointer(claim) } else { claims.get(claim) };
        match value? {
            Value::String(text) => Some(text.clone()),
            plain @ (Value::Bool(_) | Value::Number(_)) => Some(plain.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    };
    let issuer = identity.issuer().map(|issuer| ("iss", is(issuer.as_str())));
    let further = identity.claims().map(|(claim, rule)| (claim, rule.clone()));
    let mut rules = issuer.into_iter().chain([("sub", identity.subject().clone())]).chain(further);
    rules
        .find(|(claim, rule)| !said(claim).is_some_and(|said| rule.fits(&said)))
        .map(|(claim, _)| claim.to_owned())
}

fn fits(identity: WorkloadIdentityBuilder, token: &Assertion) {
    assert_eq!(differs(identity, token), None, "{:?}", token.claims);
}

fn misses(identity: &WorkloadIdentityBuilder, token: &Assertion, claim: &str) {
    assert_eq!(differs(identity.clone(), token).as_deref(), Some(claim), "{:?}", token.claims);
}

/// The part of the error that says what to do.
fn refused(identity: Result<WorkloadIdentityBuilder, InvalidValue>, says: &str) {
    let error = identity.and_then(WorkloadIdentityBuilder::build).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn lesson13_each_platforms_own_token_fits_its_profile_and_no_others() {
    let (all, others) = (workloads::all(), workloads::all());
    for (at, Workload { identity, .. }) in all.iter().enumerate() {
        for (beside, Workload { token, .. }) in others.iter().enumerate() {
            assert_eq!(differs(identity.clone(), token).is_none(), at == beside, "{identity:?} {beside}");
        }
    }
}

#[test]
fn lesson13_the_policy_of_reuse_is_what_the_guide_says() {
    let policy: Vec<_> = workloads::all()
        .into_iter()
        .map(|workload| {
            let exp = workload.token.claims["exp"].as_i64().unwrap();
            let identity = workload.identity.build().unwrap();
            let life = identity.longest_life();
            let ahead = Duration::from_secs(u64::try_from(exp - NOW).unwrap());
            assert!(ahead <= life, "{}: what the platform documents is not too long", identity.profile());
            // Without a `jti` there is nothing to spend.
            assert!(identity.is_reusable() || workload.token.claims.contains_key("jti"));
            let own_audience = identity.audience().is_some();
            assert!(!identity.takes_several_audiences(), "T02");
            (identity.profile().to_owned(), identity.is_reusable(), life.as_secs() / 3600, own_audience)
        })
        .collect();
    let row = |profile: &str, reusable, hours, audience| (profile.to_owned(), reusable, hours, audience);
    assert_eq!(
        policy,
        [
            row("kubernetes", true, 24, false),
            row("github_actions", false, 1, false),
            row("gitlab_ci", true, 24, false),
            row("spiffe", true, 1, false),
            row("google_service_account", true, 1, false),
            row("entra", true, 25, true),
            row("entra", true, 25, true),
        ]
    );
}

#[test]
fn lesson13_kubernetes_near_misses() {
    let Workload { identity, token } = workloads::kubernetes().unwrap();
    let sub = |text: &str| token.clone().claim("sub", text);
    for other in [
        "system:serviceaccount:payments:billing2",
        "system:serviceaccount:payments2:billing",
        "system:serviceaccount:payments:Billing",
        "system:serviceaccount:payments",
        "system:serviceaccounts:payments:billing",
        "payments:billing",
    ] {
        misses(&identity, &sub(other), "sub");
    }
    misses(&identity, &token.clone().claim("iss", "https://cluster.example.com/"), "iss");
    misses(&identity, &token.clone().without("sub"), "sub");
    let whole_namespace =
        identity.clone().subject(ClaimMatch::from_pattern("system:serviceaccount:payments:*").unwrap());
    fits(whole_namespace.clone(), &sub("system:serviceaccount:payments:other"));
    misses(&whole_namespace, &sub("system:serviceaccount:payments2:billing"), "sub");

    let uid = identity.claim(UID, is("14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"));
    fits(uid.clone(), &token);
    let mut again = token.clone();
    again.claims["kubernetes.io"]["serviceaccount"]["uid"] = "00000000-a7e2-420f-9f9a-dbc4507c3798".into();
    misses(&uid, &again, UID);
    misses(&uid, &token.without("kubernetes.io"), UID);
}

#[test]
fn lesson13_kubernetes_keys_are_published_or_in_the_record() {
    let of = |issuer: &str| WorkloadIdentity::kubernetes(name(issuer), "payments", "billing");
    assert_eq!(*of(CLUSTER).unwrap().build().unwrap().keys(), IssuerKeys::Discovery);
    refused(of("kubernetes/serviceaccount"), "https URL");
    let jwks = format!(r#"{{"keys":[{}]}}"#, Signing::es256().jwk);
    let inline = of("kubernetes/serviceaccount").unwrap().keys(IssuerKeys::inline(&jwks).unwrap());
    assert!(matches!(inline.build().unwrap().keys(), IssuerKeys::Inline(_)));
}

#[test]
fn lesson13_kubernetes_names_are_checked() {
    let long = "a".repeat(64);
    for namespace in ["", "a:b", "a/b", "A", "-a", "a-", "a.b", "*", long.as_str()] {
        refused(WorkloadIdentity::kubernetes(name(CLUSTER), namespace, "billing"), "namespace");
    }
    for account in ["", "a:b", "a/b", "Billing", ".a", "a.", "a..b", "-a", "a.-b", "*"] {
        refused(WorkloadIdentity::kubernetes(name(CLUSTER), "payments", account), "service account");
    }
    for account in ["a", "0", "billing.v2", "a-b.c-d"] {
        WorkloadIdentity::kubernetes(name(CLUSTER), "payments", account).unwrap().build().unwrap();
    }
}

#[test]
fn lesson13_github_near_misses_and_case() {
    let Workload { identity, token } = workloads::github().unwrap();
    fits(identity.clone(), &workloads::immutable_sub(token.clone()));
    // Azure/login#515.
    fits(
        identity.clone(),
        &token.clone().claim("repository", "Octo-Org/octo-REPO").claim("environment", "Prod"),
    );
    for other in ["octo-org/octo-repo2", "octo-org-evil/octo-repo", "evil/octo-repo", "octo-org/octo", ""] {
        misses(&identity, &token.clone().claim("repository", other), "repository");
    }
    misses(&identity, &token.clone().claim("environment", "prod2"), "environment");
    misses(&identity, &workloads::pull_request(token.clone()), "environment");
    misses(&identity, &token.clone().claim("iss", "https://token.actions.githubusercontent.com/evil"), "iss");

    let main = WorkloadIdentity::github_actions("octo-org/octo-repo").unwrap().git_ref("refs/heads/main");
    fits(main.clone(), &token);
    for other in ["refs/heads/Main", "refs/heads/main2", "refs/tags/main", "refs/pull/7/merge", "main"] {
        misses(&main, &token.clone().claim("ref", other), "ref");
    }
    misses(&main, &workloads::pull_request(token.clone()), "ref");

    let ids = main.claim("repository_id", is("74")).claim("repository_owner_id", is("65"));
    fits(ids.clone(), &token);
    misses(&ids, &token.clone().claim("repository_id", "75"), "repository_id");
    misses(&ids, &token.claim("repository_owner_id", "66"), "repository_owner_id");
}

#[test]
fn lesson13_github_a_repository_alone_is_no_client() {
    let repository = || WorkloadIdentity::github_actions("octo-org/octo-repo").unwrap();
    let narrow = "any pull request";
    refused(Ok(repository()), narrow);
    refused(Ok(repository().claim("repository_id", is("74"))), narrow);
    refused(Ok(repository().claim("environment", ClaimMatch::Any)), narrow);
    refused(Ok(repository().claim("ref", ClaimMatch::Any)), narrow);
    refused(Ok(repository().claim("ref_type", is("branch"))), narrow);
    refused(Ok(repository().claim("event_name", is("push"))), narrow);
    refused(Ok(repository().subject(is("repo:octo-org/octo-repo:pull_request"))), narrow);
    let beginning = |text: &str| ClaimMatch::BeginsWith(text.to_owned());
    refused(Ok(repository().subject(beginning("repo:octo-org/octo-repo:"))), narrow);
    let workflow = "octo-org/octo-automation/.github/workflows/oidc.yml@refs/";
    refused(Ok(repository().claim("job_workflow_ref", beginning(workflow))), narrow);

    for narrowed in [
        repository().environment("prod"),
        repository().git_ref("refs/heads/main"),
        repository().claim("ref", beginning("refs/tags/")),
        repository().subject(is("repo:octo-org/octo-repo:ref:refs/heads/main")),
        repository().claim("job_workflow_ref", is(&format!("{workflow}heads/main"))),
    ] {
        narrowed.build().unwrap();
    }
}

#[test]
fn lesson13_github_serves_everybody_so_the_repository_stays() {
    let prod = WorkloadIdentity::github_actions("octo-org/octo-repo").unwrap().environment("prod");
    refused(Ok(prod.clone().claim("repository", ClaimMatch::Any)), "everybody");
    let by_id = prod.claim("repository", ClaimMatch::Any).claim("repository_id", is("74"));
    let Workload { token, .. } = workloads::github().unwrap();
    fits(by_id, &token.claim("repository", "octo-org/renamed"));
}

#[test]
fn lesson13_github_arguments_are_checked() {
    for bad in [
        "",
        "octo-org",
        "octo-org/",
        "/octo-repo",
        "a/b/c",
        "octo org/x",
        "octo-org/*",
        "*/*",
        "https://github.com/a/b",
    ] {
        refused(WorkloadIdentity::github_actions(bad), "OWNER/NAME");
    }
    for bad in ["main", "refs/*", "refs/pull/7/merge", "refs/heads", "heads/main"] {
        let job = || WorkloadIdentity::github_actions("a/b").map(|job| job.git_ref(bad));
        refused(job(), "refs/heads/");
        refused(job().map(|job| job.environment("prod")), "refs/heads/");
    }
}

#[test]
fn lesson13_gitlab_near_misses() {
    let Workload { identity, token } = workloads::gitlab().unwrap();
    for (claim, other) in [
        ("project_path", "my-group/my-project2"),
        ("project_path", "my-group/sub/my-project"),
        ("project_path", "My-group/my-project"),
        ("environment", "Prod"),
        ("environment", "prod2"),
        ("ref_path", "refs/tags/main"),
        ("ref_path", "refs/heads/main2"),
        ("ref_protected", "false"),
        ("iss", "gitlab.example.com"),
    ] {
        misses(&identity, &token.clone().claim(claim, other), claim);
    }
    misses(&identity, &token.clone().without("environment"), "environment");
    fits(identity.clone(), &token.clone().claim("ref_protected", true));
    // A project may choose what `sub` is made of.
    fits(identity.clone(), &token.clone().claim("sub", "project_path:my-group/my-project"));
    let id = identity.claim("project_id", is("20"));
    fits(id.clone(), &token);
    fits(id.clone(), &token.clone().claim("project_id", 20));
    misses(&id, &token.claim("project_id", "21"), "project_id");
}

#[test]
fn lesson13_gitlab_a_merge_request_is_no_client() {
    let project = || WorkloadIdentity::gitlab_ci(name(GITLAB), "my-group/my-project").unwrap();
    let Workload { token, .. } = workloads::gitlab().unwrap();
    // As for a merge request from a branch `main` of a fork.
    let merge_request = token.claim("pipeline_source", "merge_request_event").claim("ref_protected", "false");
    misses(&project(), &merge_request, "ref_protected");
    misses(&project().git_ref("refs/heads/main"), &merge_request, "ref_protected");

    let open = || project().claim("ref_protected", ClaimMatch::Any);
    refused(Ok(open()), "any pull request");
    refused(Ok(project().claim("ref_protected", is("false"))), "any pull request");
    refused(Ok(open().claim("ref", is("main"))), "ref_type");
    refused(Ok(project().claim("ref", is("main"))), "ref_type");
    refused(Ok(open().git_ref("main")), "refs/heads/");
    refused(Ok(project().claim("project_path", ClaimMatch::Any)), "any workload");
    for narrowed in [
        project(),
        open().environment("review"),
        open().git_ref("refs/heads/main"),
        open().claim("ref", is("main")).claim("ref_type", is("branch")),
        open().subject(is("project_path:my-group/my-project:ref_type:branch:ref:main")),
    ] {
        narrowed.build().unwrap();
    }
}

#[test]
fn lesson13_gitlab_arguments_are_checked() {
    for bad in
        ["", "project", "group/", "/project", "group//project", "group/pro ject", "group/*", "group:x/y"]
    {
        refused(WorkloadIdentity::gitlab_ci(name(GITLAB), bad), "GROUP/PROJECT");
    }
    WorkloadIdentity::gitlab_ci(name(GITLAB), "a/b/c/d").unwrap().build().unwrap();
    // Releases before 16 name their host.
    refused(WorkloadIdentity::gitlab_ci(name("gitlab.example.com"), "a/b"), "https URL");
}

#[test]
fn lesson13_spiffe_near_misses() {
    let Workload { identity, token } = workloads::spiffe().unwrap();
    for other in [
        "spiffe://example.org/ns/payments/sa/billing2",
        "spiffe://example.org/ns/payments/sa/Billing",
        "spiffe://example.org.evil/ns/payments/sa/billing",
        "spiffe://evil/example.org/ns/payments/sa/billing",
        "SPIFFE://example.org/ns/payments/sa/billing",
        "spiffe://example.org/ns/payments/sa/billing/",
    ] {
        misses(&identity, &token.clone().claim("sub", other), "sub");
    }
    let keys = identity.clone().build().unwrap().keys().clone();
    let all = WorkloadIdentity::spiffe("spiffe://example.org/ns/payments/*", keys).unwrap();
    fits(all.clone(), &token);
    misses(&all, &token.clone().claim("sub", "spiffe://example.org/ns/payments2/sa/billing"), "sub");
    misses(&all, &token.clone().claim("sub", "spiffe://example.org/ns/payments/"), "sub");
    // keycloak#43394: one with an `iss` is as good.
    fits(identity.clone(), &token.clone().claim("iss", "https://spire.example.org"));
    let named = identity.issuer(name("https://spire.example.org"));
    fits(named.clone(), &token.clone().claim("iss", "https://spire.example.org"));
    misses(&named, &token, "iss");
}

#[test]
fn lesson13_spiffe_ids_and_keys_are_checked() {
    let keys = || IssuerKeys::Url(KeySetUrl::new("https://spire.example.org/bundle").unwrap());
    for bad in [
        "",
        "example.org/a",
        "https://example.org/a",
        "SPIFFE://example.org/a",
        "spiffe:///a",
        "spiffe://example.org",
        "spiffe://example.org/",
        "spiffe://example.org/*",
        "spiffe://example.org/a*",
        "spiffe://example.org/*/a",
        "spiffe://Example.org/a",
        "spiffe://user@example.org/a",
        "spiffe://example.org:8443/a",
        "spiffe://example.org/a/",
        "spiffe://example.org/a//b",
        "spiffe://example.org/a/../b",
        "spiffe://example.org/./a",
        "spiffe://example.org/a%2fb",
        "spiffe://example.org/a?b",
        "spiffe://example.org/a#b",
        "spiffe://example.org/é",
        "*",
    ] {
        refused(WorkloadIdentity::spiffe(bad, keys()), "SPIFFE ID");
    }
    for good in [SPIFFE_ID, "spiffe://td_1/a", "spiffe://example.org/A.b-c_d/...", "spiffe://example.org/a/*"]
    {
        WorkloadIdentity::spiffe(good, keys()).unwrap().build().unwrap();
    }
    refused(WorkloadIdentity::spiffe(SPIFFE_ID, IssuerKeys::Discovery), "keys");
    let provider = WorkloadIdentity::spiffe(SPIFFE_ID, IssuerKeys::Discovery).unwrap();
    provider.issuer(name("https://spire.example.org")).build().unwrap();
}

#[test]
fn lesson13_t35_of_a_spiffe_bundle_the_keys_for_jwt_svids_are_taken() {
    let (one, two) = (Signing::es256(), Signing::es256());
    let bundle = workloads::bundle(&[&one, &two]);
    assert_eq!(PublicKeySet::from_published(bundle.as_bytes()).unwrap().len(), 2, "and none of x509-svid");
    assert!(IssuerKeys::inline(&workloads::bundle(&[])).is_err(), "nothing signs JWT-SVIDs");
    let other = bundle.replace("jwt-svid", "JWT-SVID");
    assert!(PublicKeySet::from_published(other.as_bytes()).unwrap().is_empty(), "uses are case-sensitive");
}

#[test]
fn lesson13_google_near_misses() {
    let Workload { identity, token } = workloads::google().unwrap();
    misses(&identity, &token.clone().claim("sub", "112010400000000710081"), "sub");
    misses(&identity, &token.clone().claim("sub", "0112010400000000710080"), "sub");
    misses(&identity, &token.clone().claim("iss", "accounts.google.com"), "iss");
    let email = |text: &str| identity.clone().claim("email", is(text)).claim("email_verified", is("true"));
    let own = email("billing@example-project.iam.gserviceaccount.com");
    fits(own.clone(), &token);
    misses(&own, &token.clone().claim("email_verified", false), "email_verified");
    misses(&own, &token.clone().without("email_verified"), "email_verified");
    misses(&email("billing@evil-project.iam.gserviceaccount.com"), &token, "email");
    for bad in ["", "billing@example-project.iam.gserviceaccount.com", "12 3", "*", "1".repeat(33).as_str()] {
        refused(WorkloadIdentity::google_service_account(bad), "unique id");
    }
    WorkloadIdentity::google_service_account(GOOGLE_ID).unwrap().build().unwrap();
}

#[test]
fn lesson13_entra_near_misses() {
    let other = "22223333-cccc-4444-dddd-5555eeee6666";
    for Workload { identity, token } in [workloads::entra().unwrap(), workloads::entra_v1().unwrap()] {
        misses(&identity, &token.clone().claim("oid", other), "oid");
        misses(&identity, &token.clone().claim("tid", other), "tid");
        misses(&identity, &token.clone().without("oid").claim("sub", OBJECT_ID), "oid");
        let issuer = token.claims["iss"].as_str().unwrap().replace(TENANT, other);
        misses(&identity, &token.claim("iss", issuer), "iss");
    }
    let upper = WorkloadIdentity::entra(&TENANT.to_uppercase(), &OBJECT_ID.to_uppercase(), APPLICATION);
    fits(upper.unwrap(), &workloads::entra().unwrap().token);
}

#[test]
fn lesson13_entra_arguments_are_checked() {
    for bad in
        ["", "common", "organizations", "contoso.onmicrosoft.com", "11112222bbbb3333cccc4444dddd5555", "*"]
    {
        refused(WorkloadIdentity::entra(bad, OBJECT_ID, APPLICATION), "GUID");
        refused(WorkloadIdentity::entra(TENANT, bad, APPLICATION), "GUID");
        refused(WorkloadIdentity::entra_v1(bad, OBJECT_ID, APPLICATION), "GUID");
    }
    refused(WorkloadIdentity::entra(TENANT, OBJECT_ID, ""), "aud");
    let audience = WorkloadIdentity::entra(TENANT, OBJECT_ID, APPLICATION).unwrap().build().unwrap();
    assert_eq!(audience.audience(), Some(APPLICATION));
}

#[test]
fn lesson13_a_profile_comes_back_from_its_document_and_not_wider_than_it_was() {
    let credential = |(at, workload): (usize, Workload)| {
        Credential::workload(CredentialId::new(format!("w{at}")).unwrap(), workload.identity.build().unwrap())
    };
    let credentials = workloads::all().into_iter().enumerate().map(credential);
    let client = Client::builder(client_id("demo"), AuthMethod::WORKLOAD_JWT).credentials(credentials);
    let client = client.build().unwrap();
    let document = client.to_document().unwrap();
    assert_eq!(Client::from_document(&document).unwrap(), client);

    let wider = document.replace(r#""environment":{"is_in_any_case":"prod"},"#, "");
    assert_ne!(wider, document);
    assert!(Client::from_document(&wider).is_err(), "a repository alone");
}
