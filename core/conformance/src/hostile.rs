//! Documents at the limits of what a record may be, and beyond.

/// Text that databases, scripts and string functions stumble over, as it stands inside a JSON string: a NUL, quotes
/// and backslashes, wildcards, a hash tag, characters outside the basic plane, a letter and its accent apart, and
/// text that runs from right to left.
pub(crate) const TEXT: &str = r#"a\u0000b\\'\"; DROP TABLE x; --%_*?[a]{b}$1${x}\n\r\t\u2028 ẞß İı 🏦 e\u0301 \u05d0\u05d1 \ufeff\u007f "#;

/// What is no record, of any kind.
pub(crate) const DAMAGED: [&str; 7] =
    ["{", "null", "[]", "not json", r#"{"v":1}"#, r#"{"v":"1"}"#, r#"{"v":1,"v":1}"#];

/// The same document as other releases may write it, and as this one must not read it.
pub(crate) fn other_versions(document: &str) -> [String; 4] {
    ["\"v\":2", "\"v\":0", "\"v\":4294967296", "\"v\":1,\"crit\":[\"newer\"]"]
        .map(|version| document.replacen("\"v\":1", version, 1))
}

/// The same document with members that this release does not know.
pub(crate) fn with_unknown_members(document: &str) -> String {
    let newer = format!(r#""v":1,"newer":{{"a":[1,null,"{TEXT}",{{"b":true}}]}},"newer_still":0.5"#);
    document.replacen("\"v\":1", &newer, 1)
}

/// Numbers that do not survive a float or a script, nesting, empty things, odd names, and 64 KiB of text.
fn extra() -> String {
    let long = "long and hostile ".repeat(4096);
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    format!(
        r#"{{"":"","{TEXT}":"{TEXT}","big":18446744073709551615,"small":-9223372036854775808,
        "odd":9007199254740993,"half":0.5,"float":15000000000.0,"null":null,"list":[],"object":{{}},
        "deep":{deep},"long":"{long}"}}"#
    )
}

/// 128 scope tokens, some of them odd.
fn scope() -> String {
    let odd = r"!#[]~ %_*?'{a}$1 https://api.example.com/.default A a";
    let many: Vec<String> = (0..122).map(|number| format!("scope:{number}:read")).collect();
    format!("{odd} {}", many.join(" "))
}

/// The record of an opaque token.
pub(crate) fn token_document() -> String {
    let jti = "ß".repeat(128);
    let (scope, extra) = (scope(), extra());
    format!(
        r#"{{"v":1,"client_id":"client","sub":"{TEXT}","aud":"https://api.example.com","scope":"{scope}",
        "iat":1,"exp":253402300799,"jti":"{jti}","epoch":18446744073709551615,"claims":{extra},"cnf":{extra}}}"#
    )
}

/// The record of a client, with 50 credentials of all kinds that may stand beside each other.
pub(crate) fn client_document(id: &str) -> String {
    let credentials: Vec<String> = (0..50)
        .map(|number| {
            let kind = match number % 5 {
                0 => format!(
                    r#"{{"digest":{{"pepper":"p","check":"{number:010}A","digest":"{number:042}A"}}}}"#
                ),
                1 => format!(
                    r#"{{"sealed_secret":{{"alg":"HS256","sealed":{{"host_key":"k","nonce":"{number:016}",
                    "ciphertext":"{number:0400}"}}}}}}"#
                ),
                2 => format!(r#"{{"imported":"$argon2id$v=19$m=19456,t=2,p=1${number:022}$'\\\""}}"#),
                3 => format!(
                    r#"{{"key":{{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"{number}","alg":"ES256"}}}}"#
                ),
                _ => format!(r#"{{"passkey":{{"newer":["{TEXT}",{number}]}}}}"#),
            };
            // One after the other, since two imported secrets may not be valid at one time.
            let (from, until) = (1000 + number, 1001 + number);
            format!(
                r#"{{"id":"c-{number}","kind":{kind},"not_before":{from},"expires_at":{until},
                "label":"ß 🏦 e\u0301 '%_\\"}}"#
            )
        })
        .collect();
    let resources: Vec<String> = (0..50).map(|number| format!(r#""https://{number}.example.com""#)).collect();
    let (credentials, resources) = (credentials.join(","), resources.join(","));
    let (scope, extra) = (scope(), extra());
    let registration = registration("a-_", &extra);
    format!(
        r#"{{"v":1,"id":"{id}","name":"Zahlungen ẞß İı 🏦 e\u0301 \u05d0 '%_*\\\"","enabled":false,
        "auth_method":"client_secret_basic","credentials":[{credentials}],
        "grant_types":["client_credentials","urn:newer:grant"],"scope":"{scope}","default_scope":"A a",
        "resources":[{resources}],"serves":[{resources}],"introspector":true,
        "compatibility":["raw_basic","newer_switch"],"token_epoch":9007199254740991,
        "created_at":253402300799,"metadata":{extra},"auth_signing_alg":"newer %_'","registration":{registration}}}"#
    )
}

