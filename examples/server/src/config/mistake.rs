//! A mistake of the operator: where it is, what is wrong, and what to do about it.

use std::fmt;

/// Never holds a secret: values that may be one are not put into it.
#[derive(Debug)]
pub(crate) struct Mistake {
    place: String,
    wrong: String,
    remedy: String,
}

impl Mistake {
    /// `place` is a file and a key of it, or a flag.
    pub(crate) fn new(place: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), wrong: wrong.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.place, self.wrong)?;
        write!(f, "  remedy: {}", self.remedy)
    }
}

impl std::error::Error for Mistake {}
