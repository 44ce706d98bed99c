//! Keys of a cluster rotate. On a clock of the test's own, since an issuer is asked again after half a minute at the soonest: the
//! server is mounted here, and everything else is as in `grantor-server`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use grantor::store::{
    AuthMethod, Client, ClientRegistry, ClientStore, Credential, Revision, WorkloadIdentity,
};
use grantor::{
    AuthorizationServer, ClientId, Clock, CredentialId, HostKeys, IssuerName, Resource, Scope, Stores,
    SystemClock, Timestamp,
};
use grantor_axum::TokioExecutor;
use grantor_fetch::{Fetcher, KeySets};
use grantor_storage_memory::MemoryStore;
use grantor_storage_postgres::PostgresStore;
use grantor_storage_postgres::sqlx::PgPool;
use tokio::net::TcpListener;

use super::cluster::{Cluster, Key, traded};
use crate::storage::issuer::{Issuer, Kind};

/// The source is asked no more often, whatever it answers.
const REST: i64 = 30;
/// No key is used for longer without asking.
const MOST_AGE: i64 = 300;

#[derive(Clone, Debug)]
struct ManualClock(Arc<AtomicI64>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

impl ManualClock {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// A server whose clients are these. Its issuer, and its clock.
async fn serve(clients: impl ClientStore) -> (String, ManualClock) {
    let clock = ManualClock(Arc::new(AtomicI64::new(SystemClock::new().now().as_unix())));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let issuer = format!("http://{}", listener.local_addr().expect("address"));
    let fetcher = Fetcher::builder().clock(clock.clone()).dangerous().allow_http_on_loopback();
    let stores = Stores::from(MemoryStore::new()).with_clients(clients);
    let server = AuthorizationServer::builder(&issuer, stores, HostKeys::ephemeral())
        .resource(Resource::new("https://api.example.com").scopes(["read"]))
        .executor(TokioExecutor::current())
        .key_sets(KeySets::new(fetcher.build().expect("a fetcher")))
        .clock(clock.clone())
        .dangerous()
        .allow_http_on_loopback()
        .build()
        .await
        .expect("a server");
    let app = grantor_axum::router(server).into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (issuer, clock)
}

async fn keys_come_and_go(cluster: &Cluster, clients: impl ClientStore) {
    let (first, second) = (Key::new("first"), Key::new("second"));
    cluster.publish(&[&first]);
    let (issuer, clock) = serve(clients).await;
    let url = format!("{issuer}/oauth2/token");
    let token = |key: &Key| key.sign(&cluster.claims("payments", "billing", &issuer, clock.now().as_unix()));
    let status = async |token: &str| traded(&url, "shop", token).await.0;

    let by_first = token(&first);
    assert_eq!((status(&by_first).await, cluster.hits()), (200, 3));
    // It rotates. Half a minute after the last answer it is asked again, at once and for the very token that needs it.
    cluster.publish(&[&first, &second]);
    let by_second = token(&second);
    assert_eq!((status(&by_second).await, cluster.hits()), (401, 0), "it is not asked for each unknown kid");
    clock.advance(REST + 1);
    assert_eq!((status(&by_second).await, cluster.hits()), (200, 1), "one question, and the token is taken");
    assert_eq!((status(&by_first).await, cluster.hits()), (200, 0));
    // A kid that nobody has does not take the known keys away, nor does it cost a question each time.
    clock.advance(REST + 1);
    let unknown = token(&Key::new("third"));
    assert_eq!((status(&unknown).await, cluster.hits()), (401, 1));
    assert_eq!((status(&unknown).await, status(&by_first).await, cluster.hits()), (401, 200, 0));

    // The first key is taken back: five minutes later at the most its tokens end, though they have not expired.
    cluster.publish(&[&second]);
    clock.advance(MOST_AGE + 1);
    assert_eq!(status(&by_first).await, 401, "t61: the key was taken back");
    assert_eq!(status(&by_second).await, 200);

    // The cluster is away: what is known goes on, and who comes later too.
    cluster.goes_away();
    clock.advance(MOST_AGE + 1);
    assert_eq!(status(&by_second).await, 200, "while its keys are kept");
    assert_eq!(status(&token(&second)).await, 200);
    clock.advance(3600);
    assert_eq!(status(&token(&second)).await, 503, "for an hour at most, and then it is an outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn t60_t61_keys_of_a_cluster_rotate_are_taken_back_and_are_kept_while_it_is_away() {
    let cluster = Cluster::over_http().await;
    let issuer = IssuerName::new(&*cluster.issuer).expect("a name");
    let identity = WorkloadIdentity::kubernetes(issuer, "payments", "billing").expect("names").build();
    let id = CredentialId::new("cluster").expect("id");
    let client = Client::builder(ClientId::new("shop").expect("id"), AuthMethod::WORKLOAD_JWT)
        .credential(Credential::workload(id, identity.expect("a workload")))
        .scope(Scope::parse("read").expect("scope"))
        .build()
        .expect("a client");
    let memory = MemoryStore::new();
    let inserted = ClientRegistry::insert(&memory, Revision::new(1), &client).await.expect("stored");
    assert_eq!(inserted, grantor::store::Insert::Done);
    keys_come_and_go(&cluster, memory).await;
}

/// The same, of the client that the commands make.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t60_t61_keys_of_a_cluster_rotate_for_the_client_that_commands_made_on_postgresql() {
    let cluster = Cluster::over_http().await;
    let issuer = Issuer::new(Kind::Postgres);
    issuer.command(&["clients", "create", "--id", "shop", "--auth", "workload_jwt", "--scope", "read"]);
    issuer.command(&cluster.federate("shop"));
    let pool = PgPool::connect(&issuer.postgres_url()).await.expect("a pool");
    keys_come_and_go(&cluster, PostgresStore::new(pool)).await;
}
