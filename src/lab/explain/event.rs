//! CloudTrail's records: what a call asked for, and how it ended.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents".

use serde_json::Value;

use super::message::{Denial, is_denied, read};
use crate::crypto::EncryptionContext;

/// S3's operations whose permission has another name.
///
/// Source: S3 User Guide, "Required permissions for Amazon S3 API operations".
const S3_NAMES: [(&str, &str); 12] = [
    ("ListObjects", "ListBucket"),
    ("ListObjectsV2", "ListBucket"),
    ("HeadBucket", "ListBucket"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("HeadObject", "GetObject"),
    ("CopyObject", "PutObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("UploadPart", "PutObject"),
    ("CompleteMultipartUpload", "PutObject"),
    ("DeleteObjects", "DeleteObject"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
];

/// The records in a record, a list, a log file, or the answer of LookupEvents.
pub(super) fn records(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(records).collect(),
        Value::Object(members) if members.contains_key("eventName") => vec![value.clone()],
        Value::Object(members) => {
            let lists = ["Records", "Events", "events"].iter();
            let inner = lists
                .filter_map(|name| members.get(*name))
                .flat_map(records);
            let text = ["CloudTrailEvent", "message", "detail"].iter();
            let text = text
                .filter_map(|name| members.get(*name))
                .flat_map(|inner| {
                    match inner {
                        // LookupEvents and CloudWatch Logs hold the record as text.
                        Value::String(text) => serde_json::from_str(text)
                            .map(|v: Value| records(&v))
                            .unwrap_or_default(),
                        object => records(object),
                    }
                });
            inner.chain(text).collect()
        }
        _ => Vec::new(),
    }
}

fn at<'v>(record: &'v Value, pointer: &str) -> Option<&'v str> {
    record.pointer(pointer).and_then(Value::as_str)
}

/// The denial that a record tells of.
pub(super) fn denial(record: &Value) -> Option<Denial> {
    let code = at(record, "/errorCode")?;
    let text = at(record, "/errorMessage").unwrap_or_default();
    let told = read(text);
    if !is_denied(code) && told.is_none() {
        return None;
    }
    let mut denial = call(record);
    let told = told.unwrap_or_default();
    denial.succeeded = false;
    denial.code = Some(code.to_owned());
    denial.message = text.to_owned();
    denial.action = told.action.or(denial.action);
    denial.resource = told.resource.or(denial.resource);
    denial.principal = denial.principal.or(told.principal);
    denial.layer = told.layer;
    denial.policy_type = told.policy_type;
    denial.explicit = told.explicit;
    denial.policy = told.policy;
    Some(denial)
}

/// The call that a record tells of, whatever came of it.
pub(super) fn call(record: &Value) -> Denial {
    let source = at(record, "/eventSource").unwrap_or_default();
    let service = source.split('.').next().unwrap_or_default();
    let operation = at(record, "/eventName").unwrap_or_default();
    let name = match service {
        "s3" => {
            let known = S3_NAMES.iter().find(|(from, _)| *from == operation);
            known.map_or(operation, |(_, to)| to)
        }
        "kms" if operation == "ReEncrypt" => "ReEncryptFrom",
        _ => operation,
    };
    let context = record.pointer("/requestParameters/encryptionContext");
    let context =
        context.and_then(|value| serde_json::from_value::<EncryptionContext>(value.clone()).ok());
    Denial {
        operation: Some(operation.to_owned()),
        principal: principal(record),
        action: Some(format!("{service}:{name}")),
        resource: resource(record, service, name),
        succeeded: at(record, "/errorCode").is_none(),
        encryption_context: context,
        context: keys(record, service),
        time: at(record, "/eventTime").map(str::to_owned),
        ..Denial::default()
    }
}

fn principal(record: &Value) -> Option<String> {
    let arn = at(record, "/userIdentity/arn").map(str::to_owned);
    let service = || match at(record, "/userIdentity/type") {
        Some("AWSService") => at(record, "/userIdentity/invokedBy").map(str::to_owned),
        _ => None,
    };
    arn.or_else(service)
}

fn resource(record: &Value, service: &str, action: &str) -> Option<String> {
    let parameter = |name: &str| at(record, &format!("/requestParameters/{name}"));
    match service {
        "s3" => {
            let bucket = parameter("bucketName")?;
            let object = action.contains("Object") && !action.starts_with("ListBucket");
            let key = parameter("key").filter(|_| object);
            Some(match key {
                Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
                None => format!("arn:aws:s3:::{bucket}"),
            })
        }
        "sts" => parameter("roleArn").map(str::to_owned),
        _ => {
            let named = record.pointer("/resources/0/ARN").and_then(Value::as_str);
            let key = parameter("keyId").filter(|key| key.starts_with("arn:") || service == "kms");
            named.or(key).map(str::to_owned)
        }
    }
}

/// Condition keys that stand in every record.
fn keys(record: &Value, service: &str) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    let mut put = |key: &str, value: Option<&str>| {
        keys.extend(value.map(|value| (key.to_owned(), value.to_owned())));
    };
    let address = at(record, "/sourceIPAddress");
    put(
        "aws:SourceIp",
        address.filter(|a| a.parse::<std::net::IpAddr>().is_ok()),
    );
    put("aws:SourceVpce", at(record, "/vpcEndpointId"));
    put("aws:RequestedRegion", at(record, "/awsRegion"));
    let mfa = "/userIdentity/sessionContext/attributes/mfaAuthenticated";
    put("aws:MultiFactorAuthPresent", at(record, mfa));
    let by =
        at(record, "/userIdentity/invokedBy").filter(|_| at(record, "/userIdentity/arn").is_some());
    if let Some(host) = by {
        put("aws:ViaAWSService", Some("true"));
        let name = host
            .trim_start_matches("fas.")
            .split('.')
            .next()
            .unwrap_or_default();
        let region = at(record, "/awsRegion").unwrap_or_default();
        let via = format!("{name}.{region}.amazonaws.com");
        put(
            "kms:ViaService",
            Some(via.as_str()).filter(|_| service == "kms"),
        );
    }
    keys
}
