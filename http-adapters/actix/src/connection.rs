//! What is known of the connection that a request came over.

use std::net::SocketAddr;

use actix_web::{HttpMessage, HttpRequest};
use grantor::http::Transport;

/// What the host's TLS acceptor knows of a connection. Put it into the extensions of the connection, or of a request,
/// which win; it wins over actix-web's own [`peer_addr`](HttpRequest::peer_addr).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Connection {
    /// The other end.
    pub peer: Option<SocketAddr>,
    /// Whether it is TLS.
    pub transport: Transport,
    /// The client's certificate chain in DER, its own first.
    pub certificates: Vec<Vec<u8>>,
}

impl Connection {
    /// A connection of this kind.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self { transport, ..Self::default() }
    }

    /// With the other end's address.
    #[must_use]
    pub const fn peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// With the certificate chain that the client showed.
    #[must_use]
    pub fn certificates(mut self, chain: Vec<Vec<u8>>) -> Self {
        self.certificates = chain;
        self
    }

    /// What the extensions of a request and of its connection say.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let peer = request.peer_addr();
        let known = request.extensions_mut().remove::<Self>();
        match known.or_else(|| request.conn_data::<Self>().cloned()) {
            Some(known) => Self { peer: known.peer.or(peer), ..known },
            None => Self { peer, ..Self::default() },
        }
    }
}
