//! Organizations in a running lab: whom their policies bind, and whom they do not.
//!
//! Source: Organizations User Guide, "SCP evaluation", "RCP evaluation",
//! "Resource control policies (RCPs)"; IAM User Guide, "AWS global condition
//! context keys".

use keychai::api::{ApiError, Service};
use keychai::authz::{Layer, Model, Verdict};
use keychai::base::{AccountId, Arn};
use keychai::lab::{Call, Failure};
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{
    AWAY, Bench, HOME, allow_on_key, blob, document, key_policy, shape, text, trust,
};

/// An organization that `HOME` manages, with one member account in the unit `dev`.
pub struct Organized {
    pub bench: Bench,
    id: String,
    root: String,
    unit: String,
    pub member: String,
    /// The administrator of the member account.
    pub admin: Credentials,
}

impl Organized {
    pub fn new(model: Model) -> Self {
        let mut bench = Bench::with(model, 7);
        let made = bench.ok("organizations:CreateOrganization", json!({}));
        let roots = bench.ok("organizations:ListRoots", json!({}));
        let root = text(&roots, "/Roots/0/Id");
        let unit = json!({ "ParentId": root, "Name": "dev" });
        let unit = bench.ok("organizations:CreateOrganizationalUnit", unit);
        let account = json!({ "Email": "pay@example.com", "AccountName": "payroll" });
        let account = bench.ok("organizations:CreateAccount", account);
        let member = text(&account, "/CreateAccountStatus/AccountId");
        let admin = bench
            .lab
            .admin_of(&AccountId::parse(&member).unwrap())
            .unwrap()
            .clone();
        let mut organized = Self {
            id: text(&made, "/Organization/Id"),
            unit: text(&unit, "/OrganizationalUnit/Id"),
            bench,
            root,
            member,
            admin,
        };
        let (root, unit) = (organized.root.clone(), organized.unit.clone());
        organized.move_member(&root, &unit);
        organized
    }

    fn move_member(&mut self, from: &str, to: &str) {
        let members = json!({
            "AccountId": self.member, "SourceParentId": from, "DestinationParentId": to,
        });
        self.bench.ok("organizations:MoveAccount", members);
    }

    fn enable_rcp(&mut self) {
        let members = json!({ "RootId": self.root, "PolicyType": "RESOURCE_CONTROL_POLICY" });
        self.bench.ok("organizations:EnablePolicyType", members);
    }

    /// Makes a policy and attaches it; its id.
    fn attach(&mut self, kind: &str, target: &str, statements: Value) -> String {
        let name = format!("p{}", self.bench.event_count());
        let content = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let members = json!({ "Name": name, "Description": "", "Type": kind, "Content": content });
        let made = self.bench.ok("organizations:CreatePolicy", members);
        let id = text(&made, "/Policy/PolicySummary/Id");
        let members = json!({ "PolicyId": id, "TargetId": target });
        self.bench.ok("organizations:AttachPolicy", members);
        id
    }

    fn scp(&mut self, target: &str, effect: &str, action: &str) -> String {
        let statement = json!([{ "Effect": effect, "Action": action, "Resource": "*" }]);
        self.attach("SERVICE_CONTROL_POLICY", target, statement)
    }

    fn rcp(&mut self, target: &str, action: &str, condition: Value) -> String {
        let statement = json!([{
            "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*",
            "Condition": condition,
        }]);
        self.attach("RESOURCE_CONTROL_POLICY", target, statement)
    }

    fn detach(&mut self, policy: &str, target: &str) {
        let members = json!({ "PolicyId": policy, "TargetId": target });
        self.bench.ok("organizations:DetachPolicy", members);
    }

    fn create_bucket(&mut self, who: &Credentials, name: &str) -> Result<Value, ApiError> {
        self.bench
            .call(who, "s3:CreateBucket", json!({ "Bucket": name }))
    }

    fn member_root(&mut self) -> Credentials {
        let id = AccountId::parse(&self.member).unwrap();
        self.bench.lab.root_credentials(&id).unwrap()
    }

