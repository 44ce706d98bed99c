//! The client configuration endpoint (RFC 7592 §2).

use super::{Office, presented_token};
use crate::auth::attempt;
use crate::clients::is_made_here;
use crate::endpoint::check_bounds;
use crate::endpoint::registration::client_information;
use crate::error::{ErrorCode, Reason, Rejection, Step, reject, unkept};
use crate::event::{ChangedBy, ClientChange, ClientChanged, Event, RequestTrail};
use crate::http::{Request, Response};
use crate::server::Inner;
use crate::store::{Client, ClientRegistration, Delete, Versioned, latest_client};
use crate::types::{ClientId, RegistrationAccessToken};

/// A client, read for whoever has shown its registration access token.
pub(super) struct Opened {
    pub(super) client: Versioned<Client>,
    pub(super) registration: ClientRegistration,
    pub(super) token: RegistrationAccessToken,
}

impl Opened {
    /// Its token is right, and still a client that an operator has disabled may do nothing (§2).
    pub(super) fn permitted(self) -> Step<Self> {
        match self.client.record().is_enabled() {
            true => Ok(self),
            false => reject(ErrorCode::AccessDenied, Reason::ClientDisabled),
        }
    }
}

impl Inner {
    pub(in crate::server) async fn client_configuration(
        &self,
        request: &Request,
        trail: &mut RequestTrail,
    ) -> Step<Response> {
        let now = self.clock.now();
        let office = self.office()?;
        let method = request.method();
        if !["GET", "PUT", "DELETE"].contains(&method) {
            return reject(ErrorCode::MethodNotAllowed("GET, PUT, DELETE"), Reason::MethodNotAllowed);
        }
        check_bounds(request, &self.limits, &self.issuer)?;
        let id = named_client(request.path());
        trail.client_id = id.clone();
        let (authentication, sender) = (self.client_authentication(now), attempt(id.as_ref(), request));
        authentication.admit(&sender).await?;
        let opened = open(office, request, id.as_ref()).await;
        let opened = authentication.counted(&sender, opened).await?.permitted()?;
        match method {
            "GET" => {
                let url = self.endpoints.client_url(&self.issuer, opened.client.record().id());
                client_information(200, opened.client.record(), (&opened.token, &url), None)
            }
            "PUT" => self.update_client(office, request, opened, now).await,
            _ => self.delete_client(office, opened.client.record().id()).await,
        }
    }

    /// §2.3. Its tokens are judged by the client, so they end with it; who is at it meanwhile finds nothing to change.
    async fn delete_client(&self, office: Office<'_>, id: &ClientId) -> Step<Response> {
        let deleted = match office.registry.delete(id).await {
            Ok(deleted) => deleted,
            // Perhaps done: then it is not there any more.
            Err(failed) => match latest_client(office.registry, id).await {
                Ok(None) => Delete::Done,
                Ok(Some(_)) | Err(_) => return Err(failed.into()),
            },
        };
        match deleted {
            Delete::Done => {
                self.tell_change(id, ClientChange::Deleted);
                Ok(unkept(Response::new(204, Vec::new())))
            }
            Delete::Missing => Err(wrong_token().into()),
        }
    }

    pub(super) fn tell_change(&self, client_id: &ClientId, change: ClientChange<'_>) {
        let by = ChangedBy::Client;
        self.report(&Event::ClientChanged(ClientChanged { client_id, change, by }));
    }
}

/// The client whose registration access token this is (§2, appendix B). There is none, it is another's, or it was rotated: one answer. What
/// does not have the form of one costs no look into the store.
pub(super) async fn open(office: Office<'_>, request: &Request, id: Option<&ClientId>) -> Step<Opened> {
    let token = RegistrationAccessToken::read(presented_token(request)?).ok_or(wrong_token())?;
    let id = id.ok_or(wrong_token())?;
    let client = latest_client(office.registry, id).await?.ok_or(wrong_token())?;
    let registration = client.record().registration().filter(|own| own.is_opened_by(&token, id)).cloned();
    let registration = registration.ok_or(wrong_token())?;
    Ok(Opened { client, registration, token })
}

pub(super) const fn wrong_token() -> Rejection {
    Rejection::new(ErrorCode::InvalidToken, Reason::RegistrationTokenWrong)
}

/// The id in the raw path: its last segment, of the form that ids of registration have. Whatever is escaped or steps up and down
/// names nobody (T81), and a token that somebody puts there gets into no event.
fn named_client(path: &str) -> Option<ClientId> {
    let segment = path.rsplit('/').next()?;
    is_made_here(segment).then(|| ClientId::new(segment).ok()).flatten()
}
