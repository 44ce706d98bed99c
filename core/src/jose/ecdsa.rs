//! ECDSA signatures in the form that KMSs and OpenSSL give them.

use super::der::{Reader, SEQUENCE};

/// An ECDSA-Sig-Value (RFC 3279 §2.2.3) as r ‖ s, each as long as the field (RFC 7518 §3.4).
pub(super) fn fixed(der: &[u8], field: usize) -> Option<Vec<u8>> {
    let mut reader = Reader::of(SEQUENCE, der)?;
    let mut fixed = Vec::with_capacity(2 * field);
    for _ in ["r", "s"] {
        let number = reader.unsigned()?;
        // Zero is no value of either.
        if number == [0] {
            return None;
        }
        fixed.resize(fixed.len() + field.checked_sub(number.len())?, 0);
        fixed.extend_from_slice(number);
    }
    reader.end().then_some(fixed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SigningAlgorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
    use super::super::der;
    use super::*;

    fn written(r: &[u8], s: &[u8]) -> Vec<u8> {
        der::value(SEQUENCE, &[&der::unsigned(r), &der::unsigned(s)]).to_vec()
    }

    proptest! {
        #[test]
        fn rfc3279_s2_2_3_r_and_s_come_back_at_full_length(
            r in prop::collection::vec(any::<u8>(), 0..=32),
            s in prop::collection::vec(any::<u8>(), 0..=32),
        ) {
            let padded = |number: &[u8]| [vec![0; 32 - number.len()], number.to_vec()].concat();
            let is_zero = |number: &[u8]| number.iter().all(|byte| *byte == 0);
            let expected = (!is_zero(&r) && !is_zero(&s)).then(|| [padded(&r), padded(&s)].concat());
            prop_assert_eq!(fixed(&written(&r, &s), 32), expected);
        }

        /// Whatever is taken is the one encoding of what it means: nobody re-spells a signature (T21).
        #[test]
        fn rfc3279_s2_2_3_there_is_one_spelling(bytes in spelled()) {
            if let Some(fixed) = fixed(&bytes, 4) {
                let (r, s) = fixed.split_at(4);
                prop_assert_eq!(written(r, s), bytes);
            }
        }
    }

    /// Signatures of small numbers with one or two bytes changed, so that a part of them is still well-formed.
    fn spelled() -> impl Strategy<Value = Vec<u8>> {
        let number = || {
            prop::collection::vec(prop_oneof![Just(0), Just(1), Just(0x7f), Just(0x80), any::<u8>()], 0..6)
        };
        (number(), number(), any::<prop::sample::Index>(), any::<u8>(), 0_usize..3).prop_map(
            |(r, s, at, with, more)| {
                let raw = |number: &[u8]| der::value(der::INTEGER, &[number]).to_vec();
                let mut bytes = der::value(SEQUENCE, &[&raw(&r), &raw(&s)]).to_vec();
                match more {
                    0 => {}
                    1 => bytes.push(with),
                    _ => {
                        let at = at.index(bytes.len());
                        bytes[at] = with;
                    }
                }
                bytes
            },
        )
    }

    #[test]
    fn rfc3279_s2_2_3_malformed_signatures_are_refused() {
        let good = [0x30, 6, 2, 1, 1, 2, 1, 2];
        let fixed_good = Es256.signature_from_der(&good).expect("r 1, s 2");
        assert_eq!((fixed_good.len(), fixed_good[31], fixed_good[63]), (64, 1, 2));
        let of_33_bytes = [&[0x30, 38, 2, 33, 1][..], &[0; 32], &[2, 1, 1]].concat();
        let long_form = [0x30, 0x81, 6, 2, 1, 1, 2, 1, 2];
        let table: [(&str, &[u8]); 18] = [
            ("nothing", &[]),
            ("no sequence", &[0x31, 6, 2, 1, 1, 2, 1, 2]),
            ("cut", &good[..7]),
            ("a byte more", &[0x30, 6, 2, 1, 1, 2, 1, 2, 0]),
            ("a byte more inside", &[0x30, 7, 2, 1, 1, 2, 1, 2, 0]),
            ("a third number", &[0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3]),
            ("one number", &[0x30, 3, 2, 1, 1]),
            ("r without bytes", &[0x30, 5, 2, 0, 2, 1, 2]),
            ("r is 0", &[0x30, 6, 2, 1, 0, 2, 1, 2]),
            ("s is 0", &[0x30, 6, 2, 1, 1, 2, 1, 0]),
            ("r negative", &[0x30, 6, 2, 1, 0x80, 2, 1, 2]),
            ("s negative", &[0x30, 6, 2, 1, 1, 2, 1, 0xff]),
            ("r with a zero too many", &[0x30, 7, 2, 2, 0, 1, 2, 1, 2]),
            ("s with a zero too many", &[0x30, 7, 2, 1, 1, 2, 2, 0, 0x7f]),
            ("a long length", &long_form),
            ("of no definite length", &[0x30, 0x80, 2, 1, 1, 2, 1, 2, 0, 0]),
            ("longer than the field", &of_33_bytes),
            ("no integer", &[0x30, 6, 3, 1, 1, 2, 1, 2]),
        ];
        for (what, der) in table {
            assert!(Es256.signature_from_der(der).is_err(), "{what}");
        }
        assert!(Es384.signature_from_der(&of_33_bytes).is_ok(), "short enough for P-384");
        for other in [EdDsa, Rs256, Ps256] {
            let refused = other.signature_from_der(&good).expect_err("not of ECDSA");
            assert!(refused.to_string().contains("ES256"), "{refused}");
        }
    }

    #[test]
    fn rfc7518_s3_4_what_ring_writes_as_der_verifies_as_fixed() {
        use ring::signature::{self, EcdsaKeyPair, KeyPair, UnparsedPublicKey};
        let random = super::super::system_random();
        let table = [
            (
                Es256,
                &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                &signature::ECDSA_P256_SHA256_FIXED,
            ),
            (
                Es384,
                &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
                &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                &signature::ECDSA_P384_SHA384_FIXED,
            ),
        ];
        for (algorithm, asn1, own, verification) in table {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(own, &random).expect("a key");
            let pair = EcdsaKeyPair::from_pkcs8(asn1, pkcs8.as_ref(), &random).expect("open");
            for message in 0..64_u8 {
                let der = pair.sign(&random, &[message]).expect("sign");
                let fixed = algorithm.signature_from_der(der.as_ref()).expect("DER");
                let key = UnparsedPublicKey::new(verification, pair.public_key());
                key.verify(&[message], &fixed).expect("verifies");
            }
        }
    }
}
