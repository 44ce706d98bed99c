//! One line makes a named test of each check.

/// A test of each check of [`token_store`](mod@crate::token_store): `token_store!(fixture);` where `fixture` is an
/// `async fn() -> impl Fixture`, by a name in reach or a path from `crate`. Attributes before it go to each test.
#[macro_export]
macro_rules! token_store {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { token_store [$(#[$($attribute)*])*] $fixture =>
            of_24_claims_at_once_exactly_one_is_first
        }
    };
}

/// A test of each check of [`key_store`](mod@crate::key_store), as [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! key_store {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { key_store [$(#[$($attribute)*])*] $fixture =>
            nothing_stored_yet_is_an_empty_set_at_revision_absent
        }
    };
}

/// A test of each check of [`client_registry`](mod@crate::client_registry), as
/// [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! client_registry {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { client_registry [$(#[$($attribute)*])*] $fixture =>
            insert_never_overwrites
        }
    };
}

/// A test of each check of [`client_store`](mod@crate::client_store): `client_store!(shown);` where `shown` is an
/// `async fn() -> (impl ClientStore, Vec<Client>)`. Attributes before it go to each test.
#[macro_export]
macro_rules! client_store {
    ($(#[$($attribute:tt)*])* $shown:path $(,)?) => {
        $crate::__tests! { client_store [$(#[$($attribute)*])*] $shown =>
            each_client_is_found_as_it_is
        }
    };
}

/// In a module named for the port, so that those of several ports stand side by side.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($port:ident $attributes:tt $given:path => $($check:ident $(* $times:literal)?)*) => {
        mod $port {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::*;
            $($crate::__test! { $port $attributes $given => $check $($times)? })*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __test {
    ($port:ident $attributes:tt $given:path => $check:ident) => {
        $crate::__test! { $port $attributes $given => $check 1 }
    };
    (client_store [$($attribute:tt)*] $shown:path => $check:ident $times:literal) => {
        #[test]
        $($attribute)*
        fn $check() -> ::core::result::Result<(), $crate::Broken> {
            $crate::run($times, || async {
                let (store, clients) = $shown().await;
                $crate::client_store::$check(&store, &clients).await
            })
        }
    };
    ($port:ident [$($attribute:tt)*] $fixture:path => $check:ident $times:literal) => {
        #[test]
        $($attribute)*
        fn $check() -> ::core::result::Result<(), $crate::Broken> {
            $crate::run($times, || async {
                let fixture = $fixture().await;
                $crate::$port::$check(&fixture).await
            })
        }
    };
}
