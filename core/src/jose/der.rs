//! DER (X.690), as much of it as keys and signatures take: definite lengths, each in its one shortest form, and nothing
//! that follows. Small and strict, since what KMSs and files give is foreign.

use zeroize::Zeroizing;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;

/// What is left to read of some values that stand one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Inside of the one value that `der` is.
    pub(super) fn of(tag: u8, der: &'a [u8]) -> Option<Self> {
        let mut outer = Self(der);
        let inner = outer.inside(tag)?;
        outer.end().then_some(inner)
    }

    /// The contents of the next value. `None` for one of another tag or none that is whole, which is then still there.
    pub(super) fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (contents, rest) = match *self.0 {
            [own, length @ ..=0x7f, ref rest @ ..] if own == tag => rest.split_at_checked(length.into())?,
            [own, 0x81, length @ 0x80..=0xff, ref rest @ ..] if own == tag => {
                rest.split_at_checked(length.into())?
            }
            [own, 0x82, high @ 1..=0xff, low, ref rest @ ..] if own == tag => {
                rest.split_at_checked(u16::from_be_bytes([high, low]).into())?
            }
            [..] => return None,
        };
        self.0 = rest;
        Some(contents)
    }

    /// To read on inside of the next value.
    pub(super) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.value(tag).map(Self)
    }

    /// An INTEGER that is not negative, in its one form (X.690 §8.3.2), without the zero in front that says so.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.value(INTEGER)? {
            // Negative, or with a zero too many.
            [] | [0x80..=0xff, ..] | [0, ..=0x7f, ..] => None,
            [0, magnitude @ ..] if !magnitude.is_empty() => Some(magnitude),
            magnitude => Some(magnitude),
        }
    }

    /// A BIT STRING of whole bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        self.value(BIT_STRING)?.strip_prefix(&[0])
    }

    /// What is left, not taken apart.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    pub(super) const fn end(&self) -> bool {
        self.0.is_empty()
    }
}

/// One value of these parts. What it is made of may be secret.
pub(super) fn value(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = length.to_be_bytes();
    // Room for all of it, so that nothing is left behind where it grew.
    let mut der = Zeroizing::new(Vec::with_capacity(length + 4));
    der.push(tag);
    match (high, low) {
        (0, ..=0x7f) => der.push(low),
        (0, _) => der.extend([0x81, low]),
        _ => der.extend([0x82, high, low]),
    }
    for part in parts {
        der.extend_from_slice(part);
    }
    der
}

/// An INTEGER of this magnitude.
pub(super) fn unsigned(magnitude: &[u8]) -> Zeroizing<Vec<u8>> {
    let start = magnitude.iter().position(|byte| *byte != 0).unwrap_or(magnitude.len());
    match magnitude.get(start..).unwrap_or_default() {
        digits @ [..=0x7f, ..] => value(INTEGER, &[digits]),
        digits => value(INTEGER, &[&[0], digits]),
    }
}
