//! An account as the AWS CLI prints it: loaded, decided, explained.

use std::fs;
use std::path::Path;

use keychai::authz::Model;
use keychai::lab::LabOptions;
use keychai::lab::analysis::{Standing, who_can};
use keychai::lab::explain::explain;
use keychai::lab::import::{Imported, import_folder};
use serde_json::{Value, json};

const ACCOUNT: &str = "444455556666";
const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn options() -> LabOptions {
    LabOptions {
        model: Model::Aws,
        seed: Some(5),
    }
}

fn import(folder: &Path) -> Imported {
    import_folder(folder, &options(), false).unwrap()
}

fn put(folder: &Path, name: &str, value: &Value) {
    fs::write(folder.join(name), format!("{value:#}")).unwrap();
}

/// A document as `get-account-authorization-details` of the CLI, of an SDK, and
/// of raw answers has it.
fn as_printed(form: usize, document: &Value) -> Value {
    match form % 3 {
        0 => document.clone(),
        1 => document.to_string().into(),
        _ => {
            let text = document.to_string();
            let escaped = text.bytes().map(|b| match b {
                b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            });
            escaped.collect::<String>().into()
        }
    }
}

fn policy(statement: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

/// The output of `aws iam get-account-authorization-details` for this many roles
/// and managed policies.
fn authorization(roles: usize, policies: usize) -> Value {
    let policy_arn = |at: usize| format!("arn:aws:iam::{ACCOUNT}:policy/Policy{at}");
    let policies: Vec<Value> = (0..policies)
        .map(|at| {
            let document = policy(json!({
                "Sid": "Use", "Effect": "Allow",
                "Action": ["kms:Decrypt", "s3:GetObject", "s3:PutObject"],
                "Resource": [format!("arn:aws:s3:::bucket-{at}/*"), format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{at}")],
                "Condition": { "StringEquals": { "aws:PrincipalTag/team": format!("team{at}") } },
            }));
            json!({
                "PolicyName": format!("Policy{at}"), "PolicyId": format!("ANPA{at:017}"),
                "Arn": policy_arn(at), "Path": "/", "DefaultVersionId": "v2", "AttachmentCount": 1,
                "IsAttachable": true, "CreateDate": "2023-05-01T12:00:00+00:00",
                "PolicyVersionList": [
                    { "Document": as_printed(at, &document), "VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2023-05-01T12:00:00+00:00" },
                    { "Document": as_printed(at + 1, &document), "VersionId": "v1", "IsDefaultVersion": false, "CreateDate": "2023-05-01T12:00:00+00:00" },
                ],
            })
        })
        .collect();
    let roles: Vec<Value> = (0..roles)
        .map(|at| {
            let trust = policy(json!({
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "Service": "glue.amazonaws.com" },
            }));
            json!({
                "Path": "/", "RoleName": format!("Role{at}"), "RoleId": format!("AROA{at:017}"),
                "Arn": format!("arn:aws:iam::{ACCOUNT}:role/Role{at}"),
                "CreateDate": "2023-05-01T12:00:00+00:00",
                "AssumeRolePolicyDocument": as_printed(at, &trust),
                "InstanceProfileList": [],
                "RolePolicyList": [{ "PolicyName": "own", "PolicyDocument": as_printed(at, &policy(allow("kms:Decrypt", "*"))) }],
                "AttachedManagedPolicies": [
                    { "PolicyName": format!("Policy{at}"), "PolicyArn": policy_arn(at % policies.len().max(1)) },
                    { "PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" },
                ],
                "Tags": [{ "Key": "team", "Value": "pay" }],
            })
        })
        .collect();
    let users = json!([{
        "Path": "/", "UserName": "ann", "UserId": "AIDAEXAMPLEEXAMPLE001",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:user/ann"), "CreateDate": "2023-05-01T12:00:00+00:00",
        "GroupList": ["staff"], "AttachedManagedPolicies": [],
    }]);
    let groups = json!([{
        "Path": "/", "GroupName": "staff", "GroupId": "AGPAEXAMPLEEXAMPLE001",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:group/staff"), "CreateDate": "2023-05-01T12:00:00+00:00",
        "GroupPolicyList": [{ "PolicyName": "read", "PolicyDocument": policy(allow("kms:DescribeKey", "*")) }],
        "AttachedManagedPolicies": [],
    }]);
    json!({ "UserDetailList": users, "GroupDetailList": groups, "RoleDetailList": roles, "Policies": policies })
}

/// A small account with a key and a bucket, under names that say little.
fn small(folder: &Path) {
    put(folder, "1.json", &authorization(2, 2));
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}");
    put(
        folder,
        "2.json",
        &json!({ "KeyMetadata": {
        "AWSAccountId": ACCOUNT, "KeyId": KEY, "Arn": arn, "CreationDate": 1_682_942_400.5,
        "Enabled": true, "Description": "", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled",
        "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
    } }),
    );
    let key_policy = policy(json!({
        "Sid": "Account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
    }));
    put(
        folder,
        "3.json",
        &json!({ "Policy": key_policy.to_string(), "PolicyName": "default" }),
    );
    put(
        folder,
        "4.json",
        &json!({ "Aliases": [{
        "AliasName": "alias/payroll", "AliasArn": format!("arn:aws:kms:us-east-1:{ACCOUNT}:alias/payroll"),
        "TargetKeyId": KEY,
    }] }),
    );
    put(
        folder,
        "5.json",
        &json!({ "Grants": [{
        "KeyId": arn, "GrantId": "ab".repeat(32), "Name": "for-ann", "CreationDate": 1_682_942_400,
        "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:user/ann"), "Operations": ["Encrypt"],
        "IssuingAccount": format!("arn:aws:iam::{ACCOUNT}:root"),
    }] }),
    );
    let bucket_policy = policy(json!({
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:user/ann") },
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll-data/*",
    }));
    put(
        folder,
        "6.json",
        &json!({ "Policy": bucket_policy.to_string() }),
    );
    put(
        folder,
        "encryption-payroll-data.json",
        &json!({ "ServerSideEncryptionConfiguration": { "Rules": [{
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn },
        "BucketKeyEnabled": true,
    }] } }),
    );
}

#[test]
fn an_account_is_known_by_what_its_files_hold() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let Imported { lab, report, .. } = import(folder.path());
    assert!(report.problems.is_empty(), "{:#?}", report.problems);
    for (kind, count) in [
        ("users", 1),
        ("groups", 1),
        ("roles", 2),
        ("managed policies", 2),
        ("keys", 1),
        ("key policies", 1),
        ("aliases", 1),
        ("grants", 1),
        ("bucket policies", 1),
        ("bucket settings", 1),
    ] {
        assert_eq!(report.loaded.get(kind), Some(&count), "{kind}");
    }
    assert_eq!(report.missing.len(), 1, "{:#?}", report.missing);
    assert!(report.missing[0].contains("organizations"));
    let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}");
    let able = |action: &str, resource: &str| -> Vec<String> {
        let answer = who_can(&lab, action, resource).unwrap();
        let can = answer
            .found
            .into_iter()
            .filter(|w| w.standing == Standing::Can);
        can.map(|w| w.principal).collect()
    };
    assert_eq!(able("kms:Decrypt", &key), ["root user", "Role0", "Role1"]);
    assert_eq!(able("kms:Encrypt", &key), ["root user", "ann"]);
    assert!(able("s3:GetObject", "arn:aws:s3:::payroll-data/q1.csv").contains(&"ann".to_owned()));
}

#[test]
fn what_is_broken_is_told_with_file_and_place_and_the_rest_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let whole = authorization(3, 1).to_string();
    fs::write(folder.path().join("cut.json"), &whole[..whole.len() / 2]).unwrap();
    fs::write(
        folder.path().join("text.json"),
        "Unable to locate credentials",
    )
    .unwrap();
    put(folder.path(), "other.json", &json!({ "Tables": [] }));
    let mut broken = authorization(0, 0);
    broken["RoleDetailList"] = json!([{ "RoleName": "NoTrust", "RoleId": "AROAEXAMPLEEXAMPLE009",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:role/NoTrust") }]);
    broken["IsTruncated"] = true.into();
    put(folder.path(), "broken.json", &broken);
    put(
        folder.path(),
        "7.json",
        &json!({ "KeyMetadata": {
        "Arn": "arn:aws:kms:us-east-1:777788889999:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab", "KeyId": "x" } }),
    );
    let Imported { lab, report, .. } = import(folder.path());
    let told = |file: &str| {
        let found = report.problems.iter().find(|p| p.file == file);
        found
            .unwrap_or_else(|| panic!("{file} is not told: {:#?}", report.problems))
            .clone()
    };
    assert!(told("cut.json").remedy.contains("ends too soon"));
    assert_eq!(told("text.json").place, "line 1, column 1");
    assert!(told("other.json").what.contains("Tables"));
    assert_eq!(told("broken.json").place, "RoleDetailList[0]");
    assert!(told("7.json").what.contains("777788889999"));
    assert_eq!(lab.home().as_str(), ACCOUNT);
    assert!(
        lab.cloud()
            .accounts
            .get(ACCOUNT)
            .unwrap()
            .role("Role1")
            .is_some()
    );
}

#[test]
fn what_is_missing_to_decide_is_told_with_the_command() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    fs::remove_file(folder.path().join("3.json")).unwrap();
    let mut page = authorization(1, 0);
    page["RoleDetailList"][0]["AttachedManagedPolicies"] = json!([{ "PolicyName": "Gone", "PolicyArn": format!("arn:aws:iam::{ACCOUNT}:policy/Gone") }]);
    page["IsTruncated"] = true.into();
    put(folder.path(), "1.json", &page);
    let report = import(folder.path()).report;
    let told = |what: &str| report.missing.iter().any(|m| m.contains(what));
    assert!(
        told("policy/Gone") && told("get-key-policy") && told("the last page"),
        "{report:#?}"
    );
}

#[test]
fn a_mask_leaves_no_name_and_changes_no_decision() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let masked = import_folder(folder.path(), &options(), true).unwrap();
    let text = format!("{:?}", masked.lab.cloud().accounts);
    for name in [ACCOUNT, "Role0", "ann\"", "Policy1", "staff", "payroll"] {
        assert!(!text.contains(name), "{name}");
    }
    let key = masked
        .lab
        .cloud()
        .keys
        .values()
        .next()
        .unwrap()
        .arn
        .to_string();
    let answer = who_can(&masked.lab, "kms:Decrypt", &key).unwrap();
    assert_eq!(
        answer
            .found
            .iter()
            .filter(|w| w.standing == Standing::Can)
            .count(),
        3
    );
}

#[test]
fn a_thousand_roles_and_sixteen_hundred_policies_load() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "iam.json", &authorization(1000, 1600));
    let report = import(folder.path()).report;
    assert_eq!(report.loaded.get("roles"), Some(&1000));
    assert_eq!(report.loaded.get("managed policies"), Some(&1600));
}

#[test]
fn a_pasted_message_is_decided_again_and_repaired() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let lab = import(folder.path()).lab;
    let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}");
    let text = format!(
        "An error occurred (AccessDeniedException) when calling the Decrypt operation: User: \
         arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: kms:Decrypt on resource: \
         {key} because no identity-based policy allows the kms:Decrypt action"
    );
    let found = explain(&text, Some(&lab)).unwrap().found;
    let decided = found[0].decided.as_ref().unwrap();
    assert!(
        decided.agrees && !decided.decision.is_allow(),
        "{}",
        decided.sentence
    );
    assert!(!decided.fixes.repairs.is_empty());
    let mut repaired = lab.fork();
    decided.fixes.repairs[0].apply(&mut repaired).unwrap();
    let again = explain(&text, Some(&repaired)).unwrap().found;
    assert!(!again[0].decided.as_ref().unwrap().agrees);
    let alone = explain(&text, None).unwrap().found;
    assert!(alone[0].decided.is_none() && alone[0].needed[0].contains("--import"));
}

#[test]
fn events_are_decided_with_their_context_and_unknown_services_by_iam() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let lab = import(folder.path()).lab;
    let identity = json!({ "type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/ann") });
    let record = |source: &str, name: &str, parameters: Value| {
        json!({
            "eventVersion": "1.11", "userIdentity": identity, "eventTime": "2026-01-02T03:04:05Z",
            "eventSource": source, "eventName": name, "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7", "errorCode": "AccessDenied", "errorMessage": "Access Denied",
            "requestParameters": parameters,
        })
    };
    let log = json!({ "Records": [
        record("s3.amazonaws.com", "PutObject", json!({ "bucketName": "payroll-data", "key": "q1.csv" })),
        record("dynamodb.amazonaws.com", "GetItem", json!({ "tableName": "t" })),
        { "eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity", "userIdentity": identity },
    ] });
    let all = explain(&log.to_string(), Some(&lab)).unwrap();
    assert_eq!((all.found.len(), all.passed_over.len()), (2, 1));
    let put = &all.found[0];
    assert_eq!(
        put.denial.resource.as_deref(),
        Some("arn:aws:s3:::payroll-data/q1.csv")
    );
    assert!(put.decided.as_ref().unwrap().agrees);
    let unknown = &all.found[1];
    assert!(unknown.decided.is_some());
    assert!(
        unknown
            .needed
            .iter()
            .any(|n| n.contains("does not know the service"))
    );
    assert!(explain("{\"a\": 1}", None).is_err());
    assert!(explain("{\"a\": ", None).unwrap_err().contains("line 1"));
    assert!(explain("hello", None).is_err());
}

#[test]
fn an_organizations_policies_bind_the_account() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let arn =
        "arn:aws:organizations::999988887777:policy/o-abcdefghij/service_control_policy/p-abcd1234";
    let deny = policy(json!({ "Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*" }));
    put(
        folder.path(),
        "scp.json",
        &json!({ "Policy": {
            "PolicySummary": { "Id": "p-abcd1234", "Arn": arn, "Name": "NoDecrypt",
                "Description": "", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false },
            "Content": deny.to_string(),
        } }),
    );
    put(
        folder.path(),
        "targets-p-abcd1234.json",
        &json!({ "Targets": [{ "TargetId": ACCOUNT, "Arn": "", "Name": "pay", "Type": "ACCOUNT" }] }),
    );
    let Imported { lab, report, .. } = import(folder.path());
    assert!(
        report.problems.is_empty() && report.missing.is_empty(),
        "{report:#?}"
    );
    let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY}");
    assert!(who_can(&lab, "kms:Decrypt", &key).unwrap().found.is_empty());
    assert!(!who_can(&lab, "kms:Encrypt", &key).unwrap().found.is_empty());
}
