//! Which issuer the server is, and where it listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::{Config, Mistake};
use crate::flags::{Flags, LISTEN_REMEDY};

/// Where to listen when nobody says.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The address to listen on, and the issuer if one was stated.
pub(crate) struct Place {
    pub(crate) listen: SocketAddr,
    /// The issuer, and where it was stated.
    stated: Option<(String, String)>,
}

impl Place {
    /// Flags and environment win over the file.
    pub(crate) fn read(flags: &Flags, config: &Config) -> Result<Self, Mistake> {
        let listen = match (flags.listen, config.document.listen.as_deref()) {
            (Some(address), _) => address,
            (None, Some(text)) => text.parse().map_err(|_| {
                config.mistake("listen", format!("`{text}` is no address with a port"), LISTEN_REMEDY)
            })?,
            (None, None) => LISTEN,
        };
        let by_flag = flags.issuer.clone().map(|issuer| (issuer, "--issuer (GRANTOR_ISSUER)".to_owned()));
        let by_file = || config.document.issuer.clone().map(|issuer| (issuer, config.place("issuer")));
        let place = Self { listen, stated: by_flag.or_else(by_file) };
        place.check()?;
        Ok(place)
    }

    /// Plain http must not leave the machine: secrets and tokens would.
    fn check(&self) -> Result<(), Mistake> {
        let remedy = "state the https URL under which clients reach it, such as --issuer https://auth.example.com, \
                      and end TLS in front of it; or listen on loopback, such as --listen 127.0.0.1:8080";
        let listen = self.listen;
        match &self.stated {
            _ if listen.ip().is_loopback() => Ok(()),
            Some((issuer, _)) if !issuer.starts_with("http://") => Ok(()),
            Some((issuer, at)) => Err(Mistake::new(
                at,
                format!("`{issuer}` is plain http, and {listen} is not loopback"),
                remedy,
            )),
            None => Err(Mistake::new(
                "--listen (GRANTOR_LISTEN)",
                format!("{listen} is not loopback, and no issuer is stated"),
                remedy,
            )),
        }
    }

    /// The issuer of a server that listens on `address`.
    pub(crate) fn issuer(&self, address: SocketAddr) -> String {
        match &self.stated {
            Some((issuer, _)) => issuer.clone(),
            None => format!("http://{address}"),
        }
    }

    /// Where the issuer comes from, for a mistake in it.
    pub(crate) fn issuer_at(&self) -> &str {
        self.stated.as_ref().map_or("--listen (GRANTOR_LISTEN)", |(_, at)| at)
    }
}
