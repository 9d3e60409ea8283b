//! Identifiers of organizations, and of what EC2 has.
//!
//! Source: the patterns in the Organizations API Reference and the EC2 API
//! Reference.

use std::fmt;
use std::sync::Arc;

use super::Entropy;
use super::id::{AccountId, IdError, identifier};

identifier!(
    /// The id of an organization, such as `o-a1b2c3d4e5`.
    OrganizationId,
    "an organization id",
    "it is `o-` and 10 to 32 lowercase letters and digits",
    |t| t.strip_prefix("o-").is_some_and(|rest| is_lower(rest, 10, 32))
);
identifier!(
    /// What a policy of an organization can be attached to: the root (`r-ab12`),
    /// an organizational unit (`ou-ab12-c3d4e5f6`) or an account (12 digits).
    NodeId,
    "the id of a root, an organizational unit or an account",
    "a root is `r-ab12`, an organizational unit `ou-ab12-c3d4e5f6`, an account 12 digits",
    valid_node
);
identifier!(
    /// The id of a policy of an organization, such as `p-a1b2c3d4`.
    ControlPolicyId,
    "the id of an organization's policy",
    "it is `p-` and 8 to 128 letters, digits and underscores",
    |t| t.strip_prefix("p-").is_some_and(|rest| (8..=128).contains(&rest.len())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
);
identifier!(
    /// The id of a virtual private cloud, such as `vpc-1a2b3c4d`.
    VpcId,
    "the id of a VPC",
    "it is `vpc-` and 8 to 17 lowercase letters and digits",
    |t| t.strip_prefix("vpc-").is_some_and(|rest| is_lower(rest, 8, 17))
);
identifier!(
    /// The id of a VPC endpoint, such as `vpce-1a2b3c4d`.
    VpcEndpointId,
    "the id of a VPC endpoint",
    "it is `vpce-` and 8 to 17 lowercase letters and digits",
    |t| t.strip_prefix("vpce-").is_some_and(|rest| is_lower(rest, 8, 17))
);

identifier!(
    /// The id of an EC2 instance, such as `i-0a1b2c3d4e5f67890`.
    InstanceId,
    "the id of an instance",
    "it is `i-` and 8 to 17 lowercase letters and digits",
    |t| t.strip_prefix("i-").is_some_and(|rest| is_lower(rest, 8, 17))
);
identifier!(
    /// The id of an EBS volume, such as `vol-0a1b2c3d4e5f67890`.
    VolumeId,
    "the id of a volume",
    "it is `vol-` and 8 to 17 lowercase letters and digits",
    |t| t.strip_prefix("vol-").is_some_and(|rest| is_lower(rest, 8, 17))
);

const LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn is_lower(text: &str, shortest: usize, longest: usize) -> bool {
    (shortest..=longest).contains(&text.len()) && text.bytes().all(|b| LOWER.contains(&b))
}

fn valid_node(text: &str) -> bool {
    if let Some(root) = text.strip_prefix("r-") {
        return is_lower(root, 4, 32);
    }
    match text.strip_prefix("ou-") {
        Some(unit) => unit
            .split_once('-')
            .is_some_and(|(root, own)| is_lower(root, 4, 32) && is_lower(own, 8, 32)),
        None => AccountId::parse(text).is_ok(),
    }
}

impl OrganizationId {
    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("o-{}", entropy.text(10, LOWER))))
    }
}

impl NodeId {
    /// A fresh id of a root.
    pub fn fresh_root(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("r-{}", entropy.text(4, LOWER))))
    }

    /// A fresh id of an organizational unit below `root`.
    pub fn fresh_unit(root: &Self, entropy: &mut Entropy) -> Self {
        let of_root = root.0.strip_prefix("r-").unwrap_or_default();
        Self(Arc::from(format!(
            "ou-{of_root}-{}",
            entropy.text(8, LOWER)
        )))
    }

    /// The account, if it is one.
    pub fn account(&self) -> Option<AccountId> {
        AccountId::parse(self.as_str()).ok()
    }
}

impl From<&AccountId> for NodeId {
    fn from(account: &AccountId) -> Self {
        Self(Arc::from(account.as_str()))
    }
}

impl ControlPolicyId {
    /// The id of AWS's own policy of this name, such as `p-FullAWSAccess`.
    pub fn of_aws(name: &str) -> Self {
        Self(Arc::from(format!("p-{name}")))
    }

    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("p-{}", entropy.text(8, LOWER))))
    }
}

impl VpcEndpointId {
    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("vpce-0{}", entropy.hex(8))))
    }
}

impl InstanceId {
    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("i-0{}", entropy.hex(8))))
    }
}

impl VolumeId {
    /// A fresh id.
    pub fn fresh(entropy: &mut Entropy) -> Self {
        Self(Arc::from(format!("vol-0{}", entropy.hex(8))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_satisfy_their_own_rule() {
        let mut entropy = Entropy::simulated(3);
        for _ in 0..50 {
            OrganizationId::parse(OrganizationId::fresh(&mut entropy).as_str()).unwrap();
            let root = NodeId::fresh_root(&mut entropy);
            let unit = NodeId::fresh_unit(&root, &mut entropy);
            NodeId::parse(root.as_str()).unwrap();
            NodeId::parse(unit.as_str()).unwrap();
            assert!(root.account().is_none() && unit.account().is_none());
            ControlPolicyId::parse(ControlPolicyId::fresh(&mut entropy).as_str()).unwrap();
            InstanceId::parse(InstanceId::fresh(&mut entropy).as_str()).unwrap();
            VolumeId::parse(VolumeId::fresh(&mut entropy).as_str()).unwrap();
            VpcEndpointId::parse(VpcEndpointId::fresh(&mut entropy).as_str()).unwrap();
        }
    }

    #[test]
    fn ids_of_other_things_are_refused() {
        for wrong in [
            "",
            "r-",
            "r-AB12",
            "ou-ab12",
            "ou-ab12-short",
            "1234",
            "dev",
        ] {
            assert!(NodeId::parse(wrong).is_err(), "{wrong}");
        }
        assert!(OrganizationId::parse("o-short").is_err());
        assert!(ControlPolicyId::parse("p-Full").is_err());
        assert!(VpcId::parse("vpce-12345678").is_err());
        assert!(VpcEndpointId::parse("vpc-12345678").is_err());
        NodeId::parse("111122223333").unwrap();
        ControlPolicyId::parse("p-FullAWSAccess").unwrap();
    }
}
