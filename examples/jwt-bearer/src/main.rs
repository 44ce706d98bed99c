//! A service account that gets tokens without any stored secret (RFC 7523 §2.1): `cargo run -p jwt-bearer`.

mod authorization;
mod service_account;

use std::error::Error;

use service_account::ServiceAccount;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();

    // Made at start, and gone with the process: nothing to store, to hand over or to steal from a disk.
    let robot = ServiceAccount::new("robot")?;
    let public_jwk = robot.public_jwk()?;
    println!("The service account made a key. What it shows of it:\n  {public_jwk}");

    // Whoever administers the server registers that public half.
    let issuer = authorization::serve(robot.id(), &public_jwk).await?;
    println!("It is registered for the JWT grant at {issuer}");

    // The assertion is the grant, and nothing else is sent.
    let assertion = robot.assertion(&issuer)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
    let ask = || http.post(format!("{issuer}/oauth2/token")).form(&form).send();
    let token: serde_json::Value = ask().await?.error_for_status()?.json().await?;
    let text = |name: &str| token.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    println!("Its assertion got a token:\n  {} for scope {}", text("token_type"), text("scope"));

    let report = http.get(format!("{issuer}/report")).bearer_auth(text("access_token")).send().await?;
    println!("The API says:\n  {} {}", report.status().as_u16(), report.text().await?);

    // Whoever has seen the assertion has nothing: it was good for one request.
    let again = ask().await?;
    println!("The same assertion again:\n  {} {}", again.status().as_u16(), again.text().await?);
    Ok(())
}
