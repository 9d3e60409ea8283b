//! Resource control policies and the condition keys of organizations.

use keychai::api::Service;
use keychai::authz::{Layer, Model, Verdict};
use keychai::base::Arn;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, HOME, allow_on_key, blob, document, key_policy, shape, text, trust};
use crate::organizations::{Organized, decisive};

const RCP_DENIES: (Layer, Verdict) = (Layer::Rcp, Verdict::ExplicitDeny);

/// A bucket of the member account with one object, which `reader` may read by its policy.
fn shared_bucket(lab: &mut Organized, name: &str, reader: &str) {
    let admin = lab.admin.clone();
    lab.create_bucket(&admin, name).unwrap();
    lab.bench.put(&admin, name, "k", "hello").unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": reader }, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{name}/*"),
    }] });
    let members = json!({ "Bucket": name, "Policy": policy.to_string() });
    lab.bench.ok_as(&admin, "s3:PutBucketPolicy", members);
}

#[test]
fn a_resource_control_policy_keeps_outsiders_out_and_lets_the_organization_in() {
    let mut lab = Organized::new(Model::Exam);
    lab.enable_rcp();
    let (outsider, managing, admin) = (
        lab.bench.away.clone(),
        lab.bench.admin.clone(),
        lab.admin.clone(),
    );
    shared_bucket(&mut lab, "shared-out", AWAY);
    shared_bucket(&mut lab, "shared-in", HOME);
    lab.bench.get(&outsider, "shared-out", "k").unwrap();
    let (root, id) = (lab.root.clone(), lab.id.clone());
    lab.rcp(
        &root,
        "s3:*",
        json!({
            "StringNotEqualsIfExists": { "aws:PrincipalOrgID": id },
            "BoolIfExists": { "aws:PrincipalIsAWSService": "false" },
        }),
    );
    let error = lab.bench.get(&outsider, "shared-out", "k").unwrap_err();
    assert_eq!(shape(&error), ("AccessDenied", 403, "Access Denied"));
    assert_eq!(decisive(&error), RCP_DENIES);
    lab.bench.get(&managing, "shared-in", "k").unwrap();
    lab.bench.get(&admin, "shared-out", "k").unwrap();

    // The outsider's own account has no organization, and the management account's resources are free.
    lab.create_bucket(&outsider, "outside-bucket").unwrap();
    lab.bench.bucket("managing-bucket");
    lab.bench
        .put(&managing, "managing-bucket", "k", "x")
        .unwrap();
    let open = document(
        "Allow",
        json!("s3:GetObject"),
        json!("arn:aws:s3:::managing-bucket/*"),
    )
    .replace(
        "\"Effect\"",
        &format!("\"Principal\":{{\"AWS\":\"{AWAY}\"}},\"Effect\""),
    );
    lab.bench.ok(
        "s3:PutBucketPolicy",
        json!({ "Bucket": "managing-bucket", "Policy": open }),
    );
    lab.bench.get(&outsider, "managing-bucket", "k").unwrap();
}

#[test]
fn a_resource_control_policy_binds_root_services_and_the_owners_themselves() {
    let mut lab = Organized::new(Model::Exam);
    lab.enable_rcp();
    let (admin, root) = (lab.admin.clone(), lab.member_root());
    let trusts = trust(json!({ "Service": "glue.amazonaws.com" }));
    let role = json!({ "RoleName": "etl", "AssumeRolePolicyDocument": trusts });
    lab.bench.ok_as(&admin, "iam:CreateRole", role);
    let etl = Arn::parse(&lab.member_arn("role/etl")).unwrap();
    lab.bench
        .lab
        .service_session(&etl, Service::Glue, "s")
        .unwrap();
    let member = lab.member.clone();
    lab.rcp(&member, "sts:AssumeRole", json!({}));
    lab.rcp(&member, "s3:CreateBucket", json!({}));
    let refused = lab
        .bench
        .lab
        .service_session(&etl, Service::Glue, "s")
        .unwrap_err();
    assert_eq!(decisive(&refused), RCP_DENIES);
    for who in [&admin, &root] {
        let error = lab.create_bucket(who, "member-bucket").unwrap_err();
        assert!(
            error
                .message
                .ends_with(" with an explicit deny in a resource control policy"),
            "{error}"
        );
    }
    // IAM is not among the services that these policies cover.
    lab.rcp(&member, "iam:*", json!({}));
    lab.bench.ok_as(&admin, "iam:ListRoles", json!({}));
}

