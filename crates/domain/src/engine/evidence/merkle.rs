//! Merkle trees as RFC 6962 (Certificate Transparency) makes them: leaves and nodes are hashed
//! apart, so that no node can pass for a leaf.

use crate::model::canonical::Digest;

const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The root over `leaves`, in their order.
#[must_use]
pub fn root(leaves: &[Vec<u8>]) -> Digest {
    match leaves {
        [] => Digest::of(&[]),
        [leaf] => Digest::of(&[&[LEAF], leaf.as_slice()].concat()),
        several => {
            // The left side is the largest power of two that leaves something on the right.
            let left = several.len().next_power_of_two() / 2;
            let (left, right) = several.split_at(left);
            node(&root(left), &root(right))
        }
    }
}

fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of(&[&[NODE], left.as_bytes().as_slice(), right.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs and roots by which implementations of RFC 6962 are tested.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let leaves: Vec<_> = inputs
            .iter()
            .map(|hex| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap())
            .collect();
        let known = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (count, told) in known {
            assert_eq!(root(&leaves[..count]).to_string(), told, "{count} leaves");
        }
    }

    #[test]
    fn a_node_is_no_leaf() {
        let leaves = [b"a".to_vec(), b"b".to_vec()];
        let sides: Vec<u8> = leaves
            .iter()
            .flat_map(|leaf| root(std::slice::from_ref(leaf)).as_bytes().to_vec())
            .collect();
        assert_ne!(root(&leaves), root(&[sides]));
    }
}
