//! Edges of RFC 7523 that two attackers looked for: where an assertion could be worth more than it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::event::Reason;
use grantor::policy::Terms;
use grantor::store::{
    AuthMethod, ClaimMatch, Client, Credential, IssuerKeys, TrustedIssuer, WorkloadIdentity,
    WorkloadIdentityBuilder,
};
use grantor::{CredentialId, Resource, TokenFormat};
use serde_json::json;
use support::workloads::{self, CLUSTER, SPIFFE_ID};
use support::*;

const OPEN: &str = "https://open.example.com";

fn stand_in(key: &Signing) -> grantor::store::TrustedIssuerBuilder {
    partner(key).without_client_authentication(client_id("partner"))
}

/// Where a resource has no scopes nothing would bound what an issuer can get there, so it has to be listed.
#[tokio::test]
async fn s4_1_a_resource_without_scopes_is_for_issuers_that_list_it() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let server = world.trusting(&trust).resource(Resource::new(OPEN)).build().await.unwrap();
    let ask = async || send(&server, bearer(&vouched().sign(&key), &[("resource", OPEN)])).await;
    for trusted in [stand_in(&key), stand_in(&key).scope(grantor::Scope::empty())] {
        trust.put(trusted.build().unwrap());
        refused(&ask().await, 400, "invalid_target");
        assert_eq!(world.events.reason(), Reason::ResourceNotAllowed);
    }
    trust.put(stand_in(&key).resources(vec![uri(OPEN)]).build().unwrap());
    assert_eq!(ask().await.status, 200);
    // No policy of the host can give it either.
    let generous =
        FixedPolicy(|_| Ok(Terms::new(uri(OPEN), grantor::Scope::empty(), Duration::from_secs(60))));
    trust.put(stand_in(&key).build().unwrap());
    let server = world.trusting(&trust).resource(Resource::new(OPEN)).policy(generous).build().await.unwrap();
    refused(&bring(&server, &vouched().sign(&key)).await, 500, "server_error");
}

/// What describes no workload in particular is refused when it is made.
#[test]
fn lesson13_a_rule_that_fits_everybody_is_none() {
    let name = || issuer_name(CLUSTER);
    let any = |claim: &str, says: &str| {
        WorkloadIdentity::builder(name(), ClaimMatch::Any)
            .claim(claim, ClaimMatch::from_pattern(says).unwrap())
    };
    let begins = |text: &str| WorkloadIdentity::builder(name(), ClaimMatch::from_pattern(text).unwrap());
    let spiffe = |sub: &str| {
        let keys = inline(&[&Signing::es256()]);
        WorkloadIdentity::spiffe(SPIFFE_ID, keys).unwrap().subject(ClaimMatch::from_pattern(sub).unwrap())
    };
    let everybody: [WorkloadIdentityBuilder; 13] = [
        begins("*"),
        begins("repo:*"),
        begins("repo:octo/*"),
        begins("system:serviceaccount:*"),
        begins("spiffe://example.org/*"),
        begins("/*"),
        spiffe("spiffe://example.org/*"),
        any("iss", CLUSTER),
        any("/iss", CLUSTER),
        any("aud", ISSUER),
        any("email_verified", "true"),
        any("tid", "t"),
        any("kubernetes.io", "*"),
    ];
    for identity in everybody {
        assert!(identity.clone().build().is_err(), "{identity:?}");
    }
    for some in [
        begins("system:serviceaccount:payments:*"),
        begins("repo:octo/cat:*"),
        spiffe("spiffe://example.org/ns/*"),
        any("/kubernetes.io/namespace", "payments"),
        any("oid", "1"),
    ] {
        some.build().unwrap();
    }
    // Nor does leaving the profile of github.com open it.
    let github = || issuer_name("https://token.actions.githubusercontent.com");
    let custom = |sub: &str| WorkloadIdentity::builder(github(), ClaimMatch::from_pattern(sub).unwrap());
    for open in ["repo:octo/cat:*", "repo:octo/cat:pull_request", "repo:octo/cat:Pull_Request"] {
        assert!(custom(open).build().is_err(), "{open}");
    }
    custom("repo:octo/cat:ref:refs/heads/main").build().unwrap();
    let workflow = |text: &str| {
        let profile = WorkloadIdentity::github_actions("octo/cat").unwrap();
        profile.claim("job_workflow_ref", ClaimMatch::Is(text.to_owned())).build()
    };
    for open in ["octo/w/.github/workflows/a.yml@refs/pull/7/merge", "octo/w/.github/workflows/a.yml"] {
        assert!(workflow(open).is_err(), "{open}");
    }
    workflow("octo/w/.github/workflows/a.yml@refs/heads/main").unwrap();
    // Case is that of ASCII, and a trust shows the subject as it came.
    assert!(!ClaimMatch::IsInAnyCase("k".to_owned()).fits("\u{212a}"), "the sign of Kelvin");
    let any_case = ClaimMatch::IsInAnyCase("x".to_owned());
    assert!(TrustedIssuer::builder(name(), IssuerKeys::Discovery, any_case).build().is_err());
}

