//! On large tables each statement goes by an index. The plans are asked for on the connection that the store uses, of
//! the very statements that it has prepared there.

use grantor::store::{
    ClientQuery, ClientRegistry, ClientStore, CredentialUsage, InitialAccessQuery, InitialAccessStore,
    TokenStore, TrustQuery, TrustRegistry, TrustStore,
};
use grantor_storage_postgres::sqlx::postgres::PgPool;
use grantor_storage_postgres::sqlx::{self, AssertSqlSafe, Row};

use crate::database::Database;
use crate::records::{FIRST, access, at, client, id, iss, issuer, named, proof, record, token, used};

const FILL: &str = "
    INSERT INTO $SCHEMA.clients SELECT 'client ' || number, 1, 'name ' || number, '{}' FROM generate_series(1, 20000) AS number;
    INSERT INTO $SCHEMA.trusted_issuers SELECT 'issuer ' || number, 1, '{}' FROM generate_series(1, 20000) AS number;
    INSERT INTO $SCHEMA.initial_access SELECT 'token-' || number, 0, '{}' FROM generate_series(1, 20000) AS number;
    INSERT INTO $SCHEMA.claims SELECT sha256(int8send(number)), number FROM generate_series(1, 20000) AS number;
    INSERT INTO $SCHEMA.tokens SELECT sha256(int8send(number)), number FROM generate_series(1, 20000) AS number;
    INSERT INTO $SCHEMA.credential_usage SELECT 'client ' || number / 2, 'secret ' || number % 2, 4000000000 + number
        FROM generate_series(1, 20000) AS number;
    ANALYZE $SCHEMA.clients, $SCHEMA.trusted_issuers, $SCHEMA.initial_access, $SCHEMA.claims, $SCHEMA.tokens, $SCHEMA.credential_usage";

/// The plan of the one prepared statement that has `words` in it, made without knowing what is bound.
async fn plan(pool: &PgPool, words: &str, bound: &str) -> String {
    let find = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%' || $1 || '%' AND NOT statement LIKE '%pg_prepared%'";
    let names = sqlx::query(find).bind(words).fetch_all(pool).await.unwrap();
    assert_eq!(names.len(), 1, "{words}");
    let bound = if bound.is_empty() { String::new() } else { format!("({bound})") };
    let explain = format!("EXPLAIN EXECUTE {} {bound}", names[0].get::<String, _>(0));
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan").execute(pool).await.unwrap();
    let lines = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(pool).await.unwrap();
    lines.iter().map(|line| line.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn every_statement_goes_by_an_index() {
    let database = Database::migrated().await;
    database.run(FILL).await;
    let pool = database.pool();
    let store = database.store_on(pool.clone());
    let _prepared = ClientStore::find(&store, &id("absent")).await.unwrap();
    let _prepared = ClientRegistry::insert(&store, FIRST, &client("new")).await.unwrap();
    let _prepared = ClientRegistry::update(&store, FIRST, &named("new", "new")).await.unwrap();
    let _prepared = ClientRegistry::delete(&store, &id("new")).await.unwrap();
    let _prepared =
        ClientRegistry::list(&store, &ClientQuery::first(10).starting_after(id("zzz"))).await.unwrap();
    let named_so = ClientQuery::first(10).with_name_prefix("none");
    let _prepared = ClientRegistry::list(&store, &named_so).await.unwrap();
    let _prepared = TrustStore::find(&store, &iss("new")).await.unwrap();
    let _prepared = TrustRegistry::insert(&store, FIRST, &issuer("new")).await.unwrap();
    let _prepared = TrustRegistry::update(&store, FIRST, &issuer("new")).await.unwrap();
    let _prepared = TrustRegistry::delete(&store, &iss("new")).await.unwrap();
    let end = TrustQuery::first(10).starting_after(iss("zzz"));
    let _prepared = TrustRegistry::list(&store, &end).await.unwrap();
    let token_of_a = access("a");
    let _prepared = InitialAccessStore::find(&store, token_of_a.id()).await.unwrap();
    let _prepared = InitialAccessStore::insert(&store, &token_of_a).await.unwrap();
    let _prepared = store.consume(token_of_a.id(), 1).await.unwrap();
    let end = InitialAccessQuery::first(10).starting_after(access("zzz").id().clone());
    let _prepared = InitialAccessStore::list(&store, &end).await.unwrap();
    let _prepared = InitialAccessStore::delete(&store, token_of_a.id()).await.unwrap();
    let _prepared = store.claim(&proof(1), at(1)).await.unwrap();
    let _prepared = TokenStore::insert(&store, &token(1), &record(100)).await.unwrap();
    let _prepared = TokenStore::find(&store, &token(1)).await.unwrap();
    store.revoke(&token(1), at(100)).await.unwrap();
    store.prune(at(1), 10).await.unwrap();
    store.touch(&[used("new", "secret", 4_000_000_000)]).await.unwrap();
    let _prepared = store.last_used(&id("new")).await.unwrap();

    let digest = "sha256('a')";
    for (words, bound, indexes) in [
        (".clients) AS held ON held.id", "'a'", &["clients_pkey"][..]),
        ("UPDATE \"$SCHEMA\".clients", "'a', 1, 2, 'a', 'a'", &["clients_pkey"]),
        ("DELETE FROM \"$SCHEMA\".clients", "'a'", &["clients_pkey", "credential_usage_pkey"]),
        ("clients WHERE id > $1 ORDER BY id", "'a', 11", &["clients_pkey"]),
        (".trusted_issuers) AS held ON held.id", "'a'", &["trusted_issuers_pkey"]),
        ("UPDATE \"$SCHEMA\".trusted_issuers", "'a', 1, 2, 'a'", &["trusted_issuers_pkey"]),
        ("DELETE FROM \"$SCHEMA\".trusted_issuers", "'a'", &["trusted_issuers_pkey"]),
        ("trusted_issuers WHERE id > $1 ORDER BY id", "'a', 11", &["trusted_issuers_pkey"]),
        (".initial_access) AS held ON held.id", "'a'", &["initial_access_pkey"]),
        ("UPDATE \"$SCHEMA\".initial_access", "'a', 1", &["initial_access_pkey"]),
        ("DELETE FROM \"$SCHEMA\".initial_access", "'a'", &["initial_access_pkey"]),
        ("initial_access WHERE id > $1 ORDER BY id", "'a', 11", &["initial_access_pkey"]),
        ("starts_with", "'a', 11, 'a'", &["clients_name"]),
        ("(SELECT id, document FROM", digest, &["tokens_pkey"]),
        ("claims_gone AS", "1, 1000", &["claims_until", "claims_pkey", "tokens_until", "tokens_pkey"]),
        (".claims (id, until)", &format!("{digest}, 1"), &[]),
        ("ROWS FROM", "'{a}', '{a}', '{1}'", &["credential_usage_pkey"]),
        ("SELECT ctid", "", &["credential_usage_last_used", "Tid Scan"]),
        ("(SELECT client_id, credential_id", "'a'", &["credential_usage_pkey"]),
        ("GREATEST", &format!("{digest}, 1"), &["tokens_pkey"]),
    ] {
        let words = words.replace("$SCHEMA", &database.schema);
        let plan = plan(&pool, &words, bound).await;
        assert!(!plan.contains("Seq Scan"), "{words}\n{plan}");
        for index in indexes {
            assert!(plan.contains(index), "{words} does not go by {index}\n{plan}");
        }
    }
}
