//! The store: a row of the application's table becomes a client.

use std::time::Duration;

use grantor::store::{AuthMethod, Client, ClientStore, Credential, Revision, StoreError, Versioned};
use grantor::{ClientId, CredentialId, Scope, async_trait};
use serde_json::{Map, Value};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Error, Row};
use tokio::time::timeout;

/// One statement, so that password, permissions and state are one snapshot. The first condition is what the
/// application has an index for; the second makes it byte for byte, without which `ACME` would be `acme`.
const FIND: &str = "
    SELECT login, password_bcrypt, company, tenant, plan, permissions, active
      FROM api_customers
     WHERE lower(login) = lower($1) AND login COLLATE \"C\" = $1";

/// The permissions that mean something to the API. The application has others, and will have more: what is not here
/// is no scope, rather than one that nobody thought of.
const SCOPES: [(&str, &str); 2] = [("invoice_read", "invoices:read"), ("invoice_write", "invoices:write")];

/// Of a whole call: neither of the pool's and PostgreSQL's own bounds ends one to a server that has gone silent.
const BOUND: Duration = Duration::from_secs(3);

/// The application's customers as clients, read-only.
#[derive(Clone, Debug)]
pub struct Customers(PgPool);

impl Customers {
    /// Over the application's own pool, or one of a role that may read the table and nothing else.
    ///
    /// A call takes 3 s at the most. Set less there, so that connections are free again before:
    /// `PgPoolOptions::acquire_timeout` and PostgreSQL's `statement_timeout`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl ClientStore for Customers {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        // An outage is an error and never "no such client": machines would be told that their password is wrong.
        let answer = timeout(BOUND, sqlx::query(FIND).bind(id.as_str()).fetch_optional(&self.0)).await;
        let row = answer.map_err(StoreError::unavailable)?.map_err(StoreError::unavailable)?;
        // Nobody updates through this store, so any revision but 0 will do.
        row.map(|row| Ok(Versioned::new(client(&row)?, Revision::new(1)))).transpose()
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A row that is no client is an error too: it will not get better, and somebody has to look at it.
fn client(row: &PgRow) -> Result<Client, StoreError> {
    let login: String = column(row, "login")?;
    let password: String = column(row, "password_bcrypt")?;
    let company: String = column(row, "company")?;
    let permissions: Vec<String> = column(row, "permissions")?;
    let active: bool = column(row, "active")?;

    let password =
        Credential::imported(CredentialId::new("password").map_err(StoreError::corrupt)?, password);
    // The id comes from the row and not from the request, so that core can see that it is the same.
    Client::builder(ClientId::new(login).map_err(StoreError::corrupt)?, AuthMethod::CLIENT_SECRET_BASIC)
        .name(company)
        .credential(password)
        .scope(scope(&permissions)?)
        .enabled(active)
        .metadata(metadata(row)?)
        .build()
        .map_err(StoreError::corrupt)
}

fn scope(permissions: &[String]) -> Result<Scope, StoreError> {
    let granted =
        SCOPES.into_iter().filter(|(permission, _)| permissions.iter().any(|held| held == permission));
    Scope::from_tokens(granted.map(|(_, scope)| scope)).map_err(StoreError::corrupt)
}

/// For an issuance policy, which could put the tenant into the token or give another plan longer ones.
fn metadata(row: &PgRow) -> Result<Map<String, Value>, StoreError> {
    let texts = ["tenant", "plan"].into_iter().map(|name| {
        let text: String = column(row, name)?;
        Ok((name.to_owned(), Value::String(text)))
    });
    texts.collect()
}

fn column<'r, T>(row: &'r PgRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(name).map_err(|error: Error| StoreError::corrupt(error))
}
