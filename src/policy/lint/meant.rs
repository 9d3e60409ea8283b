//! What somebody meant who wrote an action that does not exist.

use super::Catalogue;
use crate::base::nearest;

/// Operations whose permission has another name: S3's API says ListObjectsV2,
/// its permission is `s3:ListBucket`.
///
/// Source: S3 User Guide, "Required permissions for Amazon S3 API operations";
/// KMS Developer Guide, "AWS KMS permissions"; Lambda Developer Guide.
const OPERATIONS: [(&str, &[&str]); 18] = [
    ("s3:CompleteMultipartUpload", &["s3:PutObject"]),
    ("s3:CopyObject", &["s3:GetObject", "s3:PutObject"]),
    ("s3:CreateMultipartUpload", &["s3:PutObject"]),
    (
        "s3:DeleteBucketEncryption",
        &["s3:PutEncryptionConfiguration"],
    ),
    ("s3:DeleteObjects", &["s3:DeleteObject"]),
    ("s3:GetBucketEncryption", &["s3:GetEncryptionConfiguration"]),
    ("s3:HeadBucket", &["s3:ListBucket"]),
    ("s3:HeadObject", &["s3:GetObject"]),
    ("s3:ListBuckets", &["s3:ListAllMyBuckets"]),
    (
        "s3:ListMultipartUploads",
        &["s3:ListBucketMultipartUploads"],
    ),
    ("s3:ListObjects", &["s3:ListBucket"]),
    ("s3:ListObjectsV2", &["s3:ListBucket"]),
    ("s3:ListParts", &["s3:ListMultipartUploadParts"]),
    ("s3:PutBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    ("s3:UploadPart", &["s3:PutObject"]),
    ("s3:UploadPartCopy", &["s3:GetObject", "s3:PutObject"]),
    ("kms:ReEncrypt", &["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
    ("lambda:Invoke", &["lambda:InvokeFunction"]),
];

/// What a name that is no action stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// Nobody can say; or the action exists.
    Nothing,
    /// This action, written wrongly.
    Name(String),
    /// An operation that is allowed by these permissions.
    Permissions(&'static [&'static str]),
}

impl Meant {
    /// Whether `action` is among what was meant.
    pub fn includes(&self, action: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Name(name) => name.eq_ignore_ascii_case(action),
            Self::Permissions(names) => names.iter().any(|n| n.eq_ignore_ascii_case(action)),
        }
    }
}

/// What somebody meant who wrote `action`, such as `s3:GetObjects`.
///
/// Without an answer for actions that exist, for patterns, and for services
/// whose actions are not known.
pub fn meant(catalogue: &Catalogue, action: &str) -> Meant {
    let Some((service, name)) = action.split_once(':') else {
        return Meant::Nothing;
    };
    let Some(actions) = catalogue.actions(service) else {
        return Meant::Nothing;
    };
    if name.contains(['*', '?']) || catalogue.action(action).is_some() {
        return Meant::Nothing;
    }
    let operation = OPERATIONS
        .iter()
        .find(|(operation, _)| operation.eq_ignore_ascii_case(action));
    if let Some((_, permissions)) = operation {
        return Meant::Permissions(permissions);
    }
    let mut others = catalogue
        .services()
        .filter_map(|other| catalogue.action(&format!("{other}:{name}")));
    if let Some(other) = others.next() {
        return Meant::Name(other.name.clone());
    }
    nearest(action, actions.map(|a| a.name.as_str()))
        .map_or(Meant::Nothing, |near| Meant::Name(near.to_owned()))
}