/// Two clusters of one default issuer name have keys of their own, and so have their `jti`.
#[tokio::test]
async fn s3_7_t10_two_platforms_of_one_name_do_not_burn_each_others_jti() {
    let world = World::new();
    let server = world.server().await;
    for id in ["one", "other"] {
        let key = Signing::es256();
        let identity = workloads::kubernetes().unwrap().identity.reusable(false).keys(inline(&[&key]));
        let held = Credential::workload(CredentialId::new("w").unwrap(), identity.build().unwrap());
        let client =
            Client::builder(client_id(id), AuthMethod::WORKLOAD_JWT).credential(held).scope(scope("read"));
        world.insert(&client.build().unwrap()).await;
        let token = workloads::kubernetes().unwrap().token.claim("jti", "same").sign(&key);
        let request = || assert_with(&token, &[("client_id", id)]);
        assert_eq!(send(&server, request()).await.status, 200, "{id}");
        refused(&send(&server, request()).await, 401, "invalid_client");
    }
}

/// `sub_id` stands in opaque tokens too, and no policy writes it.
#[tokio::test]
async fn t70_whose_subject_it_is_cannot_be_left_out_or_made_up() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let opaque = Resource::new(OPEN).scopes(["read"]).format(TokenFormat::Opaque);
    let server = world.trusting(&trust).resource(opaque).build().await.unwrap();
    let answer = send(&server, bearer(&vouched().sign(&key), &[("resource", OPEN)])).await;
    let secret = world.client_with("reader", |client| client.introspector(true)).await;
    let said = active(&introspect(&server, "reader", &secret, &answer.access_token()).await, "opaque");
    assert_eq!(said["sub_id"], json!({"format": "iss_sub", "iss": PARTNER, "sub": SUBJECT}));
    let made_up = FixedPolicy(|_| {
        Ok(Terms::new(uri(API), scope("read"), Duration::from_secs(60))
            .claim("sub_id", json!({"format": "opaque"})))
    });
    let server = world.trusting(&trust).policy(made_up).build().await.unwrap();
    refused(&bring(&server, &vouched().sign(&key)).await, 500, "server_error");
}

/// The client's proof is spent before the grant's: a replayed client assertion costs no grant.
#[tokio::test]
async fn s3_7_the_client_assertion_is_spent_first() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let (client, grant) = (Assertion::of("demo").sign(&key), Assertion::of("demo").sign(&key));
    accepted(&server, &client, "spent").await;
    let both = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", client.as_str())];
    refused(&send(&server, bearer(&grant, &both)).await, 401, "invalid_client");
    granted(&server, &grant, "not spent").await;
}

/// The `scope` of an assertion says nothing where nobody heeds it, and bounds `.default` where somebody does.
#[tokio::test]
async fn s4_1_the_scope_claim_says_nothing_unless_it_is_heeded() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    world.service_account("robot", &key, |client| client).await;
    let server = world.trusting(&trust).resource_default_scope(true).build().await.unwrap();
    let own = Assertion::of("robot").claim("scope", "read").sign(&key);
    assert_eq!(granted(&server, &own, "its own").await.json()["scope"], "read write");
    trust.put(stand_in(&key).scope(scope("read write")).scope_claim(true).build().unwrap());
    let all = format!("{API}/.default");
    let assertion = vouched().claim("scope", "write").sign(&key);
    let answer = send(&server, bearer(&assertion, &[("scope", &all)])).await;
    assert_eq!(answer.json()["scope"], "write", "all that it is good for");
}

/// Who may bring an assertion: the listed ones, and the one that it is for.
#[tokio::test]
async fn s3_1_the_client_of_an_issuer_may_bring_what_is_for_it() {
    let world = World::new();
    let (key, own) = (Signing::es256(), Signing::es256());
    let (server, trust) = world.partnered(&key).await;
    world.change("partner", |client| client.credential(own.credential())).await;
    trust.put(stand_in(&key).clients(vec![client_id("demo")]).build().unwrap());
    let client = Assertion::of("partner").sign(&own);
    let both = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", client.as_str())];
    assert_eq!(send(&server, bearer(&vouched().sign(&key), &both)).await.status, 200);
    granted(&server, &vouched().sign(&key), "and without authentication").await;
}

