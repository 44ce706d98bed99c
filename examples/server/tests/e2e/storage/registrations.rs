//! Initial access tokens of the store, and the clients that register with them.

use oauth2::AuthType;
use oauth2::reqwest::Method;
use serde_json::{Value, json};

use super::issuer::{ISSUER, Issuer, Kind};
use super::session::{refused, text, told};
use crate::keys::RESOURCE;
use crate::program::Program;
use crate::registration::{asked, registered};
use crate::tokens::token;

/// Where the registration of a client is at this server, which is not where the issuer is.
fn place(server: &Program, client: &Value) -> String {
    let path = text(client, "registration_client_uri").strip_prefix(ISSUER).expect("under the issuer");
    format!("{}{path}", server.issuer())
}

async fn gets_a_token(server: &Program, client: &Value) -> bool {
    let own = (text(client, "client_id"), text(client, "client_secret"));
    token(server, own, AuthType::BasicAuth, "read").await.is_ok()
}

async fn life(kind: Kind) {
    let issuer = Issuer::with_config(kind, &format!("{RESOURCE}[registration]\n"));
    let server = issuer.server();
    let line = "\ninitial access  the tokens of `grantor-server initial-access create`\n";
    assert!(server.printed.contains(line), "{}", server.printed);
    assert!(issuer.command(&["initial-access", "list"]).starts_with("No initial access tokens"));

    let create = [
        "initial-access",
        "create",
        "--label",
        "partner",
        "--uses",
        "2",
        "--expires",
        "30d",
        "--scope",
        "read",
    ];
    let auth = ["--auth", "client_secret_basic", "client_secret_post"];
    let made = told(&issuer, &[&create[..], &auth].concat());
    let (id, initial) = (text(&made, "id").to_owned(), text(&made, "initial_access_token").to_owned());
    let list = || told(&issuer, &["initial-access", "list"]);
    let mut expected = made.clone();
    expected.as_object_mut().expect("an object").remove("initial_access_token");
    assert_eq!(list(), json!([expected]));
    let methods = json!(["client_secret_basic", "client_secret_post"]);
    assert_eq!((&made["uses"], &made["max_uses"], &made["auth_methods"]), (&json!(0), &json!(2), &methods));

    let wide = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
    assert_eq!(registered(&server, &initial, &wide).await.0, 400, "not one of its methods");
    let software = json!({ "client_name": "App", "software_id": "app-7", "contacts": ["ops@example.com"] });
    let (status, client) = registered(&server, &initial, &software).await;
    assert_eq!(status, 201, "{client}");
    assert_eq!(list()[0]["uses"], json!(1), "a refused one uses nothing up");
    // The very process that registered it knows it at once, and what becomes of it.
    assert!(gets_a_token(&server, &client).await);

    let name = text(&client, "client_id");
    let shown = told(&issuer, &["clients", "show", name]);
    let own = &shown["registration"];
    assert_eq!(
        (&own["initial_access"], &own["scope"], &own["auth_methods"]),
        (&json!(id), &json!("read"), &methods)
    );
    assert_eq!(own["metadata"]["software_id"], json!("app-7"));
    let page = issuer.command(&["clients", "show", name]);
    assert!(page.contains(&format!("the initial access token {id}")) && page.contains("app-7"), "{page}");
    assert_eq!(told(&issuer, &["clients", "list", "--name", "Ap"])[0]["id"], json!(name));

    let (place, lost) = (place(&server, &client), text(&client, "registration_access_token"));
    let read = async |bearer: &str| asked(Method::GET, &place, bearer, None).await.0;
    assert_eq!(read(lost).await, 200);
    let renewed = told(&issuer, &["clients", "new-registration-token", name]);
    let renewed = text(&renewed, "registration_access_token");
    super::request::until(super::administration::known_within(kind), "the new token", async || {
        (read(lost).await, read(renewed).await) == (401, 200)
    })
    .await;
    let narrowed = told(&issuer, &["clients", "update", name, "--scope", ""]);
    assert_eq!(narrowed["registration"]["scope"], json!(""), "an operator's word");
    assert_eq!(asked(Method::DELETE, &place, renewed, None).await.0, 204);

    assert_eq!(registered(&server, &initial, &json!({})).await.0, 201);
    assert_eq!(registered(&server, &initial, &json!({})).await.0, 401, "used up");
    assert!(issuer.command(&["initial-access", "list"]).contains("2 of 2"));
    let other = told(&issuer, &["initial-access", "create"]);
    let (other_id, other) = (text(&other, "id"), text(&other, "initial_access_token"));
    let (status, client) = registered(&server, other, &json!({})).await;
    assert!(status == 201 && gets_a_token(&server, &client).await, "{client}");
    let own = (self::place(&server, &client), text(&client, "registration_access_token"));
    assert_eq!(asked(Method::DELETE, &own.0, own.1, None).await.0, 204);
    assert!(!gets_a_token(&server, &client).await, "at once in this process");
    assert_eq!(
        told(&issuer, &["initial-access", "delete", other_id]),
        json!({ "id": other_id, "deleted": true })
    );
    assert_eq!(registered(&server, other, &json!({})).await.0, 401);
    refused(
        &issuer,
        &["initial-access", "delete", other_id],
        1,
        &["no initial access token", "initial-access list"],
    );
    let cases: [(&[&str], &str); 5] = [
        (&["--uses", "0"], "--uses"),
        (&["--expires", "0s"], "--expires"),
        (&["--expires", "soon"], "--expires"),
        (&["--auth", "workload_jwt"], "--auth"),
        (&["--label", "a\nb"], "--label"),
    ];
    for (arguments, part) in cases {
        refused(&issuer, &[&["initial-access", "create"], arguments].concat(), 2, &[part]);
    }
    assert_eq!(list().as_array().map(Vec::len), Some(1));
    let written = server.stopped().written;
    for secret in [&*initial, other, lost, renewed] {
        assert!(!written.contains(&secret[secret.len() - 40..]), "a token was shown once more");
    }
}

/// Only where the file says so.
async fn elsewhere(kind: Kind) {
    let issuer = Issuer::new(kind);
    let made = told(&issuer, &["initial-access", "create"]);
    let initial = text(&made, "initial_access_token");
    let variable = [("GRANTOR_INITIAL_ACCESS_TOKEN", crate::registration::TOKEN)];
    let server = issuer.server_with(&variable);
    assert_eq!(registered(&server, initial, &json!({})).await.0, 401, "there is no [registration]");
    let off = Issuer::with_config(kind, &format!("{RESOURCE}[registration]\nstored_tokens = false\n"));
    let made = told(&off, &["initial-access", "create"]);
    let server = off.server_with(&variable);
    assert_eq!(registered(&server, text(&made, "initial_access_token"), &json!({})).await.0, 401);
    assert_eq!(registered(&server, crate::registration::TOKEN, &json!({})).await.0, 201);
    let refused = Program::refused(&off.flags(), &[]);
    assert!(
        refused.code == Some(2) && refused.written.contains("stored_tokens is false"),
        "{}",
        refused.written
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn i8_1_initial_access_tokens_and_their_clients_on_postgresql() {
    life(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn i8_1_initial_access_tokens_and_their_clients_on_redis() {
    life(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn i8_1_stored_tokens_are_taken_where_the_file_says_so_on_postgresql() {
    elsewhere(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn i8_1_stored_tokens_are_taken_where_the_file_says_so_on_redis() {
    elsewhere(Kind::Redis).await;
}
