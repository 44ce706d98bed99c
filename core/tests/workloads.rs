//! Workloads that their platform vouches for, as clients (RFC 7521 §4.2; lesson 13): what each platform's token opens, and
//! what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::http::RequestBuilder;
use grantor::store::{
    AuthMethod, ClaimMatch, Client, Credential, CredentialKind, GrantType, IssuerKeys, WorkloadIdentity,
    WorkloadIdentityBuilder,
};
use grantor::{AuthorizationServer, CredentialId, KeySource, Stores};
use serde_json::json;
use support::workloads::{self, CLUSTER, SPIFFE_ID, Workload, bundle};
use support::*;

/// A client credentials request of `client` with its workload's token.
fn with_token(client: &str, token: &str) -> RequestBuilder {
    assert_with(token, &[("client_id", client)])
}

async fn opens(
    server: &AuthorizationServer,
    client: &str,
    token: &str,
    name: impl std::fmt::Display,
) -> Answer {
    let answer = send(server, with_token(client, token)).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    answer
}

/// Gives the private reason; the client learns what everybody does who fails to authenticate.
async fn opens_nothing(world: &World, server: &AuthorizationServer, client: &str, token: &str) -> Reason {
    let answer = send(server, with_token(client, token)).await;
    let reason = world.events.reason();
    let nobody = send(server, post(&[("grant_type", "client_credentials")])).await;
    refused(&answer, 401, "invalid_client");
    assert_eq!(answer, nobody, "byte for byte");
    reason
}

fn credential(id: &str, identity: WorkloadIdentity) -> Credential {
    Credential::workload(CredentialId::new(id).unwrap(), identity)
}

/// With this key for the issuer's.
fn signed_by(identity: WorkloadIdentityBuilder, key: &Signing) -> WorkloadIdentity {
    let keys = json!({ "keys": [published(key, "k")] }).to_string();
    identity.keys(IssuerKeys::inline(&keys).unwrap()).build().unwrap()
}

/// A token of the workload by that key, as one of its platform is.
fn token_of(workload: &Assertion, key: &Signing) -> String {
    workload.clone().header("kid", "k").sign(key)
}

impl World {
    /// Registers a client that is these workloads, each under its name.
    async fn workload_client(&self, id: &str, workloads: Vec<(&str, WorkloadIdentity)>) {
        let held = workloads.into_iter().map(|(name, identity)| credential(name, identity));
        let client = Client::builder(client_id(id), AuthMethod::WORKLOAD_JWT).scope(scope("read write"));
        self.insert(&client.credentials(held).build().unwrap()).await;
    }

    /// A server, the Kubernetes workload of the client `billing`, and its cluster's key.
    async fn cluster(&self) -> (AuthorizationServer, Assertion, Signing) {
        let key = Signing::es256();
        let Workload { identity, token } = workloads::kubernetes().unwrap();
        self.workload_client("billing", vec![("cluster", signed_by(identity, &key))]).await;
        (self.server().await, token, key)
    }

    /// What the operator was told of the last token that did not fit: client, credential, claim and what that said.
    fn mismatch(&self) -> (String, String, String, Option<String>) {
        let seen =
            self.events.all().into_iter().rev().find(|seen| matches!(seen.kind, Kind::WorkloadMismatch(..)));
        let seen = seen.expect("a mismatch");
        let Kind::WorkloadMismatch(claim, said) = seen.kind else { panic!("{:?}", seen.kind) };
        (seen.client_id.unwrap(), seen.credential.unwrap(), claim, said)
    }
}

/// Each platform's own token opens its client, as often as its profile says, and none of the others.
#[tokio::test]
async fn lesson13_each_platforms_token_opens_its_own_client() {
    let world = World::new();
    let (key, server) = (Signing::es256(), world.server().await);
    let all = workloads::all();
    for (at, workload) in all.iter().enumerate() {
        world
            .workload_client(&format!("c{at}"), vec![("w", signed_by(workload.identity.clone(), &key))])
            .await;
    }
    for (at, workload) in all.iter().enumerate() {
        let identity = signed_by(workload.identity.clone(), &key);
        let name = format!("{} {at}", identity.profile());
        for other in (0..all.len()).filter(|other| *other != at) {
            let token = token_of(&workload.token, &key);
            opens_nothing(&world, &server, &format!("c{other}"), &token).await;
        }
        let (client, token) = (format!("c{at}"), token_of(&workload.token, &key));
        let answer = opens(&server, &client, &token, &name).await;
        assert_eq!(decode(&answer.access_token()).text("sub"), client, "the client, not the workload");
        assert_eq!(world.events.credential(), "w");
        let claimed = world.store.usage();
        match identity.is_reusable() {
            true => drop(opens(&server, &client, &token, &name).await),
            false => assert_eq!(
                opens_nothing(&world, &server, &client, &token).await,
                Reason::ProofReplayed,
                "{name}"
            ),
        }
        assert_eq!(world.store.usage(), claimed, "{name}: nothing more is kept");
    }
}

