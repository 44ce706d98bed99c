//! Revocation (RFC 7009).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::{ErrorCode, FaultKind, Reason};
use grantor::store::{ClientStore, TokenState, TokenStore};
use grantor::{AuthorizationServer, Jti, Stores, TokenFormat, TokenId};
use support::*;

/// A server over a token store that is watched, and the client `billing`.
async fn watched(world: &World, format: TokenFormat) -> (AuthorizationServer, FakeTokens, String) {
    let tokens = FakeTokens::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(api(format))
        .build()
        .await
        .unwrap();
    let secret = world.client("billing").await;
    (server, tokens, secret)
}

/// Rows 73 and 74.
#[tokio::test]
async fn s2_1_a_revoked_token_is_inactive_at_once() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let verifier = server.access_token_verifier(API).build().unwrap();
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        let other = token_of(&server, "billing", &secret).await;
        assert!(verifier.verify(&token).await.is_ok());
        let answer = revoke(&server, "billing", &secret, &token).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let told = world.events.last();
        assert_eq!((told.kind, told.client_id.as_deref()), (Kind::Revoked, Some("billing")));
        inactive(&introspect(&server, "billing", &secret, &token).await, "revoked");
        assert_eq!(world.events.last().kind, Kind::Introspected(Some(Reason::TokenRevoked)));
        let refused = verifier.verify(&token).await.unwrap_err();
        assert_eq!((refused.status(), refused.reason()), (401, Some(Reason::TokenRevoked)));
        active(&introspect(&server, "billing", &secret, &other).await, "the client's other token");
        assert!(verifier.verify(&other).await.is_ok());
    }
}

/// Row 70, T75: another client learns that it may not, and the token lives.
#[tokio::test]
async fn s2_1_t75_only_its_owner_ends_a_token() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, owner) = watched(&world, format).await;
        let token = token_of(&server, "billing", &owner).await;
        // Neither the resource's server nor an introspector, and none of nearly the same name.
        let serving = world.client_with("api", |client| client.serves([uri(API)])).await;
        let auditor = world.client_with("auditor", |client| client.introspector(true)).await;
        let namesake = world.client("Billing").await;
        let key = Signing::es256();
        world.key_client("shop", &[&key]).await;
        for caller in [
            Caller::Basic("api", &serving),
            Caller::Basic("auditor", &auditor),
            Caller::Basic("Billing", &namesake),
            Caller::Key("shop", &key),
        ] {
            tokens.take_calls();
            refused(&ended(&server, caller, &token).await, 400, "unauthorized_client");
            let told = world.events.last().kind;
            assert_eq!(told, Kind::Rejected(ErrorCode::UnauthorizedClient, Reason::TokenNotForCaller));
            let calls = tokens.take_calls();
            assert!(!calls.contains(&"revoke") && !calls.contains(&"claim"), "{calls:?}");
            active(&introspect(&server, "billing", &owner, &token).await, "still");
        }
        assert_eq!(revoke(&server, "billing", &owner, &token).await.status, 200);
        inactive(&introspect(&server, "billing", &owner, &token).await, "by its owner");
    }
}

/// Row 69.
#[tokio::test]
async fn s2_by_post_only() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "post"] {
        let path = format!("{REVOCATION}?token={token}&callback=x");
        let request = grantor::http::Request::builder(method, &path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", basic("billing", &secret))
            .body(form(&[("token", &token)]));
        let answer = at_path(&server, REVOCATION, request).await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
    active(&introspect(&server, "billing", &secret, &token).await, "no effect");
}

/// Row 72.
#[tokio::test]
async fn s2_1_a_token_is_required_once() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let caller = Caller::Basic("billing", &secret);
    for pairs in [
        vec![],
        vec![("token", "")],
        vec![("access_token", token.as_str())],
        vec![("token", &token), ("token", &token)],
        vec![("token", &token), ("token_type_hint", "a"), ("token_type_hint", "b")],
    ] {
        let answer = at_path(&server, REVOCATION, caller.asks(REVOCATION, &pairs)).await;
        refused(&answer, 400, "invalid_request");
    }
    active(&introspect(&server, "billing", &secret, &token).await, "none of that ended it");
}

/// Row 70: every method of client authentication, at both formats.
#[tokio::test]
async fn s2_1_clients_authenticate_by_every_method() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let four = world.four_clients().await;
        for (caller, token) in four.callers().into_iter().zip(four.tokens(&server).await) {
            active(&asked(&server, caller, &token).await, "before");
            let answer = ended(&server, caller, &token).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""));
            inactive(&asked(&server, caller, &token).await, "after");
        }
    }
}

