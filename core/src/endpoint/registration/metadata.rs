//! What a client says about itself (RFC 7591 §2), read strictly and judged as a whole.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::said::Said;
use crate::jose::{AssertionAlgorithm, PublicKey};
use crate::store::{AuthMethod, GrantType, OperatorBounds, RegistrationBounds};
use crate::types::{InvalidValue, KeySetUrl, LINE, LINE_RULE, Scope, is_line};

/// Members that are URLs for people, each also in other languages (§2.2).
const PAGES: [&str; 4] = ["client_uri", "logo_uri", "tos_uri", "policy_uri"];
/// More languages than anybody has names in.
const MAX_LOCALIZED: usize = 50;
const MAX_CONTACTS: usize = 20;
const MAX_CONTACT_BYTES: usize = 320;

/// What registration is open to, for one client.
#[derive(Debug)]
pub(crate) struct Openness {
    pub(crate) scope: Scope,
    pub(crate) auth_methods: BTreeSet<AuthMethod>,
    pub(crate) grant_types: BTreeSet<GrantType>,
    /// Whether there is something that fetches a `jwks_uri`.
    pub(crate) fetches: bool,
}

/// What a client shall be: all of it is checked.
#[derive(Debug)]
pub(crate) struct ClientMetadata {
    pub(crate) auth_method: AuthMethod,
    pub(crate) auth_signing_alg: Option<AssertionAlgorithm>,
    pub(crate) grant_types: BTreeSet<GrantType>,
    pub(crate) scope: Scope,
    pub(crate) name: Option<String>,
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) key_set: Option<KeySetUrl>,
    /// What means nothing here and is kept (§2): pages, contacts, software, names in other languages, the statement.
    pub(crate) further: Map<String, Value>,
}

impl Openness {
    /// What is open to a client of these bounds. Where an operator has spoken since, that is all.
    pub(crate) fn bounded_by(&self, bounds: &RegistrationBounds) -> Self {
        let is_open =
            |method: &&AuthMethod| bounds.auth_methods.as_ref().is_none_or(|own| own.contains(*method));
        let open_methods = || self.auth_methods.iter().filter(is_open).cloned().collect();
        let OperatorBounds { scope, auth_method, grant_types, .. } = bounds.operator.clone();
        Self {
            scope: scope.unwrap_or_else(|| bounds.scope.intersect(&self.scope)),
            auth_methods: auth_method.map_or_else(open_methods, |only| BTreeSet::from([only])),
            grant_types: grant_types.unwrap_or_else(|| self.grant_types.clone()),
            fetches: self.fetches,
        }
    }
}

impl ClientMetadata {
    /// Reads what was said. What is left out takes its default first, and the whole is judged then (T85).
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] that names the member and the rule, never a value.
    pub(crate) fn read(said: &Said<'_>, open: &Openness) -> Result<Self, InvalidValue> {
        let auth_method = auth_method(said, open)?;
        let auth_signing_alg = signing_alg(said, &auth_method)?;
        let (keys, key_set) = keys(said, open, auth_signing_alg)?;
        if auth_method == AuthMethod::PRIVATE_KEY_JWT && keys.is_empty() && key_set.is_none() {
            return Err(InvalidValue::new("jwks or jwks_uri", "given, for private_key_jwt"));
        }
        if let (false, Some(alg)) = (keys.is_empty(), auth_signing_alg)
            && !alg.is_symmetric()
            && !keys.iter().any(|key| key.algorithm() == alg)
        {
            return Err(InvalidValue::new("jwks", "of at least one key for token_endpoint_auth_signing_alg"));
        }
        response_types(said)?;
        Ok(Self {
            auth_method,
            auth_signing_alg,
            grant_types: grant_types(said, open)?,
            scope: scope(said, open)?,
            name: line(said, "client_name")?.map(str::to_owned),
            keys,
            key_set,
            further: further(said)?,
        })
    }
}

