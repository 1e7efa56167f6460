//! Tokens as text: signed claims, and words that nobody can guess without the seed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A JSON web token with these claims, signed with HS256.
pub(super) fn sign(seed: u64, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let signature = digest(seed, &signed);
    format!("{signed}.{signature}")
}

/// The keyed digest of a text; the same for the same seed.
pub(super) fn digest(seed: u64, text: &str) -> String {
    let key = format!("simulated signing key {seed}");
    // HMAC takes a key of any length.
    let bytes = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map(|mac| mac.chain_update(text).finalize().into_bytes())
        .unwrap_or_default();
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_signed_over_header_and_claims() {
        let token = sign(1, &json!({ "sub": "1" }));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(signature, digest(1, signed));
        assert_ne!(signature, digest(2, signed));
        assert!(signed.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    }
}
