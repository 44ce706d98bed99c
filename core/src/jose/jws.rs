//! JWS in compact form (RFC 7515 §7.1): what this server writes.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use super::{SignatureError, SigningKey};

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    kid: &'a str,
}

/// The protected header, encoded once for each key.
pub(crate) fn protected_header(typ: &str, alg: &str, kid: &str) -> Result<String, serde_json::Error> {
    let json = serde_json::to_vec(&Header { typ, alg, kid })?;
    Ok(BASE64URL_NOPAD.encode(&json))
}

/// Whether a compact JWS begins as the access tokens of this server do, whichever key signed it.
pub(crate) fn is_access_token_header(text: &str) -> bool {
    // A multiple of three bytes, so that it has an encoding of its own.
    const BEGINNING: &[u8; 15] = br#"{"typ":"at+jwt""#;
    text.starts_with(&BASE64URL_NOPAD.encode(BEGINNING))
}

/// `header.payload`, with room for a dot and a signature of so many bytes, so that there is one allocation.
pub(crate) fn signing_input(header: &str, payload: &[u8], signature: usize) -> String {
    let length = header.len() + 1 + BASE64URL_NOPAD.encode_len(payload.len()) + 1;
    let mut jws = String::with_capacity(length + BASE64URL_NOPAD.encode_len(signature));
    jws.push_str(header);
    jws.push('.');
    BASE64URL_NOPAD.encode_append(payload, &mut jws);
    jws
}

/// `header.payload.signature`.
pub(crate) fn sign_compact(header: &str, payload: &[u8], key: &SigningKey) -> Result<String, SignatureError> {
    let mut jws = signing_input(header, payload, key.longest_signature());
    let signature = key.sign(jws.as_bytes())?;
    jws.push('.');
    BASE64URL_NOPAD.encode_append(signature.as_ref(), &mut jws);
    Ok(jws)
}