/// `client_secret_basic` where nothing is said (§2).
fn auth_method(said: &Said<'_>, open: &Openness) -> Result<AuthMethod, InvalidValue> {
    let named = said.text("token_endpoint_auth_method")?;
    let method = named.map_or(AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::new);
    if open.auth_methods.contains(&method) {
        return Ok(method);
    }
    let rule = match named {
        Some(_) => {
            "one that registration is open to (see token_endpoint_auth_methods_supported); there are no public clients"
        }
        None => "named: client_secret_basic, which is meant where none is, is not open here",
    };
    Err(InvalidValue::new("token_endpoint_auth_method", rule))
}

/// Of use to the methods that are JWTs alone. HS256 where nothing is said of a secret.
fn signing_alg(said: &Said<'_>, method: &AuthMethod) -> Result<Option<AssertionAlgorithm>, InvalidValue> {
    let named = said.text("token_endpoint_auth_signing_alg")?;
    let symmetric = *method == AuthMethod::CLIENT_SECRET_JWT;
    if !symmetric && *method != AuthMethod::PRIVATE_KEY_JWT {
        return Ok(None);
    }
    let Some(named) = named else { return Ok(symmetric.then_some(AssertionAlgorithm::Hs256)) };
    let rule = "one of token_endpoint_auth_signing_alg_values_supported that fits token_endpoint_auth_method";
    match AssertionAlgorithm::from_name(named).filter(|alg| alg.is_symmetric() == symmetric) {
        Some(alg) => Ok(Some(alg)),
        None => Err(InvalidValue::new("token_endpoint_auth_signing_alg", rule)),
    }
}

/// Not both (§2).
fn keys(
    said: &Said<'_>,
    open: &Openness,
    alg: Option<AssertionAlgorithm>,
) -> Result<(Vec<PublicKey>, Option<KeySetUrl>), InvalidValue> {
    match (said.object("jwks")?, said.text("jwks_uri")?) {
        (Some(_), Some(_)) => Err(InvalidValue::new("jwks_uri", "left out where jwks is given")),
        (Some(set), None) => {
            let rsa =
                alg.filter(|alg| !alg.is_symmetric() && is_rsa(*alg)).unwrap_or(AssertionAlgorithm::Rs256);
            Ok((PublicKey::from_registered(set, rsa)?, None))
        }
        (None, Some(_)) if !open.fetches => {
            Err(InvalidValue::new("jwks_uri", "left out: this server fetches no keys, so give them as jwks"))
        }
        (None, Some(url)) => {
            let is_https = url.starts_with("https://");
            let rule = "an https URL of at most 2048 visible ASCII characters, without user information and fragment";
            if !is_https {
                return Err(InvalidValue::new("jwks_uri", rule));
            }
            Ok((Vec::new(), Some(KeySetUrl::new(url)?)))
        }
        (None, None) => Ok((Vec::new(), None)),
    }
}

fn is_rsa(alg: AssertionAlgorithm) -> bool {
    alg.as_str().starts_with(['R', 'P'])
}

/// `client_credentials` where nothing is said. What is foreign, or not open, falls away; who wants nothing else is in the wrong
/// place.
fn grant_types(said: &Said<'_>, open: &Openness) -> Result<BTreeSet<GrantType>, InvalidValue> {
    let named = said.texts("grant_types")?.unwrap_or_default();
    let named = if named.is_empty() { vec![GrantType::CLIENT_CREDENTIALS.as_str()] } else { named };
    let granted: BTreeSet<_> =
        open.grant_types.iter().filter(|grant| named.contains(&grant.as_str())).cloned().collect();
    if granted.is_empty() {
        let rule =
            "at least one that registration is open to; client_credentials is meant where none is named";
        return Err(InvalidValue::new("grant_types", rule));
    }
    Ok(granted)
}

/// There is nowhere to respond to: whatever is asked for, a client has none.
fn response_types(said: &Said<'_>) -> Result<(), InvalidValue> {
    said.texts("response_types").map(drop)
}

