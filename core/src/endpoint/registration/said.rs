//! What a request says about a client, under what a software statement says (RFC 7591 §2.3).

use crate::jose::{Json, Members};
use crate::types::InvalidValue;

/// The members of a request, each in front of it the one of a statement. `null` is as if nothing were said (RFC 7592 §2.2).
pub(crate) struct Said<'a> {
    request: &'a Members<'a>,
    statement: Option<(&'a str, &'a Members<'a>)>,
}

impl<'a> Said<'a> {
    pub(crate) const fn new(request: &'a Members<'a>) -> Self {
        Self { request, statement: None }
    }

    /// With what a verified statement says in front.
    pub(crate) const fn vouched(mut self, statement: &'a str, members: &'a Members<'a>) -> Self {
        self.statement = Some((statement, members));
        self
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Json<'a>> {
        let said = |members: &'a Members<'a>| members.get(name).filter(|value| !matches!(value, Json::Null));
        self.statement.and_then(|(_, members)| said(members)).or_else(|| said(self.request))
    }

    /// The statement as it came.
    pub(crate) fn statement(&self) -> Option<&'a str> {
        self.statement.map(|(text, _)| text)
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, InvalidValue> {
        self.value(name).map(|value| value.as_text().ok_or(InvalidValue::new(name, "text"))).transpose()
    }

    pub(crate) fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, InvalidValue> {
        let wrong = InvalidValue::new(name, "an array of texts");
        match self.value(name) {
            None => Ok(None),
            Some(Json::Array(values)) => {
                values.iter().map(|value| value.as_text().ok_or(wrong)).collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Err(wrong),
        }
    }

    pub(crate) fn object(&self, name: &'static str) -> Result<Option<&Members<'a>>, InvalidValue> {
        match self.value(name) {
            None => Ok(None),
            Some(Json::Object(members)) => Ok(Some(members)),
            Some(_) => Err(InvalidValue::new(name, "an object")),
        }
    }

    /// The names with a language tag behind them (RFC 7591 §2.2), taken apart.
    pub(crate) fn localized(&self) -> impl Iterator<Item = (&str, &str)> {
        let vouched = self.statement.into_iter().flat_map(|(_, members)| members.names());
        vouched.chain(self.request.names()).filter_map(|name| name.split_once('#'))
    }
}
