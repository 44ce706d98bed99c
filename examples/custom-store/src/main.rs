//! `DATABASE_URL=postgres://… cargo run -p custom-store`, then paste the commands that it prints.

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL to a PostgreSQL database of yours")?;

    // Both bounds, so that a request is answered in time when the database is slow or away: with 503. Lazily, so that
    // the server starts before the database too.
    let options: PgConnectOptions = url.parse()?;
    let options = options.options([("statement_timeout", "2s")]);
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(2)).connect_lazy_with(options);

    match sqlx::query("SELECT FROM api_customers LIMIT 1").fetch_optional(&pool).await {
        Ok(_) => {}
        Err(sqlx::Error::Database(error)) => {
            println!("{}\nTo make the table, with two customers:", error.message());
            println!("  psql \"$DATABASE_URL\" -f examples/custom-store/schema.sql\n");
        }
        Err(error) => println!("the database does not answer yet: {error}\n"),
    }

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    let server = custom_store::server(&issuer, pool).await?;
    print!("{}", server.summary());

    println!("\nA token for a customer, with the password that it has:");
    println!("  curl -u acme:correct-horse-battery -d grant_type=client_credentials {issuer}/oauth2/token");
    println!("\nThe application locks it out, and some seconds later it gets none:");
    println!("  psql \"$DATABASE_URL\" -c \"UPDATE api_customers SET active = false WHERE login = 'acme'\"");

    let app = Router::new().merge(grantor_axum::router(server.clone()));
    grantor_axum::spawn_maintenance(server);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