    fn member_arn(&self, resource: &str) -> String {
        format!("arn:aws:iam::{}:{resource}", self.member)
    }
}

/// Layer and verdict of a denial.
fn decisive(error: &ApiError) -> (Layer, Verdict) {
    let decision = error.decision.as_ref().unwrap();
    (decision.decisive.unwrap(), decision.verdict)
}

const SCP_DENIES: (Layer, Verdict) = (Layer::Scp, Verdict::ExplicitDeny);
const RCP_DENIES: (Layer, Verdict) = (Layer::Rcp, Verdict::ExplicitDeny);

#[test]
fn a_service_control_policy_binds_users_and_root_of_members_and_nobody_else() {
    for place in ["root", "unit", "account"] {
        let mut lab = Organized::new(Model::Exam);
        let target = match place {
            "root" => lab.root.clone(),
            "unit" => lab.unit.clone(),
            _ => lab.member.clone(),
        };
        let (admin, root) = (lab.admin.clone(), lab.member_root());
        let policy = lab.scp(&target, "Deny", "s3:CreateBucket");
        for (who, resource) in [(&admin, "user/admin"), (&root, "root")] {
            let error = lab.create_bucket(who, "member-bucket").unwrap_err();
            let caller = lab.member_arn(resource);
            let told = format!(
                "User: {caller} is not authorized to perform: s3:CreateBucket on resource: \
                 \"arn:aws:s3:::member-bucket\" with an explicit deny in a service control policy"
            );
            assert_eq!(
                shape(&error),
                ("AccessDenied", 403, told.as_str()),
                "{place}"
            );
            assert_eq!(decisive(&error), SCP_DENIES);
        }
        let (managing, outsider) = (lab.bench.admin.clone(), lab.bench.away.clone());
        lab.create_bucket(&managing, "managing-bucket").unwrap();
        lab.create_bucket(&outsider, "outside-bucket").unwrap();
        lab.detach(&policy, &target);
        lab.create_bucket(&admin, "member-bucket").unwrap();
    }
}

#[test]
fn a_service_linked_role_is_not_bound_and_another_role_is() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, target) = (lab.admin.clone(), lab.member.clone());
    for (name, path) in [
        ("linked", "/aws-service-role/lab.amazonaws.com/"),
        ("plain", "/"),
    ] {
        let trusts = trust(json!({ "Service": "glue.amazonaws.com" }));
        let role = json!({ "RoleName": name, "Path": path, "AssumeRolePolicyDocument": trusts });
        lab.bench.ok_as(&admin, "iam:CreateRole", role);
        let policy = json!({
            "RoleName": name, "PolicyName": "all",
            "PolicyDocument": document("Allow", json!("*"), json!("*")),
        });
        lab.bench.ok_as(&admin, "iam:PutRolePolicy", policy);
    }
    lab.scp(&target, "Deny", "s3:*");
    let session = |lab: &mut Organized, resource: &str| {
        let role = Arn::parse(&lab.member_arn(resource)).unwrap();
        lab.bench
            .lab
            .service_session(&role, Service::Glue, "s")
            .unwrap()
    };
    let linked = session(&mut lab, "role/aws-service-role/lab.amazonaws.com/linked");
    lab.create_bucket(&linked, "linked-bucket").unwrap();
    let plain = session(&mut lab, "role/plain");
    let error = lab.create_bucket(&plain, "plain-bucket").unwrap_err();
    assert_eq!(decisive(&error), SCP_DENIES);
}

