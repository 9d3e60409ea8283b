//! What a policy is asked about.

use std::cell::OnceCell;

use super::arn_pattern::ArnParts;
use super::{Principal, RequestContext};

/// One action on one resource by one caller.
///
/// Made once and shown to many statements: what they all need, such as the
/// parts of the resource's ARN, is computed here.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    action: &'a str,
    resource: &'a str,
    principal: &'a Principal,
    context: &'a RequestContext,
    arn: Option<ArnParts<'a>>,
    folded_action: OnceCell<Box<str>>,
}

impl<'a> Request<'a> {
    /// A request; `resource` is an ARN, or `*` for actions without a resource.
    pub fn new(
        action: &'a str,
        resource: &'a str,
        principal: &'a Principal,
        context: &'a RequestContext,
    ) -> Self {
        let arn = ArnParts::split(resource);
        Self {
            action,
            resource,
            principal,
            context,
            arn,
            folded_action: OnceCell::new(),
        }
    }

    /// The action, such as `kms:Decrypt`.
    pub fn action(&self) -> &'a str {
        self.action
    }

    /// The resource's ARN, or `*`.
    pub fn resource(&self) -> &'a str {
        self.resource
    }

    /// The caller.
    pub fn principal(&self) -> &'a Principal {
        self.principal
    }

    /// The condition keys.
    pub fn context(&self) -> &'a RequestContext {
        self.context
    }

    pub(super) fn arn(&self) -> Option<&ArnParts<'a>> {
        self.arn.as_ref()
    }

    /// The action in lower case: case does not count in actions.
    pub fn folded_action(&self) -> &str {
        self.folded_action
            .get_or_init(|| self.action.to_ascii_lowercase().into_boxed_str())
    }
}
