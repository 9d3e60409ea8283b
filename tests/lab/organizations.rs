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

use crate::bench::{Bench, HOME, document, shape, text, trust};

/// An organization that `HOME` manages, with one member account in the unit `dev`.
pub struct Organized {
    pub bench: Bench,
    pub id: String,
    pub root: String,
    pub unit: String,
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

    pub fn move_member(&mut self, from: &str, to: &str) {
        let members = json!({
            "AccountId": self.member, "SourceParentId": from, "DestinationParentId": to,
        });
        self.bench.ok("organizations:MoveAccount", members);
    }

    pub fn enable_rcp(&mut self) {
        let members = json!({ "RootId": self.root, "PolicyType": "RESOURCE_CONTROL_POLICY" });
        self.bench.ok("organizations:EnablePolicyType", members);
    }

    /// Makes a policy and attaches it; its id.
    pub fn attach(&mut self, kind: &str, target: &str, statements: Value) -> String {
        let name = format!("p{}", self.bench.event_count());
        let content = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let members = json!({ "Name": name, "Description": "", "Type": kind, "Content": content });
        let made = self.bench.ok("organizations:CreatePolicy", members);
        let id = text(&made, "/Policy/PolicySummary/Id");
        let members = json!({ "PolicyId": id, "TargetId": target });
        self.bench.ok("organizations:AttachPolicy", members);
        id
    }

    pub fn scp(&mut self, target: &str, effect: &str, action: &str) -> String {
        let statement = json!([{ "Effect": effect, "Action": action, "Resource": "*" }]);
        self.attach("SERVICE_CONTROL_POLICY", target, statement)
    }

    pub fn rcp(&mut self, target: &str, action: &str, condition: Value) -> String {
        let statement = json!([{
            "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*",
            "Condition": condition,
        }]);
        self.attach("RESOURCE_CONTROL_POLICY", target, statement)
    }

    pub fn detach(&mut self, policy: &str, target: &str) {
        let members = json!({ "PolicyId": policy, "TargetId": target });
        self.bench.ok("organizations:DetachPolicy", members);
    }

    pub fn create_bucket(&mut self, who: &Credentials, name: &str) -> Result<Value, ApiError> {
        self.bench
            .call(who, "s3:CreateBucket", json!({ "Bucket": name }))
    }

    pub fn member_root(&mut self) -> Credentials {
        let id = AccountId::parse(&self.member).unwrap();
        self.bench.lab.root_credentials(&id).unwrap()
    }

    pub fn member_arn(&self, resource: &str) -> String {
        format!("arn:aws:iam::{}:{resource}", self.member)
    }
}

/// Layer and verdict of a denial.
pub fn decisive(error: &ApiError) -> (Layer, Verdict) {
    let decision = error.decision.as_ref().unwrap();
    (decision.decisive.unwrap(), decision.verdict)
}

const SCP_DENIES: (Layer, Verdict) = (Layer::Scp, Verdict::ExplicitDeny);

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

#[test]
fn a_denial_from_above_is_explained_and_no_repair_below_is_proposed() {
    let mut lab = Organized::new(Model::Exam);
    let (admin, unit) = (lab.admin.clone(), lab.unit.clone());
    let explained = |lab: &mut Organized| {
        let input = json!({ "Bucket": "member-bucket" });
        let call = Call::new(admin.clone(), Service::S3, "CreateBucket", input);
        let response = call.try_in(&lab.bench.lab);
        let error = response.result.clone().unwrap_err();
        let failure = Failure::new(&lab.bench.lab, call, &response.decisions, error);
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
