//! What a request asks for: `scope` (RFC 6749 §3.3) and `resource` (RFC 8707 §2).

use crate::error::{ErrorCode, Reason, Step, reject};
use crate::form::Form;
use crate::types::{ResourceUri, Scope};

/// What a client asks for, checked for form.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked {
    /// The scope.
    pub scope: AskedScope,
    /// The resource, if it named one.
    pub resource: Option<ResourceUri>,
}

/// Which scope a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskedScope {
    /// It sent none: what it gets by default.
    Default,
    /// All that it holds at the resource, by the scope `<resource>/.default`.
    All,
    /// Exactly these.
    Tokens(Scope),
}

/// A scope of this ending, alone, names a resource and all that the client holds there, where that is switched on.
const ALL_SUFFIX: &str = "/.default";

/// Reads what is asked for. Several resources are refused, never narrowed to one in silence (RFC 8707 §2).
pub(crate) fn read(form: &Form<'_>, suffix_means_all: bool) -> Step<Asked> {
    let mut named = form.all("resource");
    let resource = named.next().map(resource_uri).transpose()?;
    if named.next().is_some() {
        return reject(ErrorCode::InvalidTarget, Reason::ResourceRepeated);
    }
    let Some(text) = form.get("scope") else { return Ok(Asked { scope: AskedScope::Default, resource }) };
    let Ok(scope) = Scope::parse(text) else {
        return reject(ErrorCode::InvalidScope, Reason::ScopeMalformed);
    };
    // Only alone: beside other scopes it is one that no resource knows, wherever it stands in the list.
    let may_mean_all = suffix_means_all && scope.tokens().count() == 1;
    let whole = if may_mean_all { scope.as_str().strip_suffix(ALL_SUFFIX) } else { None };
    let Some(uri) = whole else { return Ok(Asked { scope: AskedScope::Tokens(scope), resource }) };
    let uri = resource_uri(uri)?;
    if resource.is_some_and(|other| other != uri) {
        return reject(ErrorCode::InvalidTarget, Reason::ResourceRepeated);
    }
    Ok(Asked { scope: AskedScope::All, resource: Some(uri) })
}

fn resource_uri(text: &str) -> Step<ResourceUri> {
    match ResourceUri::new(text) {
        Ok(uri) => Ok(uri),
        Err(_) => reject(ErrorCode::InvalidTarget, Reason::ResourceMalformed),
    }
}
