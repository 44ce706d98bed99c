//! The order's own proof: three processes on one store, keys that change every 2 s, and load; one process is killed on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth2::reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::seen::{Seen, checked};
use crate::program::{Program, between};
use crate::storage::issuer::{Issuer, Kind};
use crate::tokens::http;

const CONFIG: &str = r#"
clock_skew = "0s"
[keys]
rotate_every = "2s"
propagation = "1s"
[[resources]]
uri = "https://api.example.com"
scopes = ["read"]
lifetime = "4s"
"#;
const SERVERS: usize = 3;
/// How many ask at a time, and how often each.
const CLIENTS: u64 = 3;
const BEAT: Duration = Duration::from_millis(100);
/// A token is looked at when it is new and again so many times until it expires.
const LOOKS: usize = 4;

/// Where each server listens; `None` while it is killed.
type Addresses = Arc<Mutex<[Option<String>; SERVERS]>>;

/// Chooses among the servers, the same way each time.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("small") % sides
    }
}

/// One who asks for tokens, verifies each by what another server publishes, and has it introspected until it expires.
#[derive(Clone)]
struct Asker {
    http: Client,
    addresses: Addresses,
    secret: String,
    dice: Dice,
    /// How often a store took too long on a machine that has much else to do.
    outages: Arc<AtomicUsize>,
}

impl Asker {
    /// Any server but this one, as it is now.
    fn choose(&mut self, but: Option<usize>) -> (usize, String) {
        loop {
            let server = self.dice.roll(SERVERS);
            let address = self.addresses.lock().expect("addresses")[server].clone();
            if let Some(address) = address.filter(|_| but != Some(server)) {
                return (server, address);
            }
        }
    }

    /// `None` where the server was killed meanwhile, which is no fault of its answer, or its store had no time for it.
    async fn answer(
        &mut self,
        but: Option<usize>,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> Option<(usize, String)> {
        let (server, address) = self.choose(but);
        let url = format!("http://{address}{path}");
        let request = match form {
            Some(form) => self.http.post(url).basic_auth("shop", Some(&self.secret)).form(form),
            None => self.http.get(url),
        };
        let answer = async {
            let answer = request.send().await.and_then(Response::error_for_status)?;
            answer.text().await
        };
        match answer.await {
            Ok(text) => Some((server, text)),
            Err(error) if error.status() == Some(StatusCode::SERVICE_UNAVAILABLE) => {
                self.outages.fetch_add(1, Ordering::Relaxed);
                None
            }
            Err(error) => {
                let is_same = self.addresses.lock().expect("addresses")[server].as_ref() == Some(&address);
                assert!(!is_same, "{path} of server {server}: {error}");
                None
            }
        }
    }

    /// A token, and what another server published right after it.
    async fn ask(&mut self) -> Option<Seen> {
        let form = [("grant_type", "client_credentials"), ("scope", "read")];
        let (server, answer) = self.answer(None, "/oauth2/token", Some(&form)).await?;
        let token = between(&answer, "{\"access_token\":\"", "\"").to_owned();
        let keys = loop {
            // The one that was asked may be killed; then another one is.
            if let Some((_, keys)) = self.answer(Some(server), "/.well-known/jwks.json", None).await {
                break keys;
            }
        };
        Some(checked(server, token, &keys))
    }

    /// Whether it is active, to its owner. `None` where nobody could say.
    async fn is_active(&mut self, token: &str) -> Option<bool> {
        let (_, told) = self.answer(None, "/oauth2/introspect", Some(&[("token", token)])).await?;
        let told: Value = serde_json::from_str(&told).expect("JSON");
        Some(told["active"].as_bool().expect("a boolean"))
    }

    /// Looks at it again and again. What is answered before it expires says that it is active.
    async fn watch(&mut self, seen: &Seen) -> usize {
        let (mut beat, mut looks) =
            (interval(Duration::from_secs(4) / u32::try_from(LOOKS).expect("few")), 0);
        loop {
            beat.tick().await;
            let told = self.is_active(&seen.token).await;
            if seen.has_expired() {
                return looks;
            }
            assert_ne!(told, Some(false), "of {} at {}, and it lives until {}", seen.kid, seen.iat, seen.exp);
            looks += usize::from(told.is_some());
        }
    }
}

/// For so long, and one server is killed and started again halfway.
async fn rotates(kind: Kind, lasts: Duration, least: usize) {
    let issuer = Issuer::with_config(kind, CONFIG);
    let made = issuer.command(&["clients", "create", "--id", "shop", "--scope", "read"]);
    let secret = between(&made, "\nSHOP_SECRET=", "\n").to_owned();
    let start = || issuer.server_with(&[("RUST_LOG", "warn")]);
    let mut servers: Vec<Program> = (0..SERVERS).map(|_| start()).collect();
    let addresses: Addresses =
        Arc::new(Mutex::new(std::array::from_fn(|server| Some(servers[server].address.clone()))));
    let (begun, outages) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut askers = JoinSet::new();
    for client in 1..=CLIENTS {
        let mut asker = Asker {
            http: http(),
            addresses: Arc::clone(&addresses),
            secret: secret.clone(),
            dice: Dice(client),
            outages: Arc::clone(&outages),
        };
        askers.spawn(async move {
            let (mut tokens, mut watches, mut beat) = (Vec::new(), JoinSet::new(), interval(BEAT));
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while begun.elapsed() < lasts {
                beat.tick().await;
                let Some(seen) = asker.ask().await else { continue };
                let (mut watcher, watched) = (asker.clone(), seen.clone());
                watches.spawn(async move { watcher.watch(&watched).await });
                tokens.push(seen);
            }
            let looks: usize = watches.join_all().await.into_iter().sum();
            (tokens, looks)
        });
    }
    // Halfway, in the middle of everything.
    assert!(timeout(lasts / 2, askers.join_next()).await.is_err(), "an asker ended early");
    addresses.lock().expect("addresses")[1] = None;
    servers[1].signal("KILL");
    let again = block_in_place(start);
    addresses.lock().expect("addresses")[1] = Some(again.address.clone());
    drop(std::mem::replace(&mut servers[1], again));

    let (mut tokens, mut looks) = (Vec::new(), 0);
    for (own, own_looks) in askers.join_all().await {
        tokens.extend(own);
        looks += own_looks;
    }
    let kids = super::seen::check(&tokens);
    let outages = outages.load(Ordering::Relaxed);
    println!(
        "{kind:?}: {} tokens, {looks} looks, {kids} keys, {outages} times 503 in {lasts:?}",
        tokens.len()
    );
    assert!(outages * 100 <= tokens.len(), "{outages} outages");
    assert!(kids > least, "{kids} keys, so {} changes", kids - 1);
    assert!(looks > 2 * tokens.len(), "{looks} looks at {} tokens", tokens.len());
    for server in servers {
        let ended = server.stopped();
        assert_eq!(ended.code, Some(0));
        let is_wrong = |line: &&str| line.contains(" ERROR ") && !line.contains("unavailable");
        assert_eq!(ended.written.lines().find(is_wrong), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t66_keys_change_every_2_seconds_under_load_and_every_token_verifies_on_postgresql() {
    rotates(Kind::Postgres, Duration::from_secs(100), 40).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t66_keys_change_every_2_seconds_under_load_and_every_token_verifies_on_redis() {
    rotates(Kind::Redis, Duration::from_secs(100), 40).await;
}
