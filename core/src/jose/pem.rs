//! Keys as text (RFC 7468).

use data_encoding::BASE64;
use zeroize::Zeroizing;

/// One key with what surrounds it, a certificate chain perhaps.
const MAX_BYTES: usize = 64 * 1024;

/// What stands between `-----BEGIN label-----` and its end.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    /// `None` where it is not plain base64: damaged, or encrypted in the old way, with headers.
    pub(super) der: Option<Zeroizing<Vec<u8>>>,
}

/// All blocks; text around them means nothing (§2). `None` if one does not end.
pub(super) fn blocks(text: &str) -> Option<Vec<Block<'_>>> {
    let mut rest = Some(text).filter(|text| text.len() <= MAX_BYTES)?;
    let mut blocks = Vec::new();
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, begun) = begun.split_once("-----")?;
        let (body, after) = begun.split_once(&format!("-----END {label}-----"))?;
        let plain =
            Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>());
        blocks.push(Block { label, der: BASE64.decode(&plain).ok().map(Zeroizing::new) });
        rest = after;
    }
    Some(blocks)
}

/// A block of lines of 64 characters (§2). Of what is public.
pub(super) fn write(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for (at, character) in BASE64.encode(der).chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + &format!("\n-----END {label}-----\n")
}