#[tokio::test]
async fn s2_1_without_credentials_or_with_wrong_ones_it_is_401_and_nothing_dies() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let other = world.client("other").await;
    let (key, stranger) = (Signing::es256(), Signing::es256());
    world.key_client("shop", &[&key]).await;
    for (id, token) in [
        ("billing", token_of(&server, "billing", &secret).await),
        ("shop", present(&server, &Assertion::of("shop").sign(&key)).await.access_token()),
    ] {
        for caller in [
            Caller::Nobody,
            Caller::Basic(id, &other),
            Caller::Post(id, &secret),
            Caller::Key(id, &stranger),
            Caller::Assertion(&token),
            Caller::Basic(id, &token),
        ] {
            refused(&ended(&server, caller, &token).await, 401, "invalid_client");
        }
        assert!(server.access_token_verifier(API).build().unwrap().verify(&token).await.is_ok(), "{id}");
    }
}

/// Row 71.
#[tokio::test]
async fn s2_1_a_hint_hides_no_token() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let caller = Caller::Basic("billing", &secret);
        for hint in
            ["access_token", "refresh_token", "id_token", "pat", "", "*", "'; drop table", "\u{1f512}"]
        {
            let token = token_of(&server, "billing", &secret).await;
            let pairs = [("token", token.as_str()), ("token_type_hint", hint)];
            assert_eq!(at_path(&server, REVOCATION, caller.asks(REVOCATION, &pairs)).await.status, 200);
            inactive(&introspect(&server, "billing", &secret, &token).await, hint);
        }
    }
}

/// Row 77: a hint costs no look-up more.
#[tokio::test]
async fn s5_a_hint_makes_no_work() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, secret) = watched(&world, format).await;
        let caller = Caller::Basic("billing", &secret);
        let mut calls = Vec::new();
        for hint in ["access_token", "refresh_token", "unknown"] {
            let token = token_of(&server, "billing", &secret).await;
            tokens.take_calls();
            let pairs = [("token", token.as_str()), ("token_type_hint", hint)];
            assert_eq!(at_path(&server, REVOCATION, caller.asks(REVOCATION, &pairs)).await.status, 200);
            calls.push(tokens.take_calls());
        }
        let expected = if format == TokenFormat::Jwt { vec!["revoke"] } else { vec!["find", "revoke"] };
        assert_eq!(calls, vec![expected; 3]);
    }
}

/// Row 74: what is unknown, malformed, expired or revoked already is not there, and that is what was wanted.
#[tokio::test]
async fn s2_2_unknown_and_revoked_tokens_are_200() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, secret) = watched(&world, format).await;
        let token = token_of(&server, "billing", &secret).await;
        for _ in 0..3 {
            assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200, "again");
        }
        inactive(&introspect(&server, "billing", &secret, &token).await, "revoked");
        let expiring = token_of(&server, "billing", &secret).await;
        world.clock.advance(600);
        tokens.take_calls();
        world.events.clear();
        for text in [expiring.as_str(), "x", "..", "grantor_at_x", "*", "\u{1f512}", &"x".repeat(20_000)] {
            let answer = revoke(&server, "billing", &secret, text).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{text:.30}");
        }
        assert!(!tokens.take_calls().contains(&"revoke"), "nothing is written for it");
        assert_eq!(world.events.count(&Kind::Revoked), 0, "and nothing is said to have been revoked");
    }
}

/// T75: wildcards and the like end nothing.
#[tokio::test]
async fn t75_wildcards_quotes_and_line_breaks_end_nothing() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        let mut texts = misspelled(&token);
        texts.extend(
            ["*", "?", "%", "_", "' or '1'='1", "\"", "x\r\nDEL *\r\n", "\r\nFLUSHALL\r\n"]
                .map(str::to_owned),
        );
        texts.extend([
            format!("{token}*"),
            format!("*{token}"),
            format!("{token},{token}"),
            format!("{token} {token}"),
        ]);
        for text in texts {
            assert_eq!(revoke(&server, "billing", &secret, &text).await.status, 200, "{text:?}");
        }
        active(&introspect(&server, "billing", &secret, &token).await, "nothing died");
    }
}

