//! What a failed call answers.

use std::fmt;
use std::sync::Arc;

use super::spec::Service;
use crate::authz::{Decision, Model, denial_message, denial_message_in_organization};
use crate::policy::PolicyError;

/// An error as the service gives it: code, HTTP status, message; and for a
/// denial the decision behind it.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The service that answers.
    pub service: Service,
    /// AWS's code, such as `AccessDenied`.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// AWS's text.
    pub message: String,
    /// What the lab adds: where, and what to do.
    pub detail: Option<String>,
    /// The decision, if the call was denied.
    pub decision: Option<Arc<Decision>>,
}

impl ApiError {
    /// An error of `service`.
    pub fn new(service: Service, code: &str, status: u16, message: impl Into<String>) -> Self {
        Self {
            service,
            code: code.to_owned(),
            status,
            message: message.into(),
            detail: None,
            decision: None,
        }
    }

    /// Malformed input.
    pub fn validation(service: Service, message: impl Into<String>) -> Self {
        Self::new(service, service.validation_code(), 400, message)
    }

    /// A document that `service` does not accept.
    pub fn policy(service: Service, error: &PolicyError) -> Self {
        let mut made = Self::new(service, error.code(), 400, error.message());
        made.detail = Some(error.excerpt());
        made
    }

    /// A denial by `service`, in AWS's words.
    pub fn denied(service: Service, decision: Arc<Decision>) -> Self {
        let (code, status) = service.denial();
        let why = denial_message(&decision, service.prefix());
        let message = match service {
            Service::Ec2 => format!("You are not authorized to perform this operation. {why}"),
            _ => why,
        };
        Self {
            decision: Some(decision),
            ..Self::new(service, code, status, message)
        }
    }

    /// The same for a caller whose account is in one organization with the resource's.
    #[must_use]
    pub fn in_organization(mut self) -> Self {
        if let (Service::S3, Some(decision)) = (self.service, &self.decision) {
            self.message = denial_message_in_organization(decision, self.service.prefix());
        }
        self
    }

    /// The same for a resource that a ciphertext named: its ARN is not told to strangers.
    ///
    /// Source: KMS Developer Guide, "Troubleshooting AWS KMS permissions".
    #[must_use]
    pub fn about_ciphertext(mut self) -> Self {
        let told = "on the resource associated with this ciphertext";
        self.message = self.message.replacen("on this resource", told, 1);
        self
    }

    /// The same with a sentence of the lab's own.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Whether this is a refusal for want of permission.
    pub fn is_denial(&self) -> bool {
        self.decision.is_some() || self.code.starts_with("AccessDenied")
    }

    /// Which model decided, for a denial.
    pub fn model(&self) -> Option<Model> {
        self.decision.as_ref().map(|d| d.model)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)?;
        match &self.detail {
            Some(detail) => write!(f, "\n{detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ApiError {}
