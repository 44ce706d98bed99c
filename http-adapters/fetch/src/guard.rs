//! What may be connected to. URLs are judged as they were parsed, names by what they resolve to at that moment: what is
//! looked at is what is connected to, so a name that changes its mind gains nothing (T58).

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_public;
use crate::failure::Failure;

/// The rules of one fetcher.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// Hosts inside the operator's own network, in the spelling of a parsed URL, without the dot of the root.
    pub(crate) allowed: BTreeSet<String>,
    pub(crate) http_on_loopback: bool,
}

impl Guard {
    /// The URL, if it may be asked. What its name resolves to is judged when it is connected to.
    pub(crate) fn url(&self, text: &str) -> Result<Url, Failure> {
        let refused = |rule| Err(Failure::Url(rule));
        let Ok(url) = Url::parse(text) else { return refused("it cannot be read") };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it holds user information");
        }
        let Some(host) = url.host_str() else { return refused("it has no host") };
        let allowed = self.is_allowed(host);
        match (url.scheme(), literal(host)) {
            ("https", _) if allowed => Ok(url),
            ("https", Some(address)) if !is_public(address) => refused("its address is not a public one"),
            ("https", None) if is_localhost(host) => refused("its host is this machine"),
            ("https", _) => Ok(url),
            ("http", address) if self.http_on_loopback => {
                let is_loopback = address.map_or(is_localhost(host), |address| address.is_loopback());
                if is_loopback { Ok(url) } else { refused("plain http is for loopback alone") }
            }
            _ => refused("its scheme is not https"),
        }
    }

    fn is_allowed(&self, host: &str) -> bool {
        self.allowed.contains(bare(host))
    }

    fn may_connect(&self, name: &str, address: IpAddr) -> bool {
        if self.is_allowed(name) {
            true
        } else if is_localhost(name) {
            // Only plain http gets so far, and `localhost` is a name that a resolver may answer as it likes.
            self.http_on_loopback && address.is_loopback()
        } else {
            is_public(address)
        }
    }
}

/// A host as it stands in a URL: every spelling of an IPv4 address has become the usual one, IPv6 is in brackets.
fn literal(host: &str) -> Option<IpAddr> {
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inside.unwrap_or(host).parse().ok()
}

/// `localhost` and all below it (RFC 6761 §6.3).
fn is_localhost(host: &str) -> bool {
    let host = bare(host);
    host == "localhost" || host.ends_with(".localhost")
}