/// The stated deviation from RFC 7523 §3: `client_id` says which client it is, and has to be there.
#[tokio::test]
async fn s4_2_the_client_id_is_needed_beside_a_workloads_token() {
    let world = World::new();
    let (server, workload, key) = world.cluster().await;
    let token = token_of(&workload, &key);
    refused(&present(&server, &token).await, 401, "invalid_client");
    for other in ["Billing", "nobody", "system:serviceaccount:payments:billing", "", "a\u{7f}"] {
        refused(&send(&server, with_token(other, &token)).await, 401, "invalid_client");
    }
    opens(&server, "billing", &token, "billing").await;
    let twice = assert_with(&token, &[("client_id", "billing"), ("client_id", "billing")]);
    refused(&send(&server, twice).await, 400, "invalid_request");
}

/// T49: a workload's token is no key of a client, and a client's key none of a workload.
#[tokio::test]
async fn t49_the_registered_method_and_no_other() {
    let world = World::new();
    let (server, workload, key) = world.cluster().await;
    world.key_client("keyed", &[&key]).await;
    let secret = world.client("secret").await;
    let token = token_of(&workload, &key);
    for client in ["keyed", "secret"] {
        assert_eq!(opens_nothing(&world, &server, client, &token).await, Reason::MethodNotRegistered);
    }
    let own = Assertion::of("billing").sign(&key);
    assert_eq!(unauthenticated(&world, &server, &own).await, Reason::MethodNotRegistered);
    assert_eq!(opens_nothing(&world, &server, "billing", &own).await, Reason::MethodNotRegistered);
    refused(&send(&server, grant("billing", &secret, &[])).await, 401, "invalid_client");
    // A client of another method with such a credential is no workload either.
    let identity = signed_by(workloads::kubernetes().unwrap().identity, &key);
    world.jwt_client("mixed", |client| client.credential(credential("w", identity))).await;
    assert_eq!(opens_nothing(&world, &server, "mixed", &token).await, Reason::MethodNotRegistered);
    world.change("billing", |client| client.enabled(false)).await;
    assert_eq!(opens_nothing(&world, &server, "billing", &token).await, Reason::ClientDisabled);
}

