//! Every statement of the store, made once: the schema is all that is ever put into one, the rest is bound.
//!
//! Each is a single statement outside of a transaction block, so it is one round trip, happens whole or not at all,
//! and leaves nothing behind in a session: connections may be shared by a pooler in transaction mode. Names are
//! qualified for the same reason, and so that no function of another role is taken for one of PostgreSQL. Operators
//! are not: their operands are of exactly the types that PostgreSQL has them for.

use std::sync::Arc;

use crate::schema::Schema;

/// True, and makes the commit of this statement wait for the disk where the server or the role would not: what a store
/// has answered must outlive a crash. Any stronger or other setting of the operator stays.
const DURABLE: &str = "(pg_catalog.current_setting('synchronous_commit') <> 'off' \
     OR pg_catalog.set_config('synchronous_commit', 'on', true) = 'on')";

/// One row at least, that says first whether this server is a standby, whose answers may be old.
const READ: &str = "SELECT pg_catalog.pg_is_in_recovery(), held.* FROM (VALUES (1)) AS always LEFT JOIN";

/// How many a statement that forgets removes at the most, so that none of them takes long.
pub(crate) const PRUNE_BATCH: u32 = 1000;

/// Before this moment, in unix seconds on the clock of the server, a use may be forgotten: a day more than the 400 that
/// were promised. The operands of the operator are a bigint and an integer, for which PostgreSQL has it.
const LONG_AGO: &str = "pg_catalog.date_part('epoch', pg_catalog.now())::pg_catalog.int8 - 34646400";

pub(crate) struct Statements {
    pub(crate) find_client: Arc<str>,
    pub(crate) insert_client: Arc<str>,
    pub(crate) update_client: Arc<str>,
    pub(crate) delete_client: Arc<str>,
    pub(crate) list_clients: Arc<str>,
    pub(crate) list_clients_by_name: Arc<str>,
    pub(crate) find_issuer: Arc<str>,
    pub(crate) insert_issuer: Arc<str>,
    pub(crate) update_issuer: Arc<str>,
    pub(crate) delete_issuer: Arc<str>,
    pub(crate) list_issuers: Arc<str>,
    pub(crate) find_initial_access: Arc<str>,
    pub(crate) insert_initial_access: Arc<str>,
    pub(crate) consume_initial_access: Arc<str>,
    pub(crate) delete_initial_access: Arc<str>,
    pub(crate) list_initial_access: Arc<str>,
    pub(crate) load_keys: Arc<str>,
    pub(crate) insert_keys: Arc<str>,
    pub(crate) replace_keys: Arc<str>,
    pub(crate) claim: Arc<str>,
    pub(crate) insert_token: Arc<str>,
    pub(crate) find_token: Arc<str>,
    pub(crate) revoke: Arc<str>,
    pub(crate) prune: Arc<str>,
    pub(crate) touch_credentials: Arc<str>,
    pub(crate) forget_credentials: Arc<str>,
    pub(crate) last_used: Arc<str>,
}

