//! Other roles of the database may make functions, schemas and locks of their own. None of it runs as the role that
//! migrates, becomes ours, or keeps a process from starting.

use std::time::Duration;

use grantor::store::{
    Claim, ClientQuery, ClientRegistry, ClientStore, CredentialUsage, Insert, KeyStore, TokenStore,
    TrustQuery, TrustRegistry, TrustStore, Update,
};
use grantor_storage_postgres::sqlx::{self, AssertSqlSafe, Connection};
use grantor_storage_postgres::{MigrateError, PostgresStore};
use tokio::time::timeout;

use crate::database::{Database, pool_of_one, server, until};
use crate::island::Island;
use crate::proxy::{Proxy, nowhere};
use crate::records::{FIRST, at, client, id, iss, issuer, keys, proof, record, token, used};

/// Far less than anybody would wait for a lock.
const SOON: Duration = Duration::from_secs(10);

/// Overloads of everything: each function of PostgreSQL, and each that takes an integer in the place of a bigint,
/// which a call with a plain number fits better. All of them stop whoever calls them.
const FUNCTIONS: &str = "DO $do$
    DECLARE planted record;
    BEGIN
        SET LOCAL check_function_bodies = off;
        FOR planted IN
            SELECT DISTINCT proname AS name, arguments, CASE WHEN prorettype::text LIKE '%any%' THEN 'text'
                    ELSE prorettype::text END AS result
            FROM (SELECT proname, proargtypes, prorettype::regtype AS prorettype FROM pg_proc
                  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset) AS builtin,
                LATERAL (SELECT string_agg(argument::regtype::text, ', ') AS exact FROM unnest(proargtypes) AS argument) AS a,
                LATERAL (VALUES (exact), (replace(exact, 'bigint', 'integer'))) AS chosen (arguments)
        LOOP
            BEGIN
                EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS
                    ''BEGIN RAISE EXCEPTION ''''hijacked''''; END''', planted.name, planted.arguments, planted.result);
            EXCEPTION WHEN OTHERS THEN NULL; -- Internal ones.
            END;
        END LOOP;
    END $do$";

/// The same for the operators in our statements.
const OPERATORS: &str = "DO $do$
    DECLARE planted record;
    BEGIN
        FOR planted IN
            SELECT oid, oprname, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result
            FROM pg_operator WHERE oprleft <> 0 AND oprname IN ('=', '<>', '<', '>', '>=', '||', '+', '-')
        LOOP
            BEGIN
                EXECUTE format('CREATE FUNCTION public.planted_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS
                    ''BEGIN RAISE EXCEPTION ''''hijacked''''; END''', planted.oid, planted.l, planted.r, planted.result);
                EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.planted_%s)',
                    planted.oprname, planted.l, planted.r, planted.oid);
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
    END $do$";

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn functions_and_operators_that_a_guest_planted_are_not_called() {
    // As it is by default, and as it is worst.
    for path in ["\"$user\", public", "public, pg_catalog"] {
        let island = Island::new().await;
        island.as_role(&island.guest(), FUNCTIONS).await;
        island.as_role(&island.guest(), OPERATORS).await;
        island.as_superuser(&format!("ALTER ROLE $HOST SET search_path = {path}")).await;
        let store = island.store(&island.host());
        for _again in 0..2 {
            store.migrate().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        }
    }
}

/// The one aggregate of our statements.
const COUNT: &str = "
    CREATE FUNCTION public.planted_count(bigint) RETURNS bigint LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''hijacked''; END';
    CREATE AGGREGATE public.count(*) (SFUNC = public.planted_count, STYPE = bigint, INITCOND = '0')";

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn no_call_of_the_store_runs_what_a_guest_planted() {
    let island = Island::new().await;
    island.store(&island.host()).migrate().await.unwrap();
    for planted in [FUNCTIONS, COUNT] {
        island.as_role(&island.guest(), planted).await;
    }
    island.as_superuser("ALTER ROLE $HOST SET search_path = public, pg_catalog").await;
    call_everything(&island.store(&island.host())).await;
    // Operators are not qualified, and need not be: they fit exactly, and PostgreSQL's come first on any other path.
    island.as_role(&island.guest(), OPERATORS).await;
    island.as_superuser("ALTER ROLE $HOST RESET search_path").await;
    call_everything(&island.store(&island.host())).await;
}

async fn call_everything(store: &PostgresStore) {
    assert_eq!(ClientRegistry::insert(store, FIRST, &client("a")).await.unwrap(), Insert::Done);
    assert_eq!(ClientRegistry::update(store, FIRST, &client("a")).await.unwrap(), Update::Done);
    assert!(ClientStore::find(store, client("a").id()).await.unwrap().is_some());
    let _page = ClientRegistry::list(store, &ClientQuery::first(1)).await.unwrap();
    let _page = ClientRegistry::list(store, &ClientQuery::first(1).with_name_prefix("a")).await.unwrap();
    let _deleted = ClientRegistry::delete(store, client("a").id()).await.unwrap();
    assert_eq!(TrustRegistry::insert(store, FIRST, &issuer("a")).await.unwrap(), Insert::Done);
    assert_eq!(TrustRegistry::update(store, FIRST, &issuer("a")).await.unwrap(), Update::Done);
    assert!(TrustStore::find(store, &iss("a")).await.unwrap().is_some());
    let _page = TrustRegistry::list(store, &TrustQuery::first(1)).await.unwrap();
    let _deleted = TrustRegistry::delete(store, &iss("a")).await.unwrap();
    for name in ["a", "b"] {
        let _won = store.replace(store.load().await.unwrap().1, &keys(name)).await.unwrap();
    }
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    assert_eq!(TokenStore::insert(store, &token(1), &record(100)).await.unwrap(), Insert::Done);
    store.revoke(&token(1), at(200)).await.unwrap();
    let _revoked = TokenStore::find(store, &token(1)).await.unwrap();
    assert_eq!(store.prune(at(1000), 10).await.unwrap(), 2);
    store.touch(&[used("a", "secret", 4_000_000_000), used("b", "secret", 1)]).await.unwrap();
    assert_eq!(store.last_used(&id("a")).await.unwrap().len(), 1);
    let _forgotten = ClientRegistry::delete(store, &id("a")).await.unwrap();
}

