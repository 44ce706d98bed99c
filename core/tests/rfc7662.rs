//! Introspection (RFC 7662).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::{Resource, TokenFormat};
use support::*;

#[tokio::test]
async fn s2_2_the_owner_learns_everything() {
    let world = World::new();
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        let server = world
            .bare()
            .resource(Resource::new(API).scopes(["read", "write"]).format(format))
            .build()
            .await
            .unwrap();
        let id = format!("billing-{format:?}");
        let secret = world.client(&id).await;
        let token = send(&server, grant(&id, &secret, &[("scope", "read")])).await.access_token();
        let answer = introspect(&server, &id, &secret, &token).await;
        assert_eq!(answer.status, 200);
        let said = answer.json();
        assert_eq!(said["active"], true);
        assert_eq!(said["client_id"], id.as_str());
        assert_eq!(said["sub"], id.as_str());
        assert_eq!(said["iss"], ISSUER);
        assert_eq!(said["aud"], API);
        assert_eq!(said["scope"], "read");
        assert_eq!(said["token_type"], "Bearer");
        assert_eq!(said["iat"], NOW);
        assert_eq!(said["exp"], NOW + 600);
        assert_eq!(said["jti"].as_str().unwrap().len(), 22);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(world.events.last().kind, Kind::Introspected(None));
    }
}