#[test]
fn an_allow_is_needed_at_every_level_and_gives_nothing_by_itself() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, unit) = (lab.admin.clone(), lab.unit.clone());
    let nobody = lab.bench.user_of(&admin, "nobody");
    lab.scp(&unit, "Allow", "kms:*");
    lab.detach("p-FullAWSAccess", &unit);
    lab.bench.ok_as(&admin, "kms:CreateKey", json!({}));
    let error = lab.create_bucket(&admin, "member-bucket").unwrap_err();
    let told = format!(
        "User: {} is not authorized to perform: s3:CreateBucket on resource: \
         \"arn:aws:s3:::member-bucket\" because no service control policy allows the \
         s3:CreateBucket action",
        lab.member_arn("user/admin")
    );
    assert_eq!(shape(&error), ("AccessDenied", 403, told.as_str()));
    assert_eq!(decisive(&error), (Layer::Scp, Verdict::ImplicitDeny));

    // What the unit does not allow, a policy on the account cannot give back.
    let member = lab.member.clone();
    lab.scp(&member, "Allow", "s3:*");
    lab.create_bucket(&admin, "member-bucket").unwrap_err();
    lab.scp(&unit, "Allow", "s3:*");
    lab.create_bucket(&admin, "member-bucket").unwrap();

    // A policy that allows everything to the account allows nothing to whoever has no permission.
    let error = lab.create_bucket(&nobody, "other-bucket").unwrap_err();
    assert_eq!(decisive(&error), (Layer::Identity, Verdict::ImplicitDeny));
}

#[test]
fn moving_an_account_or_disabling_the_type_changes_what_binds_it() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, root, unit) = (lab.admin.clone(), lab.root.clone(), lab.unit.clone());
    lab.scp(&unit, "Deny", "s3:*");
    lab.create_bucket(&admin, "first").unwrap_err();
    lab.move_member(&unit, &root);
    lab.create_bucket(&admin, "first").unwrap();
    lab.move_member(&root, &unit);
    lab.create_bucket(&admin, "second").unwrap_err();
    let disable = json!({ "RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY" });
    lab.bench
        .ok("organizations:DisablePolicyType", disable.clone());
    lab.create_bucket(&admin, "second").unwrap();
    lab.bench.ok("organizations:EnablePolicyType", disable);
    lab.create_bucket(&admin, "third").unwrap();
}

#[test]
fn the_management_account_reaches_an_account_through_its_access_role() {
    let mut lab = Organized::new(Model::Exam);
    let role = lab.member_arn("role/OrganizationAccountAccessRole");
    let input = json!({ "RoleArn": role, "RoleSessionName": "support" });
    let made = lab.bench.ok("sts:AssumeRole", input.clone());
    let session = crate::bench::credentials(&made["Credentials"]);
    lab.create_bucket(&session, "made-by-support").unwrap();
    let outsider = lab.bench.away.clone();
    lab.bench
        .call(&outsider, "sts:AssumeRole", input)
        .unwrap_err();
}

#[test]
fn only_the_management_account_manages() {
    let mut lab = Organized::new(Model::Exam);
    let admin = lab.admin.clone();
    lab.bench
        .ok_as(&admin, "organizations:DescribeOrganization", json!({}));
    for (operation, input) in [
        ("organizations:ListAccounts", json!({})),
        (
            "organizations:DetachPolicy",
            json!({ "PolicyId": "p-FullAWSAccess", "TargetId": lab.member }),
        ),
        (
            "organizations:CreateAccount",
            json!({ "Email": "x@example.com", "AccountName": "x" }),
        ),
    ] {
        let error = lab.bench.call(&admin, operation, input).unwrap_err();
        let told = "You don't have permissions to access this resource.";
        assert_eq!(
            shape(&error),
            ("AccessDeniedException", 400, told),
            "{operation}"
        );
    }
}

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