/// Says that the guest owns it.
fn is_about_the_guest(island: &Island, refused: &Result<(), MigrateError>) {
    let said = refused.as_ref().expect_err("refused").to_string();
    assert!(said.contains("owned by") && said.contains(&island.guest()), "{said}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_schema_that_a_guest_made_beforehand_is_refused() {
    let island = Island::new().await;
    island.as_role(&island.guest(), "CREATE SCHEMA grantor; GRANT ALL ON SCHEMA grantor TO PUBLIC").await;
    is_about_the_guest(&island, &island.store(&island.host()).migrate().await);
    // Whole, as a release would have made it, and open to everybody.
    island.store(&island.guest()).migrate().await.unwrap();
    island.as_role(&island.guest(), "GRANT ALL ON ALL TABLES IN SCHEMA grantor TO PUBLIC").await;
    is_about_the_guest(&island, &island.store(&island.host()).migrate().await);
    // A superuser is no member of the guest's role, whatever pg_has_role says.
    is_about_the_guest(&island, &island.store(server().get_username()).migrate().await);
    // The host may say that this is meant so.
    island.as_superuser("GRANT $GUEST TO $HOST").await;
    island.store(&island.host()).migrate().await.unwrap();
}

/// Reading a view runs its functions as the reader, so even reading what has been applied comes too early.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_table_that_a_guest_made_in_our_schema_is_refused_unread() {
    for squatted in
        ["migrations", "clients", "key_set", "claims", "tokens", "credential_usage", "trusted_issuers"]
    {
        let island = Island::new().await;
        let open = "CREATE SCHEMA grantor; GRANT USAGE, CREATE ON SCHEMA grantor TO $GUEST";
        island.as_role(&island.host(), open).await;
        let squat = "CREATE FUNCTION public.squat() RETURNS integer LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION ''hijacked''; END';
             CREATE VIEW grantor.$TABLE AS SELECT public.squat() AS version, '' AS sql;
             GRANT ALL ON grantor.$TABLE TO PUBLIC";
        island.as_role(&island.guest(), &squat.replace("$TABLE", squatted)).await;
        is_about_the_guest(&island, &island.store(&island.host()).migrate().await);
    }
}

/// It can tell by the database's owner that nobody else made the tables.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_role_that_only_reads_and_writes_believes_the_owner_of_the_database() {
    let island = Island::new().await;
    island.as_superuser("ALTER DATABASE $ISLAND OWNER TO $HOST").await;
    island.store(&island.host()).migrate().await.unwrap();
    let grants = "GRANT USAGE ON SCHEMA grantor TO $GUEST;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA grantor TO $GUEST";
    island.as_role(&island.host(), grants).await;
    island.store(&island.guest()).migrate().await.unwrap();
}

/// Whoever may connect may hold it.
async fn holding_the_lock(schema: &str) -> sqlx::PgConnection {
    let mut guest = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    let lock =
        format!("SELECT pg_advisory_lock(hashtextextended('grantor migrations of {schema}', 0::bigint))");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut guest).await.unwrap();
    guest
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_lock_that_somebody_holds_keeps_no_process_from_starting_where_nothing_is_due() {
    let database = Database::migrated().await;
    let _guest = holding_the_lock(&database.schema).await;
    timeout(SOON, database.store().migrate()).await.expect("without the lock").unwrap();
}

/// The proxy makes a short time of the long one.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_lock_that_somebody_keeps_is_an_error_in_bounded_time() {
    let database = Database::empty();
    let _guest = holding_the_lock(&database.schema).await;
    let proxy = Proxy::replacing("'lock_timeout', '30s'", "'lock_timeout', '9ms'");
    let store = database.store_on(pool_of_one(proxy.options()));
    let refused = timeout(SOON, store.migrate()).await.expect("not for ever").unwrap_err();
    assert!(refused.to_string().contains("lock"), "{refused}");
    assert!(refused.to_string().contains(&database.schema), "{refused}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_server_that_is_silent_is_an_error_in_bounded_time() {
    let database = Database::migrated().await;
    let proxy = Proxy::start();
    let pool = pool_of_one(proxy.options());
    let store = database.builder_on(pool.clone()).timeout(Duration::from_millis(300)).build();
    store.migrate().await.unwrap();
    until("the connection is back in the pool", async || pool.num_idle() == 1).await;
    proxy.silence();
    let refused = timeout(SOON, store.migrate()).await.expect("not for ever").unwrap_err();
    assert!(refused.to_string().contains("300ms"), "{refused}");
    // And the place in the pool is free again.
    until("it works on a new connection", async || store.migrate().await.is_ok()).await;
}

#[tokio::test]
async fn a_listener_that_says_nothing_is_no_connection() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let pool = pool_of_one(nowhere(mute.local_addr().unwrap().port()));
    let store = PostgresStore::builder(pool).timeout(Duration::from_millis(300)).build();
    let refused = timeout(SOON, store.migrate()).await.expect("not for ever").unwrap_err();
    assert!(matches!(refused, MigrateError::NoConnection { .. }), "{refused:?}");
}
