//! Records to store.

use grantor::store::{AuthMethod, Client};

use crate::broken::{Checked, Promise};
use crate::ids::client_id;

/// A small client, told from others of its id by its name.
pub(crate) fn named(promise: Promise, id: &str, name: &str) -> Checked<Client> {
    let id = client_id(promise, id)?;
    promise.made(Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC).name(name).build())
}