#[test]
fn a_resource_control_policy_spares_aws_managed_keys_and_retiring() {
    let mut lab = Organized::new(Model::Exam);
    lab.enable_rcp();
    let (admin, member) = (lab.admin.clone(), lab.member.clone());
    let made = lab.bench.ok_as(&admin, "kms:CreateKey", json!({}));
    let key = text(&made, "/KeyMetadata/Arn");
    let grant = json!({
        "KeyId": key, "GranteePrincipal": lab.member_arn("user/admin"), "Operations": ["Decrypt"],
        "RetiringPrincipal": lab.member_arn("user/admin"),
    });
    let grant = lab.bench.ok_as(&admin, "kms:CreateGrant", grant);
    lab.create_bucket(&admin, "member-bucket").unwrap();
    for (name, key) in [("managed", None), ("customer", Some(&key))] {
        let members = json!({
            "Bucket": "member-bucket", "Key": name, "Body": blob("x"),
            "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key,
        });
        lab.bench.ok_as(&admin, "s3:PutObject", members);
    }
    lab.rcp(&member, "kms:*", json!({}));
    lab.bench.get(&admin, "member-bucket", "managed").unwrap();
    let error = lab
        .bench
        .get(&admin, "member-bucket", "customer")
        .unwrap_err();
    assert_eq!(decisive(&error), RCP_DENIES);
    assert!(error.message.contains("kms:Decrypt"), "{error}");
    let retire = json!({ "KeyId": key, "GrantId": text(&grant, "/GrantId") });
    lab.bench.ok_as(&admin, "kms:RetireGrant", retire);
}

#[test]
fn the_organizations_condition_keys_hold_for_callers_and_resources() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, managing, outsider) = (
        lab.admin.clone(),
        lab.bench.admin.clone(),
        lab.bench.away.clone(),
    );
    let (id, root, unit) = (lab.id.clone(), lab.root.clone(), lab.unit.clone());
    let member_admin = lab.member_arn("user/admin");
    let statement = |condition: Value| {
        let mut statement = allow_on_key("*", json!("kms:Encrypt"));
        statement["Condition"] = condition;
        statement
    };
    let mut encrypt = |condition: Value, who: &Credentials| {
        let policy = key_policy(&[statement(condition)]);
        let key = text(
            &lab.bench.ok("kms:CreateKey", json!({ "Policy": policy })),
            "/KeyMetadata/Arn",
        );
        let input = json!({ "KeyId": key, "Plaintext": blob("x") });
        lab.bench.call(who, "kms:Encrypt", input).is_ok()
    };
    let own = json!({ "StringEquals": { "aws:PrincipalOrgID": id } });
    assert!(encrypt(own.clone(), &admin) && encrypt(own.clone(), &managing));
    assert!(!encrypt(own, &outsider));
    let below =
        |path: &str| json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": [path] } });
    assert!(encrypt(below(&format!("{id}/{root}/{unit}/")), &admin));
    assert!(encrypt(below(&format!("{id}/*")), &admin));
    assert!(!encrypt(below(&format!("{id}/{root}/")), &admin));
    assert!(!encrypt(below(&format!("{id}/*")), &outsider));
    // Single-valued use of a multivalued key never matches.
    let single = json!({ "StringLike": { "aws:PrincipalOrgPaths": [format!("{id}/*")] } });
    assert!(!encrypt(single, &admin));
    // The key belongs to the management account, which lies in the root.
    let resource = json!({
        "StringEquals": { "aws:ResourceOrgID": id, "aws:ResourceAccount": HOME },
        "ForAllValues:StringEquals": { "aws:ResourceOrgPaths": [format!("{id}/{root}/")] },
        "Null": { "aws:ResourceOrgPaths": "false" },
        "ArnEquals": { "aws:PrincipalArn": member_admin },
    });
    assert!(encrypt(resource, &admin));
}

#[test]
fn s3_tells_a_caller_of_the_organization_what_it_does_not_tell_an_outsider() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, managing, outsider) = (
        lab.admin.clone(),
        lab.bench.admin.clone(),
        lab.bench.away.clone(),
    );
    lab.create_bucket(&admin, "closed").unwrap();
    lab.bench.put(&admin, "closed", "k", "x").unwrap();
    let error = lab.bench.get(&managing, "closed", "k").unwrap_err();
    let told = format!(
        "User: arn:aws:iam::{HOME}:user/admin is not authorized to perform: s3:GetObject on \
         resource: \"arn:aws:s3:::closed/k\" because no resource-based policy allows the \
         s3:GetObject action"
    );
    assert_eq!(error.message, told);
    let error = lab.bench.get(&outsider, "closed", "k").unwrap_err();
    assert_eq!(error.message, "Access Denied");
}
