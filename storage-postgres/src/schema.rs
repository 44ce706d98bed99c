//! The schema in which an issuer's tables are.

use std::fmt;

/// The longest name. PostgreSQL cuts identifiers and channels at 63 bytes, and the channel adds some.
const LONGEST: usize = 48;

/// A checked schema name: plain, so that it means the same with quotes and without.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Schema(String);

/// A schema name that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a schema name must be 1 to {LONGEST} of a-z, 0-9 and _, not begin with a digit, and not with pg_")]
pub struct InvalidSchema(());

impl Schema {
    pub(crate) fn new(name: String) -> Result<Self, InvalidSchema> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let starts_well = !name.starts_with(|first: char| first.is_ascii_digit()) && !name.starts_with("pg_");
        if (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) && starts_well {
            Ok(Self(name))
        } else {
            Err(InvalidSchema(()))
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// As an identifier in a statement. The name has no quote in it.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// The channel on which changes of clients are told.
    pub(crate) fn channel(&self) -> String {
        format!("{}.clients", self.0)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self("grantor".to_owned())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for name in ["grantor", "_", "a1", "tenant_7", &"a".repeat(48)] {
            assert_eq!(Schema::new(name.to_owned()).unwrap().quoted(), format!("\"{name}\""));
        }
        let refused =
            ["", "1a", "A", "a b", "a\"b", "a'b", "a.b", "a;b", "pg_x", "é", "a\0", "a-b", &"a".repeat(49)];
        for name in refused {
            assert_eq!(Schema::new(name.to_owned()), Err(InvalidSchema(())), "{name:?}");
        }
        assert_eq!(Schema::new(Schema::default().0), Ok(Schema::default()));
    }
}
