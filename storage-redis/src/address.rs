//! The same way to connect, to another address.

use redis::{Client, ConnectionAddr};

use crate::problem::Problem;

/// A client with the user, password, database and TLS settings of `like`, for another host.
pub(crate) fn at(like: &Client, host: String, port: u16) -> Result<Client, Problem> {
    let info = like.get_connection_info();
    let address = if let ConnectionAddr::TcpTls { insecure, tls_params, .. } = info.addr().clone() {
        ConnectionAddr::TcpTls { host, port, insecure, tls_params }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    Ok(Client::open(info.clone().set_addr(address))?)
}

/// The host of an address, where it has one.
pub(crate) fn host(of: &Client) -> Option<&str> {
    let (ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. }) =
        of.get_connection_info().addr()
    else {
        return None;
    };
    Some(host)
}