fn bare(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// A host that the operator names, as a parsed URL spells it.
pub(crate) fn host(text: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let is_host = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let is_host = is_host && url.path() == "/" && !text.contains(['/', '?', '#', '@', '\\', '*']);
    url.host_str().filter(|_| is_host).map(|host| bare(host).to_owned())
}

/// Names become addresses here and nowhere else, and only those that may be connected to come out.
#[derive(Clone, Debug)]
pub(crate) struct Resolver(pub(crate) Arc<Guard>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let name = name.as_str();
            let found = tokio::net::lookup_host((name, 0)).await?;
            let addresses = found.filter(|found| guard.may_connect(name, found.ip()));
            let addresses: Vec<SocketAddr> = addresses.collect();
            if addresses.is_empty() {
                let refused = "the host has no public address";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, refused).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t58_urls_are_judged_as_they_are_read() {
        let guard = Guard::default();
        for refused in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.0.0.1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://１２７.0.0.1/",
            "https://127。0。0。1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::]/",
            "https://0/",
            "https://localhost/",
            "https://LOCALHOST/",
            "https://localhost./",
            "https://a.localhost/",
            "https://169.254.169.254/latest/",
            "https://10.0.0.1/",
            "https://[fe80::1%25eth0]/",
            "https://[fd00::1]/",
            "https://[64:ff9b::7f00:1]/",
            "http://8.8.8.8/",
            "http://127.0.0.1/",
            "http://a.example/",
            "file:///etc/passwd",
            "gopher://a.example/",
            "ftp://a.example/",
            "data:application/json,{}",
            "unix:/x",
            "https://u@a.example/",
            "https://u:p@a.example/",
            "https://",
            "a.example",
            "",
            "//a.example/",
        ] {
            assert!(guard.url(refused).is_err(), "{refused}");
        }
        for taken in [
            "https://a.example/jwks?x=1",
            "https://8.8.8.8:8443/",
            "https://[2606:4700::1]/",
            "HTTPS://A.example/",
        ] {
            assert!(guard.url(taken).is_ok(), "{taken}");
        }
    }

    #[test]
    fn t58_plain_http_is_for_loopback_alone_and_only_when_allowed() {
        let guard = Guard { http_on_loopback: true, ..Guard::default() };
        for taken in ["http://127.0.0.1:1/", "http://127.1/", "http://[::1]/", "http://localhost:1/"] {
            assert!(guard.url(taken).is_ok(), "{taken}");
        }
        for refused in [
            "http://8.8.8.8/",
            "http://10.0.0.1/",
            "http://a.example/",
            "http://0.0.0.0/",
            "http://localhost.example/",
            "https://127.0.0.1/",
            "https://localhost/",
            "file:///x",
        ] {
            assert!(guard.url(refused).is_err(), "{refused}");
        }
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(guard.may_connect("localhost", address("127.0.0.1")));
        assert!(!guard.may_connect("localhost", address("8.8.8.8")));
        assert!(!guard.may_connect("a.example", address("127.0.0.1")));
        assert!(!Guard::default().may_connect("localhost", address("127.0.0.1")));
    }

    /// What a name resolves to is judged, and not only what it says: the resolver of the system reads such as `127.1` too.
    #[tokio::test]
    async fn t58_a_name_that_resolves_to_an_inner_address_is_refused() {
        let resolve = async |guard: Guard, name: &str| {
            let name: Name = name.parse().expect("a name");
            Resolver(Arc::new(guard)).resolve(name).await.map(Iterator::count)
        };
        for name in
            ["localhost", "localhost.", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "10.0.0.1", "::1"]
        {
            assert!(resolve(Guard::default(), name).await.is_err(), "{name}");
        }
        let http = || Guard { http_on_loopback: true, ..Guard::default() };
        assert!(resolve(http(), "localhost").await.expect("loopback") > 0);
        assert!(resolve(http(), "127.0.0.1").await.is_err());
        let allowed = |name: &str| Guard { allowed: [name.to_owned()].into(), ..Guard::default() };
        assert!(resolve(allowed("localhost"), "localhost").await.expect("allowed") > 0);
        assert_eq!(resolve(Guard::default(), "8.8.8.8").await.expect("public"), 1);
    }

    #[test]
    fn t58_an_allowed_host_is_that_host_and_no_other() {
        let allowed =
            ["keys.svc.cluster.local", "10.1.2.3", "[fd00::1]"].map(|text| host(text).expect("a host"));
        let guard = Guard { allowed: allowed.into(), ..Guard::default() };
        for taken in [
            "https://keys.svc.cluster.local/",
            "https://KEYS.svc.cluster.local.:8443/j",
            "https://10.1.2.3/",
            "https://0xa010203/",
            "https://[fd00:0::1]/",
        ] {
            assert!(guard.url(taken).is_ok(), "{taken}");
        }
        for refused in ["http://keys.svc.cluster.local/", "https://10.1.2.4/", "https://[fd00::2]/"] {
            assert!(guard.url(refused).is_err(), "{refused}");
        }
        let inside = "10.0.0.1".parse().expect("an address");
        assert!(guard.may_connect("keys.svc.cluster.local", inside));
        assert!(!guard.may_connect("x.keys.svc.cluster.local", inside));
        assert!(!guard.may_connect("svc.cluster.local", inside));
        for text in ["", "a/b", "a:8443", "https://a", "u@a", "a b", "*.a", "10.0.0.0/8"] {
            assert_eq!(host(text), None, "{text}");
        }
    }
}