/// The nearest candidate, and the first claim that differs, with what the issuer signed there.
#[tokio::test]
async fn lesson13_a_mismatch_names_the_nearest_candidate_and_the_claim() {
    let world = World::new();
    let (key, server) = (Signing::es256(), world.server().await);
    let name = || issuer_name(CLUSTER);
    let account =
        |namespace, name| WorkloadIdentity::kubernetes(issuer_name(CLUSTER), namespace, name).unwrap();
    let uid = account("payments", "billing")
        .claim("/kubernetes.io/serviceaccount/uid", ClaimMatch::Is("other".to_owned()));
    let workloads = vec![
        ("far", signed_by(WorkloadIdentity::kubernetes(name(), "default", "x").unwrap().audience("y"), &key)),
        ("near", signed_by(uid, &key)),
        ("github", signed_by(WorkloadIdentity::github_actions("o/r").unwrap().environment("prod"), &key)),
    ];
    world.workload_client("billing", workloads).await;
    let workload = workloads::kubernetes().unwrap().token;
    let token = token_of(&workload, &key);
    assert_eq!(opens_nothing(&world, &server, "billing", &token).await, Reason::WorkloadMismatch);
    let said = Some("14ee3fa4-a7e2-420f-9f9a-dbc4507c3798".to_owned());
    let told = |credential: &str, claim: &str, said| {
        ("billing".to_owned(), credential.to_owned(), claim.to_owned(), said)
    };
    assert_eq!(world.mismatch(), told("near", "/kubernetes.io/serviceaccount/uid", said));
    // Another issuer: nothing that the token says is worth telling.
    let foreign = token_of(&workload.clone().claim("iss", "https://elsewhere.example"), &key);
    assert_eq!(opens_nothing(&world, &server, "billing", &foreign).await, Reason::WorkloadMismatch);
    assert_eq!(
        world.mismatch(),
        told("github", "iss", None),
        "of equally far ones the first, those for one use before others"
    );
    let uid = account("payments", "billing");
    world.change("billing", |client| client.credentials([credential("only", signed_by(uid, &key))])).await;
    for (claim, value, said) in [
        ("sub", json!("system:serviceaccount:other:billing"), "system:serviceaccount:other:billing"),
        ("sub", json!("system:serviceaccount:payments:Billing"), "system:serviceaccount:payments:Billing"),
        ("aud", json!(["https://kubernetes.default.svc"]), "https://kubernetes.default.svc"),
    ] {
        let token = token_of(&workload.clone().claim(claim, value), &key);
        assert_eq!(opens_nothing(&world, &server, "billing", &token).await, Reason::WorkloadMismatch);
        assert_eq!(world.mismatch(), told("only", claim, Some(said.to_owned())));
    }
    // What is not signed by the issuer names nothing, however near it comes.
    world.events.clear();
    let forged = token_of(&workload.clone().claim("sub", "x"), &Signing::es256());
    assert_eq!(opens_nothing(&world, &server, "billing", &forged).await, Reason::JwtSignature);
    assert!(!world.events.all().iter().any(|seen| matches!(seen.kind, Kind::WorkloadMismatch(..))));
    // And what fits but has ended is no mismatch.
    let ended = token_of(&workload.claim("exp", NOW - 60), &key);
    assert_eq!(opens_nothing(&world, &server, "billing", &ended).await, Reason::JwtExpired);
    assert!(!world.events.all().iter().any(|seen| matches!(seen.kind, Kind::WorkloadMismatch(..))));
}

/// T02, row 55: this server as the only audience, or the one that is registered; more only where that was said.
#[tokio::test]
async fn t02_the_audience_of_a_workloads_token() {
    let world = World::new();
    let (server, workload, key) = world.cluster().await;
    let say = |aud: serde_json::Value| token_of(&workload.clone().claim("aud", aud), &key);
    for good in [json!(ISSUER), json!([ISSUER])] {
        opens(&server, "billing", &say(good), "alone").await;
    }
    let two = json!([ISSUER, "https://other.example"]);
    for bad in [two.clone(), json!(TOKEN_ENDPOINT), json!([]), json!(API), json!("https://auth.example.com/")]
    {
        assert_eq!(opens_nothing(&world, &server, "billing", &say(bad)).await, Reason::WorkloadMismatch);
        assert_eq!(world.mismatch().2, "aud");
    }
    let without = token_of(&workload.clone().without("aud"), &key);
    opens_nothing(&world, &server, "billing", &without).await;
    let identity = || workloads::kubernetes().unwrap().identity;
    let several = signed_by(identity().several_audiences(true), &key);
    world.change("billing", |client| client.credentials([credential("several", several)])).await;
    opens(&server, "billing", &say(two), "among others").await;
    opens_nothing(&world, &server, "billing", &say(json!(["https://other.example"]))).await;
    let own = signed_by(identity().audience("api://grantor"), &key);
    world.change("billing", |client| client.credentials([credential("own", own)])).await;
    opens(&server, "billing", &say(json!("api://grantor")), "the registered one").await;
    opens_nothing(&world, &server, "billing", &say(json!(ISSUER))).await;
}