impl Statements {
    pub(crate) fn new(schema: &Schema) -> Self {
        let (schema, channel) = (schema.quoted(), schema.channel());
        Self {
            find_client: find(&format!("{schema}.clients"), "revision"),
            insert_client: format!(
                "WITH done AS (
                     INSERT INTO {schema}.clients (id, revision, name, document)
                     SELECT $1, $2, $3, $4 WHERE {DURABLE}
                     ON CONFLICT DO NOTHING RETURNING id
                 )
                 SELECT pg_catalog.pg_notify('{channel}', id) FROM done"
            )
            .into(),
            // `held` locks, and so sees what has become of the row if the update had to wait for somebody else.
            update_client: format!(
                "WITH done AS (
                     UPDATE {schema}.clients SET revision = $3, name = $4, document = $5
                     WHERE id = $1 AND revision = $2 AND {DURABLE} RETURNING id
                 ),
                 told AS (SELECT pg_catalog.pg_notify('{channel}', id) FROM done),
                 held AS (SELECT FROM {schema}.clients WHERE id = $1 FOR UPDATE)
                 SELECT EXISTS (SELECT FROM told), EXISTS (SELECT FROM held)"
            )
            .into(),
            // Uses are locked in the order in which `touch_credentials` does.
            delete_client: format!(
                "WITH done AS (DELETE FROM {schema}.clients WHERE id = $1 AND {DURABLE} RETURNING id),
                 forgotten AS (
                     DELETE FROM {schema}.credential_usage WHERE client_id = $1 AND credential_id = ANY (ARRAY(
                         SELECT credential_id FROM {schema}.credential_usage WHERE client_id = $1
                         ORDER BY credential_id FOR UPDATE
                     ))
                 )
                 SELECT pg_catalog.pg_notify('{channel}', id) FROM done"
            )
            .into(),
            list_clients: list_all(&format!("{schema}.clients"), "revision"),
            // The range serves the index: no name of 200 bytes comes after the prefix and 50 of the last character.
            list_clients_by_name: list(&format!(
                "SELECT id, revision, document FROM {schema}.clients
                 WHERE id > $1 AND name >= $3
                     AND name < $3 || pg_catalog.repeat(pg_catalog.chr(1114111), 50)
                     AND pg_catalog.starts_with(name, $3)
                 ORDER BY id LIMIT $2"
            )),
            find_issuer: find(&format!("{schema}.trusted_issuers"), "revision"),
            insert_issuer: format!(
                "INSERT INTO {schema}.trusted_issuers (id, revision, document)
                 SELECT $1, $2, $3 WHERE {DURABLE} ON CONFLICT DO NOTHING"
            )
            .into(),
            // `held` locks, as for a client.
            update_issuer: format!(
                "WITH done AS (
                     UPDATE {schema}.trusted_issuers SET revision = $3, document = $4
                     WHERE id = $1 AND revision = $2 AND {DURABLE} RETURNING id
                 ),
                 held AS (SELECT FROM {schema}.trusted_issuers WHERE id = $1 FOR UPDATE)
                 SELECT EXISTS (SELECT FROM done), EXISTS (SELECT FROM held)"
            )
            .into(),
            delete_issuer: format!("DELETE FROM {schema}.trusted_issuers WHERE id = $1 AND {DURABLE}").into(),
            list_issuers: list_all(&format!("{schema}.trusted_issuers"), "revision"),
            find_initial_access: find(&format!("{schema}.initial_access"), "uses"),
            insert_initial_access: format!(
                "INSERT INTO {schema}.initial_access (id, uses, document)
                 SELECT $1, 0, $2 WHERE {DURABLE} ON CONFLICT DO NOTHING"
            )
            .into(),
            // An update that had to wait for another one looks again at what that left, so none counts past `$2`. `held`
            // locks, as for a client.
            consume_initial_access: format!(
                "WITH done AS (
                     UPDATE {schema}.initial_access SET uses = uses + 1
                     WHERE id = $1 AND uses < $2 AND {DURABLE} RETURNING id
                 ),
                 held AS (SELECT FROM {schema}.initial_access WHERE id = $1 FOR UPDATE)
                 SELECT EXISTS (SELECT FROM done), EXISTS (SELECT FROM held)"
            )
            .into(),
            delete_initial_access: format!("DELETE FROM {schema}.initial_access WHERE id = $1 AND {DURABLE}")
                .into(),
            list_initial_access: list_all(&format!("{schema}.initial_access"), "uses"),
            load_keys: format!(
                "{READ} (SELECT id, revision, document FROM {schema}.key_set) AS held ON held.id = 1"
            )
            .into(),
            insert_keys: format!(
                "INSERT INTO {schema}.key_set (id, revision, document)
                 SELECT 1, $1, $2 WHERE {DURABLE} ON CONFLICT DO NOTHING"
            )
            .into(),
            replace_keys: format!(
                "UPDATE {schema}.key_set SET revision = $2, document = $3
                 WHERE id = 1 AND revision = $1 AND {DURABLE}"
            )
            .into(),
            claim: format!(
                "INSERT INTO {schema}.claims (id, until) SELECT $1, $2 WHERE {DURABLE} ON CONFLICT DO NOTHING"
            )
            .into(),
            insert_token: format!(
                "INSERT INTO {schema}.tokens (id, until, document)
                 SELECT $1, $2, $3 WHERE {DURABLE} ON CONFLICT DO NOTHING"
            )
            .into(),
            find_token: format!("{READ} (SELECT id, document FROM {schema}.tokens) AS held ON held.id = $1")
                .into(),
            revoke: format!(
                "INSERT INTO {schema}.tokens AS held (id, until) SELECT $1, $2 WHERE {DURABLE}
                 ON CONFLICT (id) DO UPDATE
                 SET until = GREATEST(held.until, excluded.until), document = NULL"
            )
            .into(),
            prune: format!(
                "WITH claims_gone AS ({}), tokens_gone AS ({})
                 SELECT (SELECT pg_catalog.count(*) FROM claims_gone) + (SELECT pg_catalog.count(*) FROM tokens_gone)",
                prune_table(&format!("{schema}.claims"), "$2"),
                prune_table(&format!("{schema}.tokens"), "$2 - (SELECT pg_catalog.count(*) FROM claims_gone)"),
            )
            .into(),
            // All take their rows in one order, so that no two wait for each other. Not durable: what a crash takes is
            // information, and within an hour of the next use it is there again.
            touch_credentials: format!(
                "INSERT INTO {schema}.credential_usage AS held (client_id, credential_id, last_used)
                 SELECT used.client_id, used.credential_id, used.last_used
                 FROM ROWS FROM (
                     pg_catalog.unnest($1::pg_catalog.text[]),
                     pg_catalog.unnest($2::pg_catalog.text[]),
                     pg_catalog.unnest($3::pg_catalog.int8[])
                 ) AS used (client_id, credential_id, last_used)
                 ORDER BY used.client_id COLLATE pg_catalog.\"C\", used.credential_id COLLATE pg_catalog.\"C\"
                 ON CONFLICT (client_id, credential_id) DO UPDATE SET last_used = excluded.last_used
                 WHERE held.last_used < excluded.last_used"
            )
            .into(),
            // The oldest first, and none that somebody else holds, as `prune` does. Those that it has locked stay where
            // they are until it removes them.
            forget_credentials: format!(
                "DELETE FROM {schema}.credential_usage WHERE ctid = ANY (ARRAY(
                     SELECT ctid FROM {schema}.credential_usage WHERE last_used < {LONG_AGO}
                     ORDER BY last_used LIMIT {PRUNE_BATCH} FOR UPDATE SKIP LOCKED
                 ))"
            )
            .into(),
            last_used: format!(
                "{READ} (SELECT client_id, credential_id, last_used FROM {schema}.credential_usage) AS held
                 ON held.client_id = $1"
            )
            .into(),
        }
    }
}

/// `number` is the column between id and document.
fn find(table: &str, number: &str) -> Arc<str> {
    format!("{READ} (SELECT id, {number}, document FROM {table}) AS held ON held.id = $1").into()
}

fn list_all(table: &str, number: &str) -> Arc<str> {
    list(&format!("SELECT id, {number}, document FROM {table} WHERE id > $1 ORDER BY id LIMIT $2"))
}

/// An empty page is one row too, without an id. What a join gives has no order of its own.
fn list(page: &str) -> Arc<str> {
    format!("{READ} ({page}) AS held ON true ORDER BY held.id").into()
}

/// Takes the rows that end first and waits for nobody: a row that another transaction holds is left for later. Locking
/// looks at the newest version of a row, so one whose `until` has just been moved is not among them. It is not
/// durable: what a crash brings back is pruned again.
fn prune_table(table: &str, limit: &str) -> String {
    format!(
        "DELETE FROM {table} WHERE until < $1 AND id = ANY (ARRAY(
             SELECT id FROM {table} WHERE until < $1 ORDER BY until LIMIT {limit} FOR UPDATE SKIP LOCKED
         )) RETURNING 1"
    )
}
