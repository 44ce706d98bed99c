//! APIs that take tokens, on actix-web: the promises of `grantor-axum`, and what only actix-web can get wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

#[path = "../../../axum/tests/resource/promises.rs"]
mod promises;
#[path = "../../../axum/tests/resource/world.rs"]
mod world;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::web::{Data, ReqData, ServiceConfig, get, resource};
use actix_web::{App, HttpServer};
use grantor_actix::{
    AccessToken, Claims, OptionalAccessToken, Refused, RequireToken, Scoped, protected_resource,
};

use world::{Absent, Api, Log, Read, ReadAndWrite, Tenant, World};

async fn serve(api: Api) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let app = move || {
        let api = api.clone();
        App::new().configure(move |app| routes(&api, app))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    tokio::spawn(server.run());
    address
}

fn routes(api: &Api, app: &mut ServiceConfig) {
    let handled = Arc::clone(&api.handled);
    let handler = move || {
        handled.fetch_add(1, Ordering::SeqCst);
        async { "handled" }
    };
    let guard = || RequireToken::new(api.verifier.clone());
    app.app_data(Data::new(api.verifier.clone()))
        .configure(protected_resource(&api.verifier))
        .configure(protected_resource(&api.other))
        .service(resource("/guarded").to(handler).wrap(guard().scope("write")))
        .service(resource("/together").to(together).wrap(guard().scope("write")))
        .service(resource("/misspelt").to(async || "").wrap(guard().scope("read  write")))
        .service(resource("/crossed").app_data(Data::new(api.other.clone())).to(token).wrap(guard()))
        .route("/token", get().to(token))
        .route("/required", get().to(required))
        .route("/scoped", get().to(async |_: Scoped<ReadAndWrite>| "scoped"))
        .route("/claims", get().to(async |Claims(claims): Claims<Tenant>| claims.tenant))
        .route("/absent-claim", get().to(async |Claims(claims): Claims<Absent>| format!("{claims:?}")))
        .route("/optional", get().to(optional));
}

async fn token(AccessToken(token): AccessToken) -> String {
    format!("{}: {}", token.client_id(), token.scope())
}

async fn required(AccessToken(token): AccessToken) -> Result<&'static str, Refused> {
    token.require("write")?;
    Ok("required")
}

async fn optional(OptionalAccessToken(token): OptionalAccessToken) -> String {
    token.map_or("nobody".to_owned(), |token| token.client_id().to_string())
}

async fn together(
    left: ReqData<AccessToken>,
    AccessToken(token): AccessToken,
    Claims(Tenant { tenant }): Claims<Tenant>,
    scoped: Scoped<Read>,
) -> String {
    assert_eq!(left.0.jti(), scoped.token.jti());
    format!("{} {tenant} {}", token.client_id(), scoped.token.scope().tokens().next().unwrap())
}

#[tokio::test]
async fn without_a_verifier_it_is_500_and_the_log_says_what_to_add() {
    let log = Log::of_the_process();
    let mut world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    world.address = listener.local_addr().unwrap();
    let server = HttpServer::new(|| App::new().route("/token", get().to(token)));
    tokio::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    let answer = world.get("/token", &world.token("read").await).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, ""), "{answer:?}");
    assert!(log.text().contains(".app_data(web::Data::new(verifier))"), "{}", log.text());
}