/// One of several workloads that fit is enough, whichever comes first.
#[tokio::test]
async fn lesson13_of_several_workloads_that_fit_one_is_enough() {
    let world = World::new();
    let (key, other) = (Signing::es256(), Signing::es256());
    let server = world.server().await;
    let held = |name: &str, key: &Signing| {
        let identity = workloads::kubernetes().unwrap().identity.keys(inline(&[key])).build().unwrap();
        Credential::workload(CredentialId::new(name).unwrap(), identity)
    };
    let client = Client::builder(client_id("billing"), AuthMethod::WORKLOAD_JWT).scope(scope("read"));
    world.insert(&client.credentials([held("a", &other), held("b", &key)]).build().unwrap()).await;
    let token = workloads::kubernetes().unwrap().token.sign(&key);
    assert_eq!(send(&server, assert_with(&token, &[("client_id", "billing")])).await.status, 200);
    assert_eq!(world.events.credential(), "b");
}

/// T47: what says that the client made it is no workload's token, whatever its `sub`.
#[tokio::test]
async fn t47_a_clients_own_issuer_is_the_client() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo").claim("sub", "x").sign(&key);
    let request = assert_with(&assertion, &[("client_id", "demo")]);
    refused(&send(&server, request).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::ClientIdMismatch);
}

/// T95, T96: a secret in the place of a name is not named, and of a foreign claim no more than an operator reads.
#[tokio::test]
async fn t95_what_stands_in_the_place_of_a_name() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    let secret = world.client("secret").await;
    for (iss, sub) in [(secret.as_str(), secret.as_str()), (secret.as_str(), "x")] {
        let assertion = vouched().claim("iss", iss).claim("sub", sub).sign(&key);
        denied(&world, &server, &assertion).await;
    }
    clean(&log.text(), &secret, "the log");
    world.events.all().iter().for_each(|event| clean(&event.debug, &secret, "an event"));
    let identity = workloads::kubernetes().unwrap().identity.keys(inline(&[&key])).build().unwrap();
    let held = Credential::workload(CredentialId::new("w").unwrap(), identity);
    let client = Client::builder(client_id("billing"), AuthMethod::WORKLOAD_JWT).credential(held);
    world.insert(&client.build().unwrap()).await;
    let token = workloads::kubernetes().unwrap().token.claim("sub", "s".repeat(1000)).sign(&key);
    refused(&send(&server, assert_with(&token, &[("client_id", "billing")])).await, 401, "invalid_client");
    let said = world
        .events
        .all()
        .into_iter()
        .find_map(|seen| if let Kind::WorkloadMismatch(_, said) = seen.kind { said } else { None });
    assert_eq!(said.unwrap().len(), 256);
}

/// Keys that nobody here can have are our fault; and an outage is not what a token that fits nobody ends in.
#[tokio::test]
async fn t77_keys_that_cannot_be_had_and_tokens_that_fit_nobody() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let fake = FakeKeySets::of(&[]);
    fake.go_away();
    let limiter = Limiter::new(Verdict::Admit);
    let server = world.trusting(&trust).key_sets(fake).rate_limiter(limiter.clone()).build().await.unwrap();
    let mut document: serde_json::Value =
        serde_json::from_str(&stand_in(&key).build().unwrap().to_document().unwrap()).unwrap();
    document["keys"] = json!({"later": "x"});
    trust.put(TrustedIssuer::from_document(&document.to_string()).unwrap());
    refused(&bring(&server, &vouched().sign(&key)).await, 500, "server_error");
    let identity = workloads::kubernetes().unwrap().identity.build().unwrap();
    let held = Credential::workload(CredentialId::new("w").unwrap(), identity);
    let client = Client::builder(client_id("billing"), AuthMethod::WORKLOAD_JWT).credential(held);
    world.insert(&client.build().unwrap()).await;
    limiter.take();
    let send_token = async |sub: &str| {
        let token = workloads::kubernetes().unwrap().token.claim("sub", sub).sign(&key);
        send(&server, assert_with(&token, &[("client_id", "billing")])).await
    };
    refused(&send_token("system:serviceaccount:payments:billing").await, 503, "temporarily_unavailable");
    assert_eq!(limiter.take(), ["admit"], "an outage is nobody's failure");
    refused(&send_token("x").await, 401, "invalid_client");
    assert_eq!(limiter.take(), ["admit", "penalise"]);
    assert_eq!(world.events.reason(), Reason::WorkloadMismatch);
}
