//! For how long an answer may be kept, by its own headers (RFC 9111 §4.2).

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName};

/// What the headers say; `None` where they say nothing that can be read. Bounds are whose keeps it.
pub(crate) fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut max_age = None;
    for directive in directives.flat_map(|value| value.split(',')).map(str::trim) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(Duration::ZERO),
            "max-age" => {
                // Stated twice, or in no way that can be read, it is stale (§4.2.1).
                let seconds = value.trim_matches('"').parse().unwrap_or(0);
                max_age = Some(max_age.map_or(seconds, |other: u64| other.min(seconds)));
            }
            _ => {}
        }
    }
    let age = number(headers, &AGE).unwrap_or(0);
    let stated = max_age.or_else(|| {
        headers.get(EXPIRES)?;
        let from = moment(headers, &DATE)?;
        // An Expires that is no date has passed (§5.3).
        let until = moment(headers, &EXPIRES).unwrap_or(from);
        Some(u64::try_from(until.saturating_sub(from)).unwrap_or(0))
    });
    stated.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

fn moment(headers: &HeaderMap, name: &HeaderName) -> Option<i64> {
    Some(DateTime::parse_from_rfc2822(text(headers, name)?.trim()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a value"));
        }
        freshness(&map).map(|fresh| fresh.as_secs())
    }

    #[test]
    fn rfc9111_s4_2_1_max_age_then_expires() {
        let date = ("date", "Sun, 22 Nov 2026 05:00:00 GMT");
        let expires = ("expires", "Sun, 22 Nov 2026 05:01:30 GMT");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("cache-control", "public")]), None);
        assert_eq!(of(&[("cache-control", "public, max-age=90")]), Some(90));
        assert_eq!(of(&[("cache-control", "Max-Age=\"90\"")]), Some(90));
        assert_eq!(of(&[("cache-control", "max-age=90"), ("age", "20")]), Some(70));
        assert_eq!(of(&[("cache-control", "max-age=90"), ("age", "200")]), Some(0));
        assert_eq!(of(&[("cache-control", "max-age=90, max-age=7")]), Some(7));
        assert_eq!(of(&[("cache-control", "max-age=90"), ("cache-control", "no-store")]), Some(0));
        assert_eq!(of(&[("cache-control", "no-cache, max-age=90")]), Some(0));
        for odd in ["max-age", "max-age=", "max-age=-1", "max-age=x", "max-age=99999999999999999999"] {
            assert_eq!(of(&[("cache-control", odd)]), Some(0), "{odd}");
        }
        assert_eq!(of(&[date, expires]), Some(90));
        assert_eq!(of(&[date, expires, ("cache-control", "max-age=5")]), Some(5));
        assert_eq!(of(&[date, ("expires", "0")]), Some(0));
        assert_eq!(of(&[date, ("expires", "Sun, 22 Nov 2026 04:00:00 GMT")]), Some(0));
        assert_eq!(of(&[expires]), None, "without a Date there is nothing to count from");
    }
}