/// Rows 53 to 65 for workloads: times, algorithms, types and form as for a client's own assertion.
#[tokio::test]
async fn s3_form_times_and_algorithms_are_judged_as_for_a_clients_own() {
    let world = World::new();
    let (server, workload, key) = world.cluster().await;
    let identity = workloads::kubernetes().unwrap().identity.reusable(false);
    let longest = 24 * 3600 + 10;
    for (change, reason) in [
        (workload.clone().without("exp"), Reason::JwtExpiryMissing),
        (workload.clone().claim("exp", NOW - 10), Reason::JwtExpired),
        (workload.clone().claim("exp", NOW + longest + 1), Reason::JwtExpiryTooFar),
        (workload.clone().claim("exp", 1e308), Reason::JwtClaimType),
        (workload.clone().claim("exp", "soon"), Reason::JwtClaimType),
        (workload.clone().claim("nbf", NOW + 11), Reason::JwtNotYetValid),
        (workload.clone().claim("iat", NOW + 11), Reason::JwtNotYetValid),
        (workload.clone().header("typ", "at+jwt"), Reason::JwtType),
        (workload.clone().header("typ", "client-authentication+jwt"), Reason::JwtType),
        (workload.clone().header("crit", json!(["exp"])), Reason::JwtCritical),
        (workload.clone().header("alg", "none"), Reason::JwtAlgorithm),
        (workload.clone().header("alg", "HS256"), Reason::JwtAlgorithm),
        (workload.clone().header("alg", "RS256"), Reason::JwtKeyUnknown),
    ] {
        assert_eq!(
            opens_nothing(&world, &server, "billing", &token_of(&change, &key)).await,
            reason,
            "{change:?}"
        );
    }
    opens(&server, "billing", &token_of(&workload.clone().claim("exp", NOW + longest), &key), "a day").await;
    let subjectless = token_of(&workload.clone().without("sub"), &key);
    assert_eq!(opens_nothing(&world, &server, "billing", &subjectless).await, Reason::WorkloadMismatch);
    let public = serde_json::to_vec(&key.jwk).unwrap();
    let mac = workload.clone().sign(&Signing::secret("HS256", &public));
    assert_eq!(opens_nothing(&world, &server, "billing", &mac).await, Reason::JwtAlgorithm, "T12");
    let token = token_of(&workload, &key);
    for spelling in misspelled(&token) {
        refused(&send(&server, with_token("billing", &spelling)).await, 401, "invalid_client");
    }
    // Where it is to be spent its `jti` is needed (T07).
    let once = signed_by(identity, &key);
    world.change("billing", |client| client.credentials([credential("once", once)])).await;
    let nameless = token_of(&workload.clone().without("jti"), &key);
    assert_eq!(opens_nothing(&world, &server, "billing", &nameless).await, Reason::JwtJti);
    opens(&server, "billing", &token, "once").await;
    assert_eq!(opens_nothing(&world, &server, "billing", &token).await, Reason::ProofReplayed);
}

/// T06: at introspection and revocation too, and beside a grant.
#[tokio::test]
async fn t04_a_single_use_token_is_spent_at_every_endpoint() {
    let world = World::new();
    let key = Signing::es256();
    let github = |n: i64| workloads::github().unwrap().token.claim("jti", format!("run-{n}"));
    let identity = signed_by(workloads::github().unwrap().identity, &key);
    world.workload_client("deploy", vec![("w", identity)]).await;
    let partner_key = Signing::es256();
    let (server, trust) = world.partnered(&partner_key).await;
    trust.put(partner(&partner_key).build().unwrap());
    let grants = [GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER];
    world.change("deploy", |client| client.grant_types(grants)).await;
    let answer = opens(&server, "deploy", &token_of(&github(1), &key), "first").await;
    let ask = |path: &'static str, token: &str| {
        let spoken = [("token", answer.access_token()), ("client_id", "deploy".to_owned())];
        let pairs: Vec<_> = spoken.iter().map(|(name, value)| (*name, value.as_str())).collect();
        at_path(&server, path, Caller::Assertion(token).asks(path, &pairs))
    };
    let spent = token_of(&github(1), &key);
    refused(&ask("/oauth2/introspect", &spent).await, 401, "invalid_client");
    active(&ask("/oauth2/introspect", &token_of(&github(2), &key)).await, "its own token");
    refused(&ask("/oauth2/revoke", &token_of(&github(2), &key)).await, 401, "invalid_client");
    let beside = |token: &str| {
        let pairs =
            [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", token), ("client_id", "deploy")];
        bearer(&vouched().sign(&partner_key), &pairs)
    };
    let answer = send(&server, beside(&token_of(&github(3), &key))).await;
    assert_eq!(decode(&answer.access_token()).text("client_id"), "deploy");
    refused(&send(&server, beside(&token_of(&github(3), &key))).await, 401, "invalid_client");
    assert_eq!(ask("/oauth2/revoke", &token_of(&github(4), &key)).await.status, 200);
    // As a grant it is worth nothing: its issuer is trusted for this client alone.
    assert_eq!(denied(&world, &server, &token_of(&github(5), &key)).await, Reason::IssuerNotTrusted);
}

