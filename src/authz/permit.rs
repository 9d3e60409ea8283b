//! The proof that a call was allowed.

use super::decision::Decision;

/// What an operation needs before it may act; only allows yield one.
///
/// Its field is private to this floor, so no operation can make its own:
///
/// ```compile_fail
/// let permit = keychai::authz::Permit(());
/// ```
#[derive(Debug)]
pub struct Permit(());

impl Permit {
    /// The permit that `decisions` yield, or the first of them that denies.
    ///
    /// An empty list is a call that AWS lets everyone make, such as
    /// `sts:GetCallerIdentity`.
    ///
    /// # Errors
    /// The index of the first decision that is not an allow.
    pub fn from_decisions(decisions: &[Decision]) -> Result<Self, usize> {
        match decisions.iter().position(|decision| !decision.is_allow()) {
            Some(denied) => Err(denied),
            None => Ok(Self(())),
        }
    }
}
