//! What a token request costs. The floor is what nobody can do without: the raw signatures over the same bytes, and one HMAC
//! where a secret is checked.

use std::cell::Cell;
use std::hint::black_box;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use grantor::http::Request;
use grantor::store::{AuthMethod, Credential};
use grantor::{AssertionAlgorithm, PublicKey, SigningAlgorithm};
use josekit::jwk::{Jwk, KeyPair};
use josekit::jws::{ES256, JwsSigner, RS256};
use ring::{hmac, signature};

use super::{Bench, ISSUER, Measure, request, run, signing_input};

type Sign<'a> = &'a dyn Fn(&[u8]);
type Verify<'a> = &'a dyn Fn(&[u8], &[u8]);

fn send(bench: &Bench, request: Request) {
    let response = run(bench.0.token(request));
    assert_eq!(response.status(), 200);
    black_box(response.into_body());
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn client_secret(measure: &impl Measure, algorithm: SigningAlgorithm, sign: Sign<'_>) {
    let (bench, shown, header) = Bench::with_secret(algorithm);
    let make = || request(Some(&header), "grant_type=client_credentials&scope=invoices%3Aread");
    let message = signing_input(&bench.token(make()));
    let pepper = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let floor = || {
        black_box(hmac::sign(&pepper, black_box(shown.as_bytes())));
        sign(black_box(&message));
    };
    measure.case(&format!("client_secret_basic, {algorithm}"), make, |request| send(&bench, request), floor);
}

/// What a client does with a JWT of its own.
#[derive(Clone, Copy)]
enum As {
    Authentication,
    Grant,
}

fn private_key(
    measure: &impl Measure,
    (name, used_as): (&str, As),
    (signer, jwk): (&dyn JwsSigner, &Jwk),
    verify: Verify<'_>,
    sign: Sign<'_>,
) {
    let algorithm = AssertionAlgorithm::from_name(name).unwrap();
    let key = PublicKey::from_jwk_for(&jwk.to_string(), algorithm).unwrap();
    let bench =
        Bench::new(SigningAlgorithm::Es256, AuthMethod::PRIVATE_KEY_JWT, |_| Credential::key(key).unwrap());
    let counter = Cell::new(0);
    let assertion = || {
        counter.set(counter.get() + 1);
        let header = match used_as {
            As::Authentication => format!(r#"{{"typ":"client-authentication+jwt","alg":"{name}"}}"#),
            As::Grant => format!(r#"{{"alg":"{name}"}}"#),
        };
        let claims = format!(
            r#"{{"iss":"billing","sub":"billing","aud":"{}","exp":{},"jti":"{name}-{}"}}"#,
            ISSUER,
            now() + 300,
            counter.get()
        );
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let input = format!("{}.{}", encode(&header), encode(&claims));
        let proof = signer.sign(input.as_bytes()).unwrap();
        (input, proof)
    };
    let make = || {
        let (input, proof) = assertion();
        let before = match used_as {
            As::Authentication => {
                "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion"
            }
            As::Grant => "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion",
        };
        let proof = BASE64URL_NOPAD.encode(&proof);
        request(None, &format!("scope=invoices%3Aread&{before}={input}.{proof}"))
    };
    let message = signing_input(&bench.token(make()));
    let (input, proof) = assertion();
    let floor = || {
        verify(black_box(input.as_bytes()), black_box(&proof));
        sign(black_box(&message));
    };
    let what = match used_as {
        As::Authentication => "private_key_jwt",
        As::Grant => "jwt-bearer",
    };
    measure.case(&format!("{what} {name}, ES256"), make, |request| send(&bench, request), floor);
}

/// All of them.
pub(crate) fn cases(measure: &impl Measure) {
    let random = ring::rand::SystemRandom::new();
    let scheme = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = signature::EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
    let p256 = signature::EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap();
    let es256 = |message: &[u8]| {
        black_box(p256.sign(&random, message).unwrap());
    };
    let pkcs8 = signature::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let ed25519 = signature::Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let eddsa = |message: &[u8]| {
        black_box(ed25519.sign(message));
    };
    let rsa = RS256.generate_key_pair(2048).unwrap();
    let rsa_signer = RS256.signer_from_jwk(&rsa.to_jwk_private_key()).unwrap();
    let rs256 = |message: &[u8]| drop(black_box(rsa_signer.sign(message).unwrap()));

    client_secret(measure, SigningAlgorithm::Es256, &es256);
    client_secret(measure, SigningAlgorithm::EdDsa, &eddsa);
    client_secret(measure, SigningAlgorithm::Rs256, &rs256);

    let ec = ES256.generate_key_pair().unwrap();
    let ec_signer = ES256.signer_from_jwk(&ec.to_jwk_private_key()).unwrap();
    let public = ec.to_jwk_public_key();
    let number = |jwk: &Jwk, name| {
        BASE64URL_NOPAD.decode(jwk.parameter(name).unwrap().as_str().unwrap().as_bytes()).unwrap()
    };
    let point = [vec![4], number(&public, "x"), number(&public, "y")].concat();
    let verifier = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
    let verify = |message: &[u8], proof: &[u8]| verifier.verify(message, proof).unwrap();
    private_key(measure, ("ES256", As::Authentication), (&ec_signer, &public), &verify, &es256);
    private_key(measure, ("ES256", As::Grant), (&ec_signer, &public), &verify, &es256);

    let public = rsa.to_jwk_public_key();
    let (n, e) = (number(&public, "n"), number(&public, "e"));
    let components = signature::RsaPublicKeyComponents { n: &n, e: &e };
    let verify = |message: &[u8], proof: &[u8]| {
        components.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, proof).unwrap();
    };
    private_key(measure, ("RS256", As::Authentication), (&rsa_signer, &public), &verify, &es256);
}