/// A platform without `iss` and `jti`: the trust domain's bundle says who signed.
#[tokio::test]
async fn lesson13_spiffe_tokens_need_no_issuer() {
    let world = World::new();
    let (key, server) = (Signing::es256(), world.server().await);
    let keys = IssuerKeys::inline(&bundle(&[&key])).unwrap();
    let identity = WorkloadIdentity::spiffe(SPIFFE_ID, keys).unwrap().build().unwrap();
    world.workload_client("billing", vec![("svid", identity)]).await;
    let svid = workloads::spiffe().unwrap().token;
    for token in [
        svid.clone(),
        svid.clone().header("typ", "JOSE"),
        svid.clone().claim("iss", "https://spire.example.org"),
    ] {
        opens(&server, "billing", &token.sign(&key), "svid").await;
    }
    for sub in
        ["spiffe://example.com/ns/payments/sa/billing", "spiffe://example.org/ns/payments/sa/billing/x", "x"]
    {
        let token = svid.clone().claim("sub", sub).sign(&key);
        assert_eq!(
            opens_nothing(&world, &server, "billing", &token).await,
            Reason::WorkloadMismatch,
            "{sub}"
        );
    }
    let stranger = svid.sign(&Signing::es256());
    assert_eq!(opens_nothing(&world, &server, "billing", &stranger).await, Reason::JwtSignature);
}

/// T60, T61, T63: published keys are fetched once for several workloads of one platform, and only for what is right otherwise.
#[tokio::test]
async fn t60_t63_published_keys_of_a_platform() {
    let world = World::new();
    let (old, new) = (Signing::es256(), Signing::es256());
    let fake = FakeKeySets::of(&[published(&old, "old")]);
    let server = world.builder().key_sets(fake.clone()).build().await.unwrap();
    let account = |name: &str| WorkloadIdentity::kubernetes(issuer_name(CLUSTER), "payments", name).unwrap();
    let workloads =
        vec![("a", account("other").build().unwrap()), ("b", account("billing").build().unwrap())];
    world.workload_client("billing", workloads).await;
    let say = |key: &Signing, kid: &str| workloads::kubernetes().unwrap().token.header("kid", kid).sign(key);
    opens(&server, "billing", &say(&old, "old"), "first").await;
    assert_eq!(world.events.credential(), "b");
    let source = KeySource::Issuer(grantor::Issuer::new(CLUSTER).unwrap());
    assert_eq!(fake.asked(), [(source.clone(), false)], "once for both");
    fake.publish_newer(&[published(&new, "new")]);
    opens(&server, "billing", &say(&new, "new"), "rotated").await;
    assert_eq!(fake.asked(), [(source.clone(), false), (source.clone(), true)]);
    assert_eq!(opens_nothing(&world, &server, "billing", &say(&old, "old")).await, Reason::JwtKeyUnknown);
    fake.asked();
    let workload = || workloads::kubernetes().unwrap().token;
    for wrong in [workload().claim("exp", NOW - 60), workload().claim("iss", "https://other.example")] {
        opens_nothing(&world, &server, "billing", &wrong.sign(&new)).await;
    }
    opens_nothing(&world, &server, "nobody", &say(&new, "new")).await;
    assert_eq!(fake.asked(), []);
    // The operator chose where they are: that they are away is no fault of the workload (design §12).
    fake.go_away();
    refused(&send(&server, with_token("billing", &say(&new, "new"))).await, 503, "temporarily_unavailable");
    let told = Kind::KeySetFetchFailed("the metadata of https://cluster.example.com".to_owned());
    assert_eq!(world.events.count(&told), 1);
    let server = world.server().await;
    refused(&send(&server, with_token("billing", &say(&new, "new"))).await, 500, "server_error");
}