#[test]
fn a_denial_from_above_is_explained_and_no_repair_below_is_proposed() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, unit) = (lab.admin.clone(), lab.unit.clone());
    let explained = |lab: &mut Organized| {
        let input = json!({ "Bucket": "member-bucket" });
        let call = Call::new(admin.clone(), Service::S3, "CreateBucket", input);
        let response = call.try_in(&lab.bench.lab);
        let error = response.result.clone().unwrap_err();
        let failure = Failure::new(&lab.bench.lab, call, &response, error);
        let fixes = failure.fix(&lab.bench.lab);
        assert!(fixes.repairs.is_empty(), "{fixes:?}");
        (failure.sentence, fixes.advice.join("\n"))
    };
    let policy = lab.scp(&unit, "Deny", "s3:*");
    let described = lab.bench.ok(
        "organizations:DescribePolicy",
        json!({ "PolicyId": policy }),
    );
    let name = text(&described, "/Policy/PolicySummary/Name");
    let (sentence, advice) = explained(&mut lab);
    assert_eq!(
        sentence,
        format!(
            "The organization's policy {name} on OU dev denies s3:CreateBucket to admin; nothing \
             in this account can override it."
        )
    );
    assert!(advice.contains("management account"), "{advice}");

    lab.scp(&unit, "Allow", "kms:*");
    lab.detach("p-FullAWSAccess", &unit);
    lab.detach(&policy, &unit);
    let (sentence, advice) = explained(&mut lab);
    assert!(
        sentence.starts_with("No service control policy on OU dev allows"),
        "{sentence}"
    );
    assert!(
        advice.contains("allows s3:CreateBucket on OU dev"),
        "{advice}"
    );
}

#[test]
fn quotas_of_the_tree_and_of_attachments_hold() {
    let mut lab = Organized::new(Model::Exam);
    let mut parent = lab.unit.clone();
    for depth in 2..=5 {
        let unit = json!({ "ParentId": parent, "Name": format!("level{depth}") });
        let made = lab.bench.ok("organizations:CreateOrganizationalUnit", unit);
        parent = text(&made, "/OrganizationalUnit/Id");
    }
    let unit = json!({ "ParentId": parent, "Name": "level6" });
    let error = lab
        .bench
        .fails("organizations:CreateOrganizationalUnit", unit);
    assert!(error.detail.unwrap().contains("OU_DEPTH_LIMIT_EXCEEDED"));

    // AWS's own policy is the first of five.
    for _ in 0..4 {
        lab.scp(&parent, "Deny", "s3:*");
    }
    let content = document("Deny", json!("s3:*"), json!("*"));
    let long = format!("{content}{}", " ".repeat(10_240 - content.len()));
    let kind = "SERVICE_CONTROL_POLICY";
    let members = |name: &str, content: &str| json!({ "Name": name, "Description": "", "Type": kind, "Content": content });
    let made = lab
        .bench
        .ok("organizations:CreatePolicy", members("longest", &long));
    let id = text(&made, "/Policy/PolicySummary/Id");
    let attach = json!({ "PolicyId": id, "TargetId": parent });
    let error = lab.bench.fails("organizations:AttachPolicy", attach);
    assert_eq!(error.code, "ConstraintViolationException");
    let error = lab.bench.fails(
        "organizations:CreatePolicy",
        members("longer", &format!("{long} ")),
    );
    assert_eq!(error.code, "ConstraintViolationException");
}

#[test]
fn the_simulator_tells_what_the_organization_says() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, target) = (lab.admin.clone(), lab.member.clone());
    let managing = lab.bench.admin.clone();
    lab.scp(&target, "Deny", "s3:CreateBucket");
    let mut simulate = |who: &Credentials, account: &str, action: &str| {
        let user = format!("arn:aws:iam::{account}:user/admin");
        let input = json!({ "PolicySourceArn": user, "ActionNames": [action] });
        let answer = lab.bench.call(who, "iam:SimulatePrincipalPolicy", input);
        let result = answer.unwrap()["EvaluationResults"][0].clone();
        let detail = &result["OrganizationsDecisionDetail"];
        (
            result["EvalDecision"].as_str().unwrap().to_owned(),
            detail["AllowedByOrganizations"].as_bool(),
        )
    };
    let denied = ("explicitDeny".to_owned(), Some(false));
    assert_eq!(simulate(&admin, &target, "s3:CreateBucket"), denied);
    let allowed = ("allowed".to_owned(), Some(true));
    assert_eq!(simulate(&admin, &target, "s3:DeleteBucket"), allowed);
    let unbound = ("allowed".to_owned(), None);
    assert_eq!(simulate(&managing, HOME, "s3:CreateBucket"), unbound);
}
