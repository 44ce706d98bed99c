//! Registration (RFC 7591) and its management (RFC 7592). Everything that can refuse comes before the one write.

mod configuration;
mod update;

use super::Inner;
use crate::auth::attempt;
use crate::bearer::bearer;
use crate::clients::{NewSecret, new_client_id, new_registration_token, takes_secret};
use crate::endpoint::registration::{
    ClientMetadata, Openness, RegistrationRules, Said, ShownSecret, client_information, verify_statement,
};
use crate::endpoint::{check_bounds, read_json};
use crate::error::{ErrorCode, Fault, Reason, Rejection, Step, reject};
use crate::event::{ChangedBy, ClientChange, ClientChanged, Event, RequestTrail};
use crate::http::{Request, Response};
use crate::jose::{Json, Members};
use crate::store::{
    Client, ClientBuilder, ClientRegistration, ClientRegistry, Consume, Credential, InitialAccess,
    InitialAccessStore, Insert, RegistrationBounds, Revision,
};
use crate::types::{ClientSecret, InitialAccessToken, InvalidValue, Timestamp};

/// What registration goes by and where it writes.
#[derive(Clone, Copy)]
struct Office<'a> {
    rules: &'a RegistrationRules,
    registry: &'a dyn ClientRegistry,
}

/// By what somebody may register a client, and what it may be.
struct Access<'a> {
    bounds: RegistrationBounds,
    /// To be used up; nothing for the initial access token of the configuration.
    stored: Option<(&'a dyn InitialAccessStore, InitialAccess)>,
}