/// Several credentials overlap, begin and end, as secrets do.
#[tokio::test]
async fn a_workload_counts_within_its_life() {
    let world = World::new();
    let (server, workload, key) = world.cluster().await;
    let identity = || signed_by(workloads::kubernetes().unwrap().identity, &key);
    let token = token_of(&workload, &key);
    world
        .change("billing", |client| client.credentials([credential("w", identity()).valid_from(at(NOW + 1))]))
        .await;
    assert_eq!(opens_nothing(&world, &server, "billing", &token).await, Reason::JwtKeyUnknown);
    world
        .change("billing", |client| client.credentials([credential("w", identity()).valid_until(at(NOW))]))
        .await;
    assert_eq!(opens_nothing(&world, &server, "billing", &token).await, Reason::JwtKeyUnknown);
    world
        .change("billing", |client| {
            client.credentials([credential("w", identity()).valid_until(at(NOW + 1))])
        })
        .await;
    opens(&server, "billing", &token, "within").await;
}

#[tokio::test]
async fn t77_an_outage_is_never_a_rejection_of_a_workload() {
    let world = World::new();
    let (_, workload, key) = world.cluster().await;
    let clients = FakeClients::new(&world.store);
    let server =
        world.over(Stores::from(world.store.clone()).with_clients(clients.clone())).build().await.unwrap();
    let token = token_of(&workload, &key);
    clients.say(FakeAnswer::Unavailable);
    refused(&send(&server, with_token("billing", &token)).await, 503, "temporarily_unavailable");
    clients.say(FakeAnswer::Corrupt);
    refused(&send(&server, with_token("billing", &token)).await, 500, "server_error");
    clients.say(FakeAnswer::PassOn);
    opens(&server, "billing", &token, "and then it goes on").await;
}

/// T55: braked by the client that is claimed, before it is looked up.
#[tokio::test]
async fn t55_a_workloads_token_is_braked_as_a_secret_is() {
    let world = World::new();
    let (_, workload, key) = world.cluster().await;
    let limiter = Limiter::new(Verdict::Admit);
    let server = world.builder().rate_limiter(limiter.clone()).build().await.unwrap();
    opens(&server, "billing", &token_of(&workload, &key), "admitted").await;
    assert_eq!(limiter.take(), ["admit"]);
    opens_nothing(&world, &server, "billing", &token_of(&workload.claim("sub", "x"), &key)).await;
    assert_eq!(limiter.take()[..2], ["admit", "penalise"]);
}

/// A document keeps what it holds; what a newer release wrote is kept and opens nothing, and what is damaged is corrupt.
#[test]
fn s4_a_workload_survives_being_kept() {
    for workload in workloads::all() {
        let identity = workload.identity.build().unwrap();
        let client =
            Client::builder(client_id("c"), AuthMethod::WORKLOAD_JWT).credential(credential("w", identity));
        let client = client.build().unwrap();
        let document = client.to_document().unwrap();
        assert_eq!(Client::from_document(&document).unwrap(), client);
        let read = |change: fn(&mut serde_json::Value)| {
            let mut document: serde_json::Value = serde_json::from_str(&document).unwrap();
            change(&mut document["credentials"][0]["kind"]["workload"]);
            Client::from_document(&document.to_string()).map(|read| (read, document))
        };
        let (newer, document) = read(|workload| workload["later"] = json!(true)).unwrap();
        assert!(matches!(newer.credentials()[0].kind(), CredentialKind::Unknown(_)));
        let again: serde_json::Value = serde_json::from_str(&newer.to_document().unwrap()).unwrap();
        assert_eq!(again["credentials"], document["credentials"], "kept as it is");
        for damage in [
            |workload: &mut serde_json::Value| workload["longest_life"] = json!(0),
            |workload: &mut serde_json::Value| workload["sub"] = json!({"begins_with": "x"}),
            |workload: &mut serde_json::Value| workload["iss"] = json!("a b"),
            |workload: &mut serde_json::Value| workload["keys"] = json!({"jwks": 7, "x": 1}),
            |workload: &mut serde_json::Value| workload["reusable"] = json!("yes"),
        ] {
            let outcome = read(damage);
            let is_closed = outcome.as_ref().map_or_else(|error| !error.is_unavailable(), |(read, _)| {
                // Keys at a place that is not known are none.
                matches!(read.credentials()[0].kind(), CredentialKind::Workload(own) if matches!(own.keys(), IssuerKeys::Unknown(_)))
            });
            assert!(is_closed, "{outcome:?}");
        }
    }
    assert!(WorkloadIdentity::builder(issuer_name(CLUSTER), ClaimMatch::Any).build().is_err(), "anybody");
}
