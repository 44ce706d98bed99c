//! `initial-access create`, `list` and `delete`: tokens by which clients register themselves (RFC 7591 §1.2), while servers
//! run.

use grantor::store::{
    CountedAccess, Delete, InitialAccess, InitialAccessQuery, InitialAccessStore, Insert, StoreError,
};
use grantor::{Clock, InitialAccessId, InvalidValue, Scope, SystemClock, SystemEntropy, Timestamp};
use serde_json::{Map, Value, json};

use crate::clients::{Desk, methods_of};
use crate::config::{Mistake, Stated};
use crate::failure::Failure;
use crate::flags::{Flags, InitialAccessCommand, Method, NewInitialAccess};
use crate::paste::{pretty, say, say_once, table, typed};
use crate::when::{ago, at};

/// How many are asked for at a time.
const PAGE: usize = 500;

/// One of the commands. It works on the store that the running servers share, and needs none of them.
pub(crate) async fn run(flags: &Flags, command: &InitialAccessCommand) -> Result<(), Failure> {
    let desk = Desk::open(flags).await?;
    match command {
        InitialAccessCommand::Create { wanted, output } => desk.create_access(wanted, output.json).await,
        InitialAccessCommand::List { output } => desk.list_access(output.json).await,
        InitialAccessCommand::Delete { id, output } => desk.delete_access(id, output.json).await,
    }
}

impl Desk {
    async fn create_access(&self, wanted: &NewInitialAccess, as_json: bool) -> Result<(), Failure> {
        let tokens = self.access_tokens()?;
        let stated = Stated::by_flags(&self.config);
        let scope = wanted.scope.as_deref().map(|text| stated.scope("scope", text)).transpose()?;
        if wanted.auth_methods.contains(&Method::WorkloadJwt) {
            let wrong = "no client registers itself for workload_jwt: which workload it is, an operator says";
            let remedy =
                "write client_secret_basic, client_secret_post, client_secret_jwt or private_key_jwt";
            return Err(Mistake::new("--auth", wrong, remedy).into());
        }
        let now = SystemClock::new().now();
        let issued = InitialAccess::issue(&SystemEntropy::new());
        let (token, access) = issued.map_err(|error| Failure::because("no token could be made", error))?;
        let mut access = access
            .label(wanted.label.as_deref().unwrap_or_default())
            .max_uses(wanted.uses)
            .valid_until(wanted.expires.map(|span| now.plus(span)))
            .scope(scope)
            .created_at(now);
        if !wanted.auth_methods.is_empty() {
            access = access.auth_methods(wanted.auth_methods.iter().map(|method| method.auth_method()));
        }
        let broken = |rule: InvalidValue| stated.broken("it breaks a rule", rule);
        let access = access.build().map_err(broken)?;
        let (id, secret) = (access.id(), token.expose());
        match tokens.insert(&access).await {
            Ok(Insert::Done) => {}
            Ok(Insert::Exists) => {
                return Err(Failure::Runtime(format!("there is a token `{id}` already: run this again")));
            }
            Err(error) => {
                let told = match as_json {
                    true => pretty(
                        &json!({ "id": id.as_str(), "initial_access_token": secret, "unconfirmed": true }),
                    ),
                    false => format!("# If `initial-access list` shows {id}, this is it:\n\n{secret}\n"),
                };
                say_once(&told)?;
                return Err(Failure::because("it is not certain that it was stored", error));
            }
        }
        if as_json {
            let mut told = Map::from_iter([("initial_access_token".to_owned(), secret.into())]);
            told.extend(document(&CountedAccess::new(access, 0)));
            return say_once(&pretty(&Value::Object(told)));
        }
        say_once(&format!(
            "The initial access token {id} is issued. Servers take it that have [registration] in their configuration.\n\n# \
             Whoever has it registers clients. It is shown this once and kept nowhere:\n\n{secret}\n"
        ))
    }

    async fn list_access(&self, as_json: bool) -> Result<(), Failure> {
        let tokens = self.access_tokens()?;
        let mut all: Vec<CountedAccess> = Vec::new();
        let mut query = InitialAccessQuery::first(PAGE);
        loop {
            let page = tokens.list(&query).await.map_err(unreadable)?;
            all.extend(page.tokens);
            let Some(last) = page.next else { break };
            query = query.starting_after(last);
        }
        if as_json {
            return say(&pretty(&all.iter().map(|token| Value::Object(document(token))).collect()));
        }
        if all.is_empty() {
            return say("No initial access tokens: `initial-access create` issues one.\n");
        }
        let head = ["ID", "LABEL", "USED", "CREATED", "UNTIL", "AUTH", "SCOPE"].map(str::to_owned).to_vec();
        let now = SystemClock::new().now();
        let rows = all.iter().map(|token| row(token, now));
        say(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()))
    }

    async fn delete_access(&self, id: &str, as_json: bool) -> Result<(), Failure> {
        let tokens = self.access_tokens()?;
        let unknown = || {
            let shown = typed(id);
            Failure::Runtime(format!("there is no initial access token `{shown}`; see `initial-access list`"))
        };
        let name = InitialAccessId::new(id).map_err(|_| unknown())?;
        let deleted = tokens.delete(&name).await;
        match deleted.map_err(|error| Failure::because("it may not have been deleted", error))? {
            Delete::Done if as_json => say(&pretty(&json!({ "id": id, "deleted": true }))),
            Delete::Done => say(&format!("{id} is deleted. Clients that registered with it stay.\n")),
            Delete::Missing => Err(unknown()),
        }
    }

    fn access_tokens(&self) -> Result<&dyn InitialAccessStore, Failure> {
        self.initial_access.as_deref().ok_or_else(|| {
            let wrong = "memory storage keeps no initial access tokens that a command could see";
            let remedy = "start the server with --initial-access-token, or write --storage postgres or redis";
            Mistake::new("--storage (GRANTOR_STORAGE)", wrong, remedy).into()
        })
    }
}

fn unreadable(error: StoreError) -> Failure {
    Failure::because("the initial access tokens cannot be read", error)
}

fn row(token: &CountedAccess, now: Timestamp) -> Vec<String> {
    let own = &token.access;
    let none = || "-".to_owned();
    vec![
        own.id().as_str().to_owned(),
        own.label().unwrap_or("-").to_owned(),
        own.max_uses().map_or_else(|| token.uses.to_string(), |most| format!("{} of {most}", token.uses)),
        own.created_at().map_or_else(none, |moment| ago(moment, now)),
        own.expires_at().map_or_else(none, |moment| at(moment, now)),
        own.auth_methods().map_or_else(|| "all".to_owned(), |methods| methods_of(methods).join(" ")),
        own.scope().map_or("all", Scope::as_str).to_owned(),
    ]
}

fn document(token: &CountedAccess) -> Map<String, Value> {
    let own = &token.access;
    let moment = |moment: Option<Timestamp>| Value::from(moment.map(|moment| moment.to_string()));
    let methods = own.auth_methods().map(methods_of);
    [
        ("id", own.id().as_str().into()),
        ("label", own.label().into()),
        ("uses", token.uses.into()),
        ("max_uses", own.max_uses().into()),
        ("created_at", moment(own.created_at())),
        ("expires_at", moment(own.expires_at())),
        ("scope", own.scope().map(Scope::as_str).into()),
        ("auth_methods", methods.into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