/// T76: no re-spelling, and none of its claims, brings a revoked token back.
#[tokio::test]
async fn t76_a_revoked_token_stays_so_in_every_spelling_and_until_it_has_expired() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client_with("billing", |client| client.introspector(true)).await;
        let token = token_of(&server, "billing", &secret).await;
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
        for text in misspelled(&token) {
            inactive(&introspect(&server, "billing", &secret, &text).await, &text);
        }
        // A restart has no logic of its own: another server over the same store.
        let restarted = world.with_format(format).await;
        for seconds in [0, 599, 1, 59, 1, 10_000] {
            world.clock.advance(seconds);
            server.maintain().await;
            for server in [&server, &restarted] {
                inactive(&introspect(server, "billing", &secret, &token).await, format!("after {seconds}"));
            }
        }
    }
}

/// The tombstone stays for as long as the token could be shown anywhere: its `exp` and a minute.
#[tokio::test]
async fn t76_a_tombstone_is_not_pruned_before_its_token_has_expired_everywhere() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let id = TokenId::of_jwt(ISSUER, &Jti::new(decode(&token).text("jti")).unwrap());
    assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
    TokenStore::prune(&world.store, at(NOW + 659), 100).await.unwrap();
    assert!(matches!(TokenStore::find(&world.store, &id).await.unwrap(), TokenState::Revoked));
    TokenStore::prune(&world.store, at(NOW + 661), 100).await.unwrap();
    assert!(matches!(TokenStore::find(&world.store, &id).await.unwrap(), TokenState::Absent));
}

/// Row 76, T77: no 200 without the write, and the token lives.
#[tokio::test]
async fn s2_2_1_t77_a_store_that_fails_is_503_and_the_token_lives() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, secret) = watched(&world, format).await;
        let token = token_of(&server, "billing", &secret).await;
        for (instead, status, error) in [
            (FakeClaim::Unavailable, 503, "temporarily_unavailable"),
            (FakeClaim::Corrupt, 500, "server_error"),
        ] {
            for call in ["find", "revoke"] {
                if call == "find" && format == TokenFormat::Jwt {
                    continue; // nothing is looked up to revoke one
                }
                tokens.break_call(call, instead);
                refused(&revoke(&server, "billing", &secret, &token).await, status, error);
                let kind = if status == 503 { FaultKind::Unavailable } else { FaultKind::Internal };
                assert_eq!(world.events.last().kind, Kind::Failed(kind), "{call}");
                assert!(world.events.last().source.contains("7f3"), "the operator learns it");
                tokens.mend();
                active(&introspect(&server, "billing", &secret, &token).await, call);
            }
        }
        assert_eq!(world.events.count(&Kind::Revoked), 0);
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
    }
}

/// The proof is spent before anything is written: a replay ends nothing, and a claim that fails ends nothing.
#[tokio::test]
async fn a11_2_claim_comes_before_revoke() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, _) = watched(&world, format).await;
        let key = Signing::es256();
        world.key_client("shop", &[&key]).await;
        let [first, second] = [Assertion::of("shop").sign(&key), Assertion::of("shop").sign(&key)];
        let token = present(&server, &first).await.access_token();
        tokens.take_calls();
        refused(&ended(&server, Caller::Assertion(&first), &token).await, 401, "invalid_client");
        assert_eq!(world.events.reason(), Reason::ProofReplayed);
        assert!(!tokens.take_calls().contains(&"revoke"), "a replay writes nothing");
        active(&asked(&server, Caller::Key("shop", &key), &token).await, "after the replay");
        tokens.break_call("claim", FakeClaim::Unavailable);
        refused(&ended(&server, Caller::Assertion(&second), &token).await, 503, "temporarily_unavailable");
        tokens.mend();
        active(&asked(&server, Caller::Key("shop", &key), &token).await, "after the outage");
        tokens.take_calls();
        assert_eq!(ended(&server, Caller::Key("shop", &key), &token).await.status, 200);
        let calls = tokens.take_calls();
        assert_eq!(calls[calls.len() - 2..], ["claim", "revoke"]);
    }
}

/// A client that is disabled cannot revoke, and has nothing left to: §6 of the design. One without any grant can.
#[tokio::test]
async fn s2_1_a_client_without_a_grant_may_still_revoke() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        world.change("billing", |client| client.grant_types([])).await;
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
        let found = ClientStore::find(&world.store, &client_id("billing")).await.unwrap();
        assert!(found.is_some());
        inactive(&introspect(&server, "billing", &secret, &token).await, "revoked");
    }
}