/// All that is open where nothing is said (§2).
fn scope(said: &Said<'_>, open: &Openness) -> Result<Scope, InvalidValue> {
    let Some(text) = said.text("scope")? else { return Ok(open.scope.clone()) };
    let scope = Scope::parse(text)?;
    if scope.is_within(&open.scope) {
        return Ok(scope);
    }
    Err(InvalidValue::new(
        "scope",
        "within what is open to this client: see its initial access token, or an operator has narrowed it",
    ))
}

fn line<'a>(said: &'a Said<'_>, name: &'static str) -> Result<Option<&'a str>, InvalidValue> {
    match said.text(name)? {
        Some(text) if !is_shown(text, LINE) => Err(InvalidValue::new(name, LINE_RULE)),
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}

/// What is kept as it is.
fn further(said: &Said<'_>) -> Result<Map<String, Value>, InvalidValue> {
    let mut kept = Map::new();
    for name in PAGES {
        if let Some(text) = page(said.text(name)?, name)? {
            kept.insert(name.to_owned(), text.into());
        }
    }
    for name in ["software_id", "software_version"] {
        if let Some(text) = line(said, name)? {
            kept.insert(name.to_owned(), text.into());
        }
    }
    if let Some(contacts) = said.texts("contacts")?.filter(|contacts| !contacts.is_empty()) {
        if contacts.len() > MAX_CONTACTS
            || !contacts.iter().all(|contact| is_shown(contact, MAX_CONTACT_BYTES))
        {
            let rule = "at most 20, each of at most 320 bytes without control characters";
            return Err(InvalidValue::new("contacts", rule));
        }
        kept.insert("contacts".to_owned(), contacts.into());
    }
    let before = kept.len();
    for (name, tag) in said.localized() {
        let known = PAGES.into_iter().chain(["client_name"]).find(|known| *known == name);
        let Some(known) = known else { continue };
        if !is_language_tag(tag) {
            return Err(InvalidValue::new("the part of a member's name behind #", "a language tag (BCP 47)"));
        }
        let full = format!("{name}#{tag}");
        let Some(text) =
            said.value(&full).map(|value| value.as_text().ok_or(InvalidValue::new(known, "text")))
        else {
            continue;
        };
        let text = text?;
        if known == "client_name" {
            if !is_shown(text, LINE) {
                return Err(InvalidValue::new("client_name", LINE_RULE));
            }
        } else {
            page(Some(text), known)?;
        }
        // Tags compare without case (§2.2): the first one stays, and a statement's come first.
        if kept.keys().any(|own| own.eq_ignore_ascii_case(&full)) {
            continue;
        }
        kept.insert(full, text.into());
        if kept.len() - before > MAX_LOCALIZED {
            return Err(InvalidValue::new("members in other languages", "at most 50"));
        }
    }
    if let Some(statement) = said.statement() {
        kept.insert("software_statement".to_owned(), statement.into());
    }
    Ok(kept)
}

/// A page for people. Shown in consoles, so nothing but http and https (T84).
fn page<'a>(text: Option<&'a str>, name: &'static str) -> Result<Option<&'a str>, InvalidValue> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Without user information, which passes for a host to people.
    let is_ok = text.len() <= 2048
        && !authority.is_empty()
        && !authority.contains('@')
        && !text.chars().any(|c| is_hostile(c) || is_invisible(c));
    if is_ok {
        Ok(Some(text))
    } else {
        Err(InvalidValue::new(name, "an http or https URL of at most 2048 bytes"))
    }
}

/// Text that shows as it is written: no control characters, and none that turn or hide what stands beside them.
fn is_shown(text: &str, most: usize) -> bool {
    is_line(text, most) && !text.chars().any(is_invisible)
}

/// Marks of direction, breaks and joiners of no width.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_hostile(c: char) -> bool {
    c.is_control() || c.is_whitespace() || "\"<>\\^`{|}".contains(c)
}

fn is_language_tag(tag: &str) -> bool {
    let part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= 35 && tag.split('-').all(part)
}
