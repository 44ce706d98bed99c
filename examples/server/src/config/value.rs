//! Values that can be written in more than one way.

use std::fmt;
use std::time::Duration;

use chrono::DateTime;
use grantor::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use toml::value::Datetime;

/// A span of time: whole seconds, or a number with its unit.
#[derive(Clone, Debug)]
pub(crate) struct Lifetime(pub(super) Duration);

/// A moment: RFC 3339, in quotes or as TOML's own date and time.
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(LifetimeVisitor)
    }
}

impl Lifetime {
    /// As a flag has it.
    pub(super) fn from_text(text: &str) -> Result<Self, String> {
        span_of_time(text)
            .map(Self)
            .ok_or_else(|| "write a number and s, m, h or d, such as 90s, 10m or 1h".to_owned())
    }
}

/// A span of time, or `"never"`.
pub(super) struct LifetimeOrNever(pub(super) Option<Duration>);

impl<'de> Deserialize<'de> for LifetimeOrNever {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(LifetimeOrNeverVisitor)
    }
}

struct LifetimeOrNeverVisitor;

impl Visitor<'_> for LifetimeOrNeverVisitor {
    type Value = LifetimeOrNever;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number with its unit, such as \"30d\", or \"never\"")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<LifetimeOrNever, E> {
        LifetimeVisitor.visit_i64(seconds).map(|life| LifetimeOrNever(Some(life.0)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<LifetimeOrNever, E> {
        if text == "never" {
            return Ok(LifetimeOrNever(None));
        }
        let span = span_of_time(text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))?;
        Ok(LifetimeOrNever(Some(span)))
    }
}

struct LifetimeVisitor;

impl Visitor<'_> for LifetimeVisitor {
    type Value = Lifetime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "whole seconds, such as 600, or a number with its unit, such as \"90s\", \"10m\", \"1h\" or \"90d\"",
        )
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Lifetime, E> {
        let seconds =
            u64::try_from(seconds).map_err(|_| E::invalid_value(Unexpected::Signed(seconds), &self))?;
        Ok(Lifetime(Duration::from_secs(seconds)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Lifetime, E> {
        let span = span_of_time(text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))?;
        Ok(Lifetime(span))
    }
}

/// A number with its unit: `90s`, `10m`, `1h`, `7d`.
pub(crate) fn span_of_time(text: &str) -> Option<Duration> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let read = |(unit, seconds): (&str, u64)| {
        let number = text.strip_suffix(unit)?.trim_end();
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| number.parse::<u64>().ok()?.checked_mul(seconds)).flatten()
    };
    units.into_iter().find_map(read).map(Duration::from_secs)
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(MomentVisitor)
    }
}

struct MomentVisitor;

impl<'de> Visitor<'de> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a moment with its offset, such as 2026-12-01T00:00:00Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
        let moment = DateTime::parse_from_rfc3339(text).ok();
        let moment = moment.and_then(|moment| Timestamp::from_unix(moment.timestamp()).ok());
        moment.map(Moment).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
    }

    /// How TOML's own date and time comes through serde.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Moment, A::Error> {
        let native = Datetime::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::invalid_value(Unexpected::Map, &self))?;
        self.visit_str(&native.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Both {
        lifetime: Option<Lifetime>,
        at: Option<Moment>,
    }

    fn read(text: &str) -> Option<Both> {
        toml::from_str(text).ok()
    }

    #[test]
    fn a_lifetime_is_seconds_or_has_a_unit() {
        for (text, seconds) in
            [("600", 600), ("\"600s\"", 600), ("\"10m\"", 600), ("\"10 m\"", 600), ("\"2h\"", 7200)]
        {
            let lifetime = read(&format!("lifetime = {text}")).and_then(|both| both.lifetime).expect(text);
            assert_eq!(lifetime.0, Duration::from_secs(seconds), "{text}");
        }
        let bad = [
            "-1",
            "1.5",
            "\"\"",
            "\"10\"",
            "\"m\"",
            "\"10w\"",
            "\"+1m\"",
            "\"-1m\"",
            "true",
            "\"99999999999999999999h\"",
        ];
        for bad in bad {
            assert!(read(&format!("lifetime = {bad}")).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_text_or_native_and_has_an_offset() {
        for good in ["2026-12-01T00:00:00Z", "\"2026-12-01T00:00:00Z\"", "2026-12-01T01:00:00+01:00"] {
            let moment = read(&format!("at = {good}")).and_then(|both| both.at).expect(good);
            assert_eq!(moment.0.as_unix(), 1_796_083_200, "{good}");
        }
        for bad in ["2026-12-01", "2026-12-01T00:00:00", "\"tomorrow\"", "7", "1969-12-31T00:00:00Z"] {
            assert!(read(&format!("at = {bad}")).is_none(), "{bad}");
        }
    }
}
