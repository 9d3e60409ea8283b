//! What is known of an operation without running it.

use std::fmt;
use std::str::FromStr;

/// A service of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
    /// Key Management Service.
    Kms,
    /// Simple Storage Service.
    S3,
    /// Glue.
    Glue,
    /// Organizations.
    Organizations,
    /// Elastic Compute Cloud: instances, volumes, VPC endpoints.
    Ec2,
    /// Lambda.
    Lambda,
    /// Relational Database Service.
    Rds,
    /// CloudTrail.
    CloudTrail,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 10] = [
        Self::Iam,
        Self::Sts,
        Self::Kms,
        Self::S3,
        Self::Glue,
        Self::Organizations,
        Self::Ec2,
        Self::Lambda,
        Self::Rds,
        Self::CloudTrail,
    ];

    /// The prefix of its actions.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Kms => "kms",
            Self::S3 => "s3",
            Self::Glue => "glue",
            Self::Organizations => "organizations",
            Self::Ec2 => "ec2",
            Self::Lambda => "lambda",
            Self::Rds => "rds",
            Self::CloudTrail => "cloudtrail",
        }
    }

    /// The name of its endpoint in events, such as `kms.amazonaws.com`.
    pub fn host(self) -> String {
        format!("{}.amazonaws.com", self.prefix())
    }

    /// The code with which it refuses malformed input.
    pub fn validation_code(self) -> &'static str {
        match self {
            Self::Iam | Self::Sts => "ValidationError",
            Self::Kms | Self::Lambda | Self::CloudTrail => "ValidationException",
            Self::S3 => "InvalidArgument",
            Self::Glue | Self::Organizations => "InvalidInputException",
            Self::Ec2 | Self::Rds => "InvalidParameterValue",
        }
    }

    /// The code and status with which it refuses what is not allowed.
    pub fn denial(self) -> (&'static str, u16) {
        match self {
            Self::Iam | Self::Sts | Self::S3 | Self::Rds => ("AccessDenied", 403),
            Self::Kms | Self::Glue | Self::Organizations | Self::CloudTrail => {
                ("AccessDeniedException", 400)
            }
            Self::Lambda => ("AccessDeniedException", 403),
            Self::Ec2 => ("UnauthorizedOperation", 403),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

impl FromStr for Service {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.prefix() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::prefix).join(", ");
                format!("`{text}` is not a service of the lab: use one of {known}")
            })
    }
}

/// How CloudTrail classes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// A management event.
    Management,
    /// A data event: S3's object operations.
    Data,
}

/// What is known of an operation without running it.
#[derive(Clone, Copy, Debug)]
pub struct OperationSpec {
    /// The service.
    pub service: Service,
    /// AWS's name, such as `GenerateDataKey`.
    pub name: &'static str,
    /// Whether it changes nothing.
    pub read_only: bool,
    /// How CloudTrail classes it.
    pub category: Category,
    /// The permissions that it can ask for.
    pub permissions: &'static [&'static str],
    /// The errors of its own, beyond denial and malformed input.
    pub errors: &'static [&'static str],
}

impl OperationSpec {
    /// A management operation that changes something.
    pub const fn write(service: Service, name: &'static str) -> Self {
        Self {
            service,
            name,
            read_only: false,
            category: Category::Management,
            permissions: &[],
            errors: &[],
        }
    }

    /// A management operation that changes nothing.
    pub const fn read(service: Service, name: &'static str) -> Self {
        Self {
            read_only: true,
            ..Self::write(service, name)
        }
    }

    /// The same as a data event.
    pub const fn data(self) -> Self {
        Self {
            category: Category::Data,
            ..self
        }
    }

    /// The same with the permissions that it can ask for.
    pub const fn needs(self, permissions: &'static [&'static str]) -> Self {
        Self {
            permissions,
            ..self
        }
    }

    /// The same with its own errors.
    pub const fn fails(self, errors: &'static [&'static str]) -> Self {
        Self { errors, ..self }
    }

    /// `service:Name`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.name)
    }
}
