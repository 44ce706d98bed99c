//! A client changes its registration (RFC 7592 §2.2): the request replaces what it says about itself, and nothing that the
//! operator says about it.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::configuration::{Opened, open, wrong_token};
use super::{Office, broken, shown};
use crate::auth::pepper_missing;
use crate::clients::{new_registration_token, takes_secret};
use crate::endpoint::read_json;
use crate::endpoint::registration::{ClientMetadata, RegistrationRules, client_information};
use crate::error::{Fault, Rejection, Step};
use crate::event::ClientChange;
use crate::http::{Request, Response};
use crate::jose::{Json, Members};
use crate::server::Inner;
use crate::store::{AuthMethod, Client, ClientRegistration, Credential, CredentialKind, Update};
use crate::types::{ClientId, ClientSecret, InvalidValue, Timestamp};

/// How often an update is made anew because somebody else changed the client meanwhile.
const ATTEMPTS: usize = 8;

/// What only the server says (§2.2).
const OURS: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

impl Inner {
    pub(super) async fn update_client(
        &self,
        office: Office<'_>,
        request: &Request,
        mut opened: Opened,
        now: Timestamp,
    ) -> Step<Response> {
        let body = read_json(request)?;
        let id = opened.client.record().id().clone();
        check_names(&body, &id)?;
        for _ in 0..ATTEMPTS {
            let (client, registration) = (opened.client.record(), opened.registration);
            let metadata = self
                .metadata(&body, office.rules, (&registration.bounds(), Some(&registration)), now)
                .await?;
            let presented = self.current_secret(client, &body, now)?;
            let token = new_registration_token(&*self.entropy).map_err(Fault::internal)?;
            let registration = registration.renewed(token.digest(&id), metadata.further.clone());
            let draft = replaced(client, &metadata, registration, now).map_err(broken)?;
            let (changed, made) = match needs_secret(&draft, office.rules, now) {
                true => {
                    self.with_secret(&draft, office.rules, now).map(|(client, made)| (client, Some(made)))?
                }
                false => (draft, None),
            };
            let updated = match office.registry.update(opened.client.revision(), &changed).await {
                Ok(updated) => updated,
                Err(failed) => office.confirm(&id, &token, failed).await.map(|()| Update::Done)?,
            };
            match updated {
                Update::Done => {
                    self.tell_change(&id, ClientChange::Updated);
                    let url = self.endpoints.client_url(&self.issuer, &id);
                    // One that went with its method is not the client's any more.
                    let is_kept = |secret: &&ClientSecret| {
                        changed.credentials().iter().any(|held| held.id() == secret.credential_id())
                    };
                    let shown = made
                        .as_ref()
                        .or(presented.as_ref().filter(is_kept))
                        .map(|secret| shown(&changed, secret));
                    return client_information(200, &changed, (&token, &url), shown);
                }
                Update::Missing => return Err(wrong_token().into()),
                // By the operator, or by the client itself: then the token that was shown is dead.
                Update::Conflict => opened = open(office, request, Some(&id)).await?.permitted()?,
            }
        }
        Err(Fault::unavailable("somebody else changes the client all the time").into())
    }