/// What a client that registered itself is bounded by, and says about itself.
pub(crate) fn registration(word: &str, metadata: &str) -> String {
    format!(
        r#"{{"token":"{word:A<43}","initial_access":"{word}","scope":"{word}","auth_methods":["{word}"],
        "metadata":{metadata}}}"#
    )
}

/// The longest URL of a key set, and an odd one.
fn long_url() -> String {
    format!("{:x<2048}", "https://keys.example.com:8443/j%00'--;%25_*?[a]$1&x=%F0%9F%8F%A6/")
}

/// The record of a client that publishes its keys, at the longest URL and an odd one. It has no other key.
pub(crate) fn publishing_client_document(id: &str) -> String {
    let url = long_url();
    format!(
        r#"{{"v":1,"id":"{id}","enabled":false,"auth_method":"private_key_jwt","credentials":[{{"id":"jwks_uri",
        "kind":{{"key_set":"{url}"}}}}],"grant_types":["client_credentials"],"scope":"A a"}}"#
    )
}

/// Where the keys of an issuer are in a way that only a later release knows.
pub(crate) const NEWER_KEYS: &str = r#"{"newer":["a",null,{"b":1e10}]}"#;

/// Where the keys of an issuer are, in every way.
pub(crate) fn keys_of_issuers() -> [String; 3] {
    let keys: Vec<String> = (0..50)
        .map(|number| {
            format!(
                r#"{{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"{number}","alg":"ES256",
                "newer":"{TEXT}"}}"#
            )
        })
        .collect();
    [
        format!(r#"{{"jwks":{{"keys":[{}],"newer":"{TEXT}"}}}}"#, keys.join(",")),
        format!(r#"{{"jwks_uri":"{}"}}"#, long_url()),
        NEWER_KEYS.to_owned(),
    ]
}

/// The record of a trusted issuer with these keys.
pub(crate) fn issuer_document(issuer: &str, keys: &str) -> String {
    let resources: Vec<String> = (0..50).map(|number| format!(r#""https://{number}.example.com""#)).collect();
    let (resources, scope, extra) = (resources.join(","), scope(), extra());
    format!(
        r#"{{"v":1,"iss":"{issuer}","name":"Zahlungen ẞß İı 🏦 e\u0301 \u05d0 '%_*\\\"","enabled":false,
        "keys":{keys},"sub":{{"begins_with":"ẞß İı 🏦 e\u0301 \u05d0 '%_*\\\"/"}},"sub_optional":true,
        "aud":"urn:ẞß 🏦 '%_*\\\"","client":" ~'%_*?[a]{{b}}\\\"","clients":["a"," ~'%_*?[a]{{b}}\\\""],"scope":"{scope}","scope_claim":true,"resources":[{resources}],
        "longest_life":86400,"token_lifetime":86400,"reusable":true,"created_at":253402300799,
        "metadata":{extra}}}"#
    )
}

/// The record of an initial access token.
pub(crate) fn initial_access_document(id: &str) -> String {
    let (scope, extra) = (scope(), extra());
    format!(
        r#"{{"v":1,"id":"{id}","digest":"{:_<42}A","label":"ẞß İı 🏦 e\u0301 \u05d0 '%_*\\\"","max_uses":4294967295,
        "expires_at":253402300799,"scope":"{scope}","auth_methods":["client_secret_basic","newer:method"],
        "created_at":1,"extra":{extra}}}"#,
        ""
    )
}

/// A set of so many keys.
pub(crate) fn keys_document(count: usize) -> String {
    let keys: Vec<String> = (0..count)
        .map(|number| {
            let private = if number % 2 == 0 {
                let ciphertext = format!("{number:04000}");
                format!(
                    r#"{{"sealed":{{"host_key":"k","nonce":"{number:016}","ciphertext":"{ciphertext}"}}}}"#
                )
            } else {
                format!(r#"{{"kms":{{"arn":"{TEXT}","n":{number}}}}}"#)
            };
            format!(
                r#"{{"kid":"key-{number}","alg":"ES256","public":{{"kty":"EC","newer":"{TEXT}"}},
                "private":{private},"published_at":{number},"signs_from":{number},"signs_until":253402300799,
                "published_until":253402300799,"newer":[{number}]}}"#
            )
        })
        .collect();
    format!(r#"{{"v":1,"keys":[{}]}}"#, keys.join(","))
}
