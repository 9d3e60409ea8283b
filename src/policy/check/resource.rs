//! Which texts a policy may be stored with as resources.
//!
//! Source: recorded answers of CreatePolicy and PutRolePolicy.

use crate::base::Glob;
use crate::base::glob::Case;

use super::super::action::at_colon;
use super::super::error::{Problem, Trouble};
use super::super::fault::Fault;
use super::super::raw::Text;

/// Every partition of AWS.
const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

/// How the sixth part of an IAM ARN may begin.
pub(in crate::policy) const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What is wrong with a resource, as AWS's first parser sees it.
pub(super) fn check(resource: &Text<'_>) -> Result<(), Trouble> {
    let text = &*resource.text;
    if text == "*" {
        return Ok(());
    }
    let Some((head, rest)) = at_colon(text) else {
        return not_an_arn(resource);
    };
    let (partition, rest) = match at_colon(rest) {
        Some((partition, rest)) => (partition, Some(rest)),
        None => (rest, None),
    };
    // AWS does not look at the first word; a wrong one means that a part is missing.
    if !is_partition(partition) {
        return odd_partition(resource, head, partition);
    }
    if head != "arn" {
        return not_an_arn(resource);
    }
    let (service, rest) = match rest {
        Some(rest) => at_colon(rest).unwrap_or((rest, "")),
        None => return vendor(resource, "the ARN names no service"),
    };
    if service.contains(['*', '?']) {
        let detail = format!("`{service}` stands for the service, which has to be named");
        return vendor(resource, &detail);
    }
    match service {
        "s3" => s3(resource, rest),
        "iam" => iam(resource, rest),
        _ => Ok(()),
    }
}

fn not_an_arn(resource: &Text<'_>) -> Result<(), Trouble> {
    let text = &resource.text;
    let problem = Problem::new(resource.at, format!("`{text}` is neither an ARN nor `*`"))
        .hint("an ARN is `arn:aws:service:region:account:resource`");
    Err((Fault::NotArn(text.to_string()), problem))
}

/// AWS shows the ARN as it understood it, with `*` for the parts that were missing.
fn odd_partition(resource: &Text<'_>, head: &str, partition: &str) -> Result<(), Trouble> {
    let mut parts: Vec<&str> = resource.text.splitn(6, ':').skip(1).collect();
    parts.resize(5, "*");
    let understood = format!("arn:{}", parts.join(":"));
    let problem = Problem::new(resource.at, format!("`{partition}` is no partition of AWS"));
    let problem = match head {
        "arn" => problem.suggest(partition, PARTITIONS),
        _ => problem.hint("an ARN starts with `arn:aws:`"),
    };
    let fault = Fault::Partition {
        partition: partition.into(),
        resource: understood,
    };
    Err((fault, problem))
}

fn vendor(resource: &Text<'_>, detail: &str) -> Result<(), Trouble> {
    let problem = Problem::new(resource.at, detail)
        .hint("write one ARN for each service: `arn:aws:s3:::bucket`");
    Err((Fault::ResourceVendor, problem))
}

/// Buckets and objects have neither Region nor account; access points and jobs have both.
fn s3(resource: &Text<'_>, rest: &str) -> Result<(), Trouble> {
    let (region, rest) = at_colon(rest).unwrap_or((rest, ""));
    let account = rest.split(':').next().unwrap_or_default();
    let short = memchr::memchr_iter(b':', resource.text.as_bytes()).count() < 5;
    if short || region.is_empty() || !account.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(resource.at, format!("`{region}` stands where nothing may"))
        .hint("the ARN of a bucket has neither Region nor account: `arn:aws:s3:::bucket`");
    Err((Fault::RegionInBucketArn(resource.text.to_string()), problem))
}

fn iam(resource: &Text<'_>, rest: &str) -> Result<(), Trouble> {
    let (region, rest) = at_colon(rest).unwrap_or((rest, ""));
    if !region.is_empty() {
        let problem = Problem::new(resource.at, format!("`{region}` stands for the Region"))
            .hint("IAM is global: `arn:aws:iam::111122223333:role/Name`");
        return Err((Fault::RegionInIamArn(resource.text.to_string()), problem));
    }
    let path = at_colon(rest).map_or("", |(_, path)| path);
    let allowed = path == "*" || path == "root" || IAM_PATHS.iter().any(|p| path.starts_with(p));
    if allowed {
        return Ok(());
    }
    let kind = path.split('/').next().unwrap_or_default();
    let kinds = IAM_PATHS.iter().map(|p| p.trim_end_matches('/'));
    let problem = Problem::new(
        resource.at,
        format!("`{path}` does not say what kind of IAM resource it is"),
    )
    .hint("write `role/Name`, `user/Name`, `policy/Name` or the like")
    .suggest(kind, kinds);
    Err((Fault::IamPath, problem))
}

/// What AWS's second parser refuses of an ARN that the first one took.
pub(super) fn parts(resource: &Text<'_>) -> Result<(), Trouble> {
    let text = &*resource.text;
    if text == "*" {
        return Ok(());
    }
    let service = text.split(':').nth(2);
    let colons = memchr::memchr_iter(b':', text.as_bytes()).count();
    let short = colons < 5 && (text.contains("::") || service == Some("s3"));
    if !(service == Some("") || short) {
        return Ok(());
    }
    let hint = match service {
        Some("s3") => "the ARN of a bucket is `arn:aws:s3:::bucket`, with three colons behind `s3`",
        _ => "an ARN is `arn:aws:service:region:account:resource`",
    };
    let problem = Problem::new(resource.at, format!("`{text}` lacks parts")).hint(hint);
    Err((Fault::Legacy, problem))
}

/// Whether `text` is a partition, or a pattern that admits one.
fn is_partition(text: &str) -> bool {
    let admits = || {
        let pattern = Glob::new(text, Case::Sensitive);
        PARTITIONS.iter().any(|known| pattern.matches(known))
    };
    PARTITIONS.contains(&text) || (text.contains(['*', '?']) && admits())
}
