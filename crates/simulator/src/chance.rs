//! Chance by seed: SplitMix64, written out so that a seed means the same in every release.

/// The `n`th number of the sequence that `seed` begins.
pub(crate) const fn nth(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number from 0 up to but not including 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what an f64 holds")]
pub(crate) fn fraction(seed: u64, n: u64) -> f64 {
    (nth(seed, n) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A fingerprint of `bytes` (FNV-1a, then mixed); no secret depends on it.
pub(crate) fn fingerprint(seed: u64, bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64 ^ seed, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    nth(hash, 0)
}
