//! What a call must give when its data cannot be reached.

use std::fmt::Debug;
use std::future::Future;

use grantor::store::StoreError;

use crate::broken::{Checked, Promise};

/// The call must fail in bounded time, and as what may get better by trying again.
pub(crate) async fn unavailable<T: Debug>(
    promise: Promise,
    method: &str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Checked {
    match promise.within(call).await? {
        Err(error) if error.is_unavailable() => Ok(()),
        Err(_) => Err(promise.broken(format!("{method} said corrupt: answered as 500, without Retry-After"))),
        Ok(outcome) => Err(promise.broken(format!("{method} said {outcome:?} though it could not know"))),
    }
}

/// The call must fail, and as what trying again does not mend.
pub(crate) async fn corrupt<T: Debug>(
    promise: Promise,
    what: &str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Checked {
    match promise.within(call).await? {
        Err(error) if !error.is_unavailable() => Ok(()),
        Err(_) => Err(promise.broken(format!("{what} was unavailable, as if trying again would help"))),
        Ok(outcome) => Err(promise.broken(format!("{what} gave {outcome:?}"))),
    }
}