    /// The secret that the request shows, if it is one that the client has (§2.2).
    fn current_secret(
        &self,
        client: &Client,
        body: &Members<'_>,
        now: Timestamp,
    ) -> Step<Option<ClientSecret>> {
        let wrong =
            broken(InvalidValue::new("client_secret", "the current one: a client cannot choose its own"));
        let text = match body.get("client_secret") {
            None | Some(Json::Null) => return Ok(None),
            Some(value) => value.as_text().ok_or(wrong)?,
        };
        let secret = ClientSecret::parse(text).map_err(|_| wrong)?;
        let held = client.credentials().iter().find(|held| held.id() == secret.credential_id());
        let held = held.filter(|held| held.is_valid_at(now)).ok_or(wrong)?;
        let is_right = match held.kind() {
            CredentialKind::Digest(stored) => {
                let fits = self.host_keys.fits(Some(stored), client.id(), held.id().as_str(), text);
                fits.ok_or_else(|| pepper_missing(client.id(), Some(stored)))?
            }
            CredentialKind::SealedSecret(sealed) => {
                let opened = self.host_keys.open_secret(client.id(), held.id(), sealed);
                let opened: Zeroizing<Vec<u8>> = opened.map_err(Fault::internal)?;
                bool::from(opened.as_slice().ct_eq(text.as_bytes()))
            }
            CredentialKind::Imported(_)
            | CredentialKind::Key(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::Workload(_)
            | CredentialKind::Unknown(_) => false,
        };
        if is_right { Ok(Some(secret)) } else { Err(wrong.into()) }
    }
}

/// Whose it is, and that it says nothing that only the server says (§2.2).
fn check_names(body: &Members<'_>, id: &ClientId) -> Result<(), Rejection> {
    let named = body.get("client_id").and_then(Json::as_text);
    if named != Some(id.as_str()) {
        return Err(broken(InvalidValue::new("client_id", "given, and the one that this place is of")));
    }
    match OURS.into_iter().find(|name| body.get(name).is_some_and(|value| *value != Json::Null)) {
        Some(name) => Err(broken(InvalidValue::new(name, "left out of an update (RFC 7592 section 2.2)"))),
        None => Ok(()),
    }
}

/// The record with what the client says about itself. What the operator added to it stays.
fn replaced(
    client: &Client,
    metadata: &ClientMetadata,
    registration: ClientRegistration,
    now: Timestamp,
) -> Result<Client, InvalidValue> {
    let held = client.credentials();
    let kept = held.iter().filter(|held| stays(held, metadata, now)).cloned();
    // A key that was there before keeps its life, so that one whose end an operator has set does not begin anew.
    let known = |key: Credential| match held.iter().find(|held| held.id() == key.id()) {
        Some(held) => {
            let label = held.label().unwrap_or_default();
            key.valid_from(held.not_before()).valid_until(held.expires_at()).labelled(label)
        }
        None => key,
    };
    let keys = metadata.credentials()?.into_iter().map(known);
    let default_scope = client.narrowed_default_scope().map(|narrowed| narrowed.intersect(&metadata.scope));
    let builder = metadata.apply(client.to_builder()).default_scope(default_scope);
    builder.credentials(kept.chain(keys).collect::<Vec<_>>()).registration(registration).build()
}

/// Whether a credential outlives the update. Keys come anew.
fn stays(held: &Credential, metadata: &ClientMetadata, now: Timestamp) -> bool {
    let has_ended = held.has_ended(now);
    let is_sent =
        takes_secret(&metadata.auth_method) && metadata.auth_method != AuthMethod::CLIENT_SECRET_JWT;
    match held.kind() {
        CredentialKind::Digest(_) | CredentialKind::Imported(_) => is_sent && !has_ended,
        CredentialKind::SealedSecret(secret) => {
            let is_signed_with = metadata.auth_method == AuthMethod::CLIENT_SECRET_JWT;
            is_signed_with && metadata.auth_signing_alg == Some(secret.algorithm()) && !has_ended
        }
        CredentialKind::Key(_) | CredentialKind::KeySet(_) => false,
        CredentialKind::Workload(_) => true,
        // A key for which this build has no algorithm goes as any other.
        CredentialKind::Unknown(members) => !members.contains_key("key"),
    }
}

/// Whether it goes by a secret and has none that lives for a good while.
fn needs_secret(client: &Client, rules: &RegistrationRules, now: Timestamp) -> bool {
    let until = rules.secret_lifetime.map(|life| now.plus(life / 2));
    let lasts = |held: &Credential| {
        let is_long = until.is_none_or(|until| held.expires_at().is_none_or(|end| end >= until));
        crate::clients::is_secret(held) && held.is_valid_at(now) && is_long
    };
    takes_secret(client.auth_method()) && !client.credentials().iter().any(lasts)
}
