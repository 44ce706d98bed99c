//! Revocation (RFC 7009).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::{Resource, TokenFormat};
use support::*;

#[tokio::test]
async fn s2_1_a_revoked_token_is_inactive_at_once() {
    let world = World::new();
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        let resource = Resource::new(API).scopes(["read", "write"]).format(format);
        let server = world.bare().resource(resource).build().await.unwrap();
        let verifier = server.access_token_verifier(API).build().unwrap();
        let id = format!("billing-{format:?}");
        let secret = world.client(&id).await;
        let token = send(&server, grant(&id, &secret, &[])).await.access_token();
        assert!(verifier.verify(&token).await.is_ok());
        let answer = revoke(&server, &id, &secret, &token).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        assert_eq!(world.events.last().kind, Kind::Revoked);
        assert_eq!(introspect(&server, &id, &secret, &token).await.text(), r#"{"active":false}"#);
        assert_eq!(verifier.verify(&token).await.unwrap_err().status(), 401);
    }
}