impl Inner {
    fn office(&self) -> Step<Office<'_>> {
        match (&self.registration, &self.stores.registry) {
            (Some(rules), Some(registry)) => Ok(Office { rules, registry: &**registry }),
            _ => reject(ErrorCode::NotFound, Reason::EndpointOff),
        }
    }

    /// RFC 7591 §3. The use of an initial access token is counted last: what is refused uses nothing up, and a client that could
    /// not be stored afterwards costs one use.
    pub(super) async fn register(&self, request: &Request, trail: &mut RequestTrail) -> Step<Response> {
        let now = self.clock.now();
        let office = self.office()?;
        if request.method() != "POST" {
            return reject(ErrorCode::MethodNotAllowed("POST"), Reason::MethodNotAllowed);
        }
        check_bounds(request, &self.limits, &self.issuer)?;
        let (authentication, sender) = (self.client_authentication(now), attempt(None, request));
        authentication.admit(&sender).await?;
        let access = self.initial_access(office.rules, request, now).await;
        let Access { bounds, stored } = authentication.counted(&sender, access).await?;
        let body = read_json(request)?;
        let metadata = self.metadata(&body, office.rules, (&bounds, None), now).await?;
        let id = new_client_id(&*self.entropy).map_err(Fault::internal)?;
        let token = new_registration_token(&*self.entropy).map_err(Fault::internal)?;
        let initial_access = bounds.initial_access.clone();
        let registration = ClientRegistration::new(token.digest(&id), bounds, metadata.further.clone());
        let draft = Client::builder(id.clone(), metadata.auth_method.clone())
            .created_at(now)
            .token_epoch(Client::first_token_epoch(&*self.entropy).map_err(Fault::internal)?);
        let draft = metadata.apply(draft).credentials(metadata.credentials().map_err(broken)?);
        let draft = draft.registration(registration).build().map_err(broken)?;
        let (client, secret) = match takes_secret(draft.auth_method()) {
            true => {
                self.with_secret(&draft, office.rules, now).map(|(client, secret)| (client, Some(secret)))?
            }
            false => (draft, None),
        };
        let first = Revision::first(&*self.entropy).map_err(Fault::internal)?;
        if let Some((store, access)) = stored {
            match store.consume(access.id(), access.max_uses().unwrap_or(u32::MAX)).await? {
                Consume::Done => {}
                Consume::Spent => return reject(ErrorCode::InvalidToken, Reason::InitialAccessSpent),
                Consume::Missing => return reject(ErrorCode::InvalidToken, Reason::InitialAccessUnknown),
            }
        }
        match office.registry.insert(first, &client).await? {
            Insert::Done => {}
            Insert::Exists => return Err(Fault::internal("an id of 128 random bits is taken").into()),
        }
        trail.client_id = Some(id.clone());
        let by = ChangedBy::Registration { initial_access: initial_access.as_ref() };
        self.report(&Event::ClientChanged(ClientChanged {
            client_id: &id,
            change: ClientChange::Created,
            by,
        }));
        let url = self.endpoints.client_url(&self.issuer, &id);
        let shown = secret.as_ref().map(|secret| shown(&client, secret));
        client_information(201, &client, (&token, &url), shown)
    }

    /// Who may register anybody (RFC 7591 §3, RFC 6750 §3.1). What does not have the form of one of ours costs no look into a store.
    async fn initial_access(
        &self,
        rules: &RegistrationRules,
        request: &Request,
        now: Timestamp,
    ) -> Step<Access<'_>> {
        let unknown = Rejection::new(ErrorCode::InvalidToken, Reason::InitialAccessUnknown);
        let presented = presented_token(request)?;
        if rules.is_opened_by(presented) {
            let scope = rules.open.scope.clone();
            let bounds = RegistrationBounds { initial_access: None, scope, auth_methods: None };
            return Ok(Access { bounds, stored: None });
        }
        let (id, digest) = InitialAccessToken::read(presented).ok_or(unknown)?;
        let store = self.stores.initial_access.as_deref().ok_or(unknown)?;
        let found = store.find(&id).await?.ok_or(unknown)?;
        if found.access.id() != &id {
            return Err(
                Fault::internal("the store gave another initial access token than it was asked for").into()
            );
        }
        if !found.access.is_of(&digest) {
            return Err(unknown.into());
        }
        if found.access.expires_at().is_some_and(|end| end <= now) {
            return reject(ErrorCode::InvalidToken, Reason::InitialAccessExpired);
        }
        if found.access.max_uses().is_some_and(|most| found.uses >= most) {
            return reject(ErrorCode::InvalidToken, Reason::InitialAccessSpent);
        }
        let scope = match found.access.scope() {
            Some(scope) => scope.intersect(&rules.open.scope),
            None => rules.open.scope.clone(),
        };
        let auth_methods = found.access.auth_methods().cloned();
        let bounds = RegistrationBounds { initial_access: Some(id), scope, auth_methods };
        Ok(Access { bounds, stored: Some((store, found.access)) })
    }

    /// What the client shall be, by the request and a software statement in it.
    async fn metadata(
        &self,
        body: &Members<'_>,
        rules: &RegistrationRules,
        (bounds, registered): (&RegistrationBounds, Option<&ClientRegistration>),
        now: Timestamp,
    ) -> Step<ClientMetadata> {
        let open: Openness = rules.open.bounded_by(bounds);
        let read = |said: Said<'_>| ClientMetadata::read(&said, &open).map_err(|rule| broken(rule).into());
        let statement = match body.get("software_statement") {
            None | Some(Json::Null) => return read(Said::new(body)),
            Some(value) => value.as_text().ok_or(broken(InvalidValue::new("software_statement", "text")))?,
        };
        let authentication = self.client_authentication(now);
        let (published, assertions) = (authentication.published, &authentication.rules);
        let is_registered =
            registered.is_some_and(|own| own.metadata().get("software_statement") == Some(&statement.into()));
        let statement_at_hand = (statement, is_registered);
        let payload =
            verify_statement(statement_at_hand, &rules.software_issuers, published, assertions).await?;
        let unread = Rejection::new(ErrorCode::InvalidSoftwareStatement, Reason::JwtMalformed);
        let vouched = Members::parse(&payload).ok_or(unread)?;
        read(Said::new(body).vouched(statement, &vouched))
    }

    /// With a secret more, which lives as long as registration lets it.
    fn with_secret(
        &self,
        draft: &Client,
        rules: &RegistrationRules,
        now: Timestamp,
    ) -> Step<(Client, ClientSecret)> {
        let made = NewSecret::make(draft, &self.host_keys, &*self.entropy);
        let NewSecret { secret, credential } = made.map_err(Fault::internal)?;
        let credential = credential.valid_until(rules.secret_lifetime.map(|life| now.plus(life)));
        let client = draft.to_builder().credential(credential).build().map_err(broken)?;
        Ok((client, secret))
    }
}

impl ClientMetadata {
    /// All of it but the credentials.
    fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        client
            .auth_method(self.auth_method.clone())
            .auth_signing_alg(self.auth_signing_alg)
            .grant_types(self.grant_types.iter().cloned())
            .scope(self.scope.clone())
            .name(self.name.clone().unwrap_or_default())
    }

    /// The keys, or where they are.
    fn credentials(&self) -> Result<Vec<Credential>, InvalidValue> {
        let keys = self.keys.iter().cloned().map(Credential::key);
        keys.chain(self.key_set.clone().map(Credential::key_set)).collect()
    }
}

/// The one bearer token of a request to these endpoints.
fn presented_token(request: &Request) -> Step<&str> {
    match bearer(request.header("authorization")) {
        Ok(Some(token)) => Ok(token),
        Ok(None) => reject(ErrorCode::TokenMissing, Reason::TokenMissing),
        Err(reason) => reject(ErrorCode::InvalidRequest, reason),
    }
}

/// A secret of this client, with the end of its credential.
fn shown<'a>(client: &Client, secret: &'a ClientSecret) -> ShownSecret<'a> {
    let held = client.credentials().iter().find(|held| held.id() == secret.credential_id());
    ShownSecret { text: secret.expose(), expires_at: held.and_then(Credential::expires_at) }
}

fn broken(rule: InvalidValue) -> Rejection {
    Rejection::new(ErrorCode::InvalidClientMetadata(rule), Reason::ClientMetadata)
}
