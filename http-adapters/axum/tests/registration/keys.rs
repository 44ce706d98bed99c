//! Attacks by the keys that a client registers, over a socket (T34 to T37). Shared with `grantor-actix`.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::promises::{Answer, INITIAL, Own, REGISTER, open, send, server};
use super::serve;

/// 2048 bits, of RFC 7515 appendix A.2.
const MODULUS: &str = "\
    ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt\
    0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX\
    ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5\
    IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
/// 1024 bits.
const SHORT: &str = "\
    ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt\
    0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63qE";
/// 65537 to the power of 128, of 2049 bits: what CVE-2017-15361 looks like.
const ROCA: &str = "\
    AQCAH8U2ItemOdvAuh3CYd6meB6-F3qiRRF_kOTYh4wfVcOe0wxKYEIqcck0X_dMh27LcJUNm1cegMcsHuwVfrLm\
    YD4E6AbrGDnRVwNR2ezupy-nrIS3sMXn64KRT6BZ0pZ2SLnY8c3cq0Zmhx4fF6nLVStlpsZmBwj9tuOK5ipNMK9H\
    kcQj44dOFrvbyw4fVO1NUjBaT4RyJ0sNqSF3jiQWNms6QqIwD2xOFvDBWDAr3qu5K6uDynfvQqlIfwfk5QHlZ3OB\
    qDFHg56I7-TQvnnoE-OqWNK8wVBbJ0LYOJQnGzd-s_EIm0g3RquiJYE0Hm7FzQT3IsflNYAfwACAAAE";

/// Of RFC 7515 appendix A.3.
fn ec() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

fn rsa(n: &str, e: &str) -> Value {
    json!({ "kty": "RSA", "alg": "RS256", "n": n, "e": e })
}

async fn register(address: SocketAddr, keys: &[Value]) -> Answer {
    let metadata = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": keys } });
    send(address, &format!("POST {REGISTER}"), INITIAL, "", &metadata.to_string()).await
}

/// The first key is taken, and none of the others is, alone or beside it.
async fn only_the_first(keys: &[Value]) {
    let address = serve(server(Some(open())).await).await;
    let (good, bad) = keys.split_first().unwrap();
    drop(Own::of(&register(address, std::slice::from_ref(good)).await));
    for key in bad {
        for set in [&[key.clone()][..], &[good.clone(), key.clone()]] {
            let answer = register(address, set).await;
            assert_eq!(answer.status, 400, "{key}: {answer:?}");
            assert_eq!(answer.json()["error"], "invalid_client_metadata", "{key}");
        }
    }
}

#[tokio::test]
async fn t34_weak_rsa_keys_are_not_registered() {
    let good = rsa(MODULUS, "AQAB");
    only_the_first(&[good, rsa(SHORT, "AQAB"), rsa(ROCA, "AQAB"), rsa(MODULUS, "AQ"), rsa(MODULUS, "Aw")])
        .await;
}

#[tokio::test]
async fn t34_points_off_the_curve_are_not_registered() {
    let (x, y) = (ec()["x"].clone(), ec()["y"].clone());
    only_the_first(&[ec(), with(with(ec(), "x", y), "y", x), with(ec(), "x", "A".repeat(43))]).await;
}

#[tokio::test]
async fn t35_keys_for_something_else_are_not_registered() {
    let keys = [with(ec(), "use", "sig"), with(ec(), "alg", "ES384"), with(ec(), "alg", "ECDH-ES")];
    only_the_first(&keys).await;
    // Beside a key for signatures these are set aside (RFC 7517 §5); alone they leave none.
    let address = serve(server(Some(open())).await).await;
    for key in [with(ec(), "use", "enc"), with(ec(), "key_ops", json!(["sign"]))] {
        assert_eq!(register(address, std::slice::from_ref(&key)).await.status, 400, "{key}");
    }
}

#[tokio::test]
async fn t36_symmetric_and_private_keys_are_not_registered() {
    let oct = json!({ "kty": "oct", "alg": "HS256", "k": "A".repeat(43) });
    only_the_first(&[ec(), oct, with(ec(), "d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")]).await;
}

#[tokio::test]
async fn t37_more_than_fifty_keys_are_not_registered() {
    let address = serve(server(Some(open())).await).await;
    let key = |n: usize| rsa(&format!("{}{n:04}{}", &MODULUS[..100], &MODULUS[104..]), "AQAB");
    let keys: Vec<_> = (0..200).map(key).collect();
    drop(Own::of(&register(address, &keys[..50]).await));
    assert_eq!(register(address, &keys[..51]).await.status, 400);
    // Larger than a request may be, and not looked at.
    assert_eq!(register(address, &keys).await.status, 413);
}
