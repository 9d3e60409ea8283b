//! The conformance cases about organizations and endpoints, replayed in a running lab.
//!
//! `tests/decisions` asks the engine; here the layers are built with the
//! services' own operations and the call is made. Source: `decisions.json`.

use keychai::api::{ApiError, Service};
use keychai::authz::{Model, Verdict};
use keychai::base::{AccountId, Arn, VpcEndpointId};
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, blob, credentials, text, trust};

const KIND_OF: [(&str, &str); 2] = [
    ("scp", "SERVICE_CONTROL_POLICY"),
    ("rcp", "RESOURCE_CONTROL_POLICY"),
];

/// A lab with an organization, in which the case's account is `account`.
struct Replay {
    bench: Bench,
    case: Value,
    account: String,
    admin: Credentials,
    root: String,
}

impl Replay {
    fn new(case: &Value, model: Model) -> Self {
        let mut bench = Bench::with(model, 7);
        let made = bench.ok("organizations:CreateOrganization", json!({}));
        let roots = bench.ok("organizations:ListRoots", json!({}));
        let member = json!({ "Email": "member@example.com", "AccountName": "member" });
        let member = bench.ok("organizations:CreateAccount", member);
        let account = match case["principal"]["management_account"] == true {
            true => HOME.to_owned(),
            false => text(&member, "/CreateAccountStatus/AccountId"),
        };
        let id = AccountId::parse(&account).unwrap();
        let admin = bench.lab.admin_of(&id).unwrap().clone();
        let case = case
            .to_string()
            .replace(HOME, &account)
            .replace("o-exampleorg1", &text(&made, "/Organization/Id"));
        Self {
            bench,
            case: serde_json::from_str(&case).unwrap(),
            account,
            admin,
            root: text(&roots, "/Roots/0/Id"),
        }
    }

    fn own(&mut self, operation: &str, input: Value) -> Value {
        let admin = self.admin.clone();
        self.bench.ok_as(&admin, operation, input)
    }

    /// The bucket, its object, and the key that it is encrypted under.
    fn resources(&mut self) {
        self.own("s3:CreateBucket", json!({ "Bucket": "lab-bucket" }));
        let mut put = json!({
            "Bucket": "lab-bucket", "Key": "reports/q1.csv", "Body": blob("x"),
        });
        let resources = self.case["policies"]["resources"]
            .as_object()
            .unwrap()
            .clone();
        for resource in resources.values().filter(|r| r["kind"] == "kms-key") {
            put["ServerSideEncryption"] = "aws:kms".into();
            if resource["key_manager"] == "CUSTOMER" {
                let policy = resource["policy"].to_string();
                let made = self.own("kms:CreateKey", json!({ "Policy": policy }));
                put["SSEKMSKeyId"] = made["KeyMetadata"]["Arn"].clone();
            }
        }
        self.own("s3:PutObject", put);
    }

    /// The caller with the case's identity policies.
    fn caller(&mut self) -> Credentials {
        let policies = self.case["policies"]["identity"]
            .as_array()
            .unwrap()
            .clone();
        let (operation, member, name) = match self.case["principal"]["kind"].as_str().unwrap() {
            "root" => {
                let id = AccountId::parse(&self.account).unwrap();
                return self.bench.lab.root_credentials(&id).unwrap();
            }
            "iam-user" => {
                self.own("iam:CreateUser", json!({ "UserName": "alice" }));
                ("iam:PutUserPolicy", "UserName", "alice")
            }
            "role-session" => {
                let path = match self.case["principal"]["service_linked"] == true {
                    true => "/aws-service-role/lab.amazonaws.com/",
                    false => "/",
                };
                let trusts = trust(json!({ "Service": "glue.amazonaws.com" }));
                let role = json!({
                    "RoleName": "app-role", "Path": path, "AssumeRolePolicyDocument": trusts,
                });
                self.own("iam:CreateRole", role);
                ("iam:PutRolePolicy", "RoleName", "app-role")
            }
            other => panic!("a caller of kind {other}"),
        };
        for (index, policy) in policies.iter().enumerate() {
            let document = policy.to_string();
            let put = json!({
                member: name, "PolicyName": format!("p{index}"), "PolicyDocument": document,
            });
            self.own(operation, put);
        }
        match name {
            "alice" => {
                let made = self.own("iam:CreateAccessKey", json!({ "UserName": name }));
                credentials(&made["AccessKey"])
            }
            _ => {
                let role = self.own("iam:GetRole", json!({ "RoleName": name }));
                let arn = Arn::parse(&text(&role, "/Role/Arn")).unwrap();
                self.bench
                    .lab
                    .service_session(&arn, Service::Glue, "sess1")
                    .unwrap()
            }
        }
    }

    /// The levels of one kind: the first on the root, the last on the account, others on units.
    fn guardrails(&mut self, member: &str, kind: &str) {
        let Some(levels) = self.case["policies"][member].as_array().cloned() else {
            return;
        };
        if kind == "RESOURCE_CONTROL_POLICY" {
            let enable = json!({ "RootId": self.root, "PolicyType": kind });
            self.bench.ok("organizations:EnablePolicyType", enable);
        }
        let mut parent = self.root.clone();
        for (index, level) in levels.iter().enumerate() {
            let target = match index {
                0 => self.root.clone(),
                last if last + 1 == levels.len() => self.account.clone(),
                _ => {
                    let unit = json!({ "ParentId": parent, "Name": format!("level{index}") });
                    let made = self
                        .bench
                        .ok("organizations:CreateOrganizationalUnit", unit);
                    let unit = text(&made, "/OrganizationalUnit/Id");
                    let step = json!({
                        "AccountId": self.account, "SourceParentId": parent,
                        "DestinationParentId": unit,
                    });
                    self.bench.ok("organizations:MoveAccount", step);
                    parent = unit.clone();
                    unit
                }
            };
            self.level(&target, kind, level.as_array().unwrap());
        }
    }

    fn level(&mut self, target: &str, kind: &str, documents: &[Value]) {
        let full = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" }
        ] });
        for document in documents.iter().filter(|document| **document != full) {
            let name = format!("p{}", self.bench.event_count());
            let content = document.to_string();
            let policy =
                json!({ "Name": name, "Description": "", "Type": kind, "Content": content });
            let made = self.bench.ok("organizations:CreatePolicy", policy);
            let id = text(&made, "/Policy/PolicySummary/Id");
            self.bench.ok(
                "organizations:AttachPolicy",
                json!({ "PolicyId": id, "TargetId": target }),
            );
        }
        if kind == "SERVICE_CONTROL_POLICY" && !documents.contains(&full) {
            let members = json!({ "PolicyId": "p-FullAWSAccess", "TargetId": target });
            self.bench.ok("organizations:DetachPolicy", members);
        }
    }

    /// An endpoint with the case's policy, if it has one.
    fn endpoint(&mut self) -> Option<VpcEndpointId> {
        let policy = &self.case["policies"]["vpc_endpoint"];
        let policy = (!policy.is_null()).then(|| policy.to_string())?;
        let members = json!({
            "VpcId": "vpc-12345678", "ServiceName": "com.amazonaws.us-east-1.s3",
            "PolicyDocument": policy,
        });
        let made = self.own("ec2:CreateVpcEndpoint", members);
        Some(VpcEndpointId::parse(&text(&made, "/VpcEndpoint/VpcEndpointId")).unwrap())
    }

    fn answer(mut self) -> Result<Value, ApiError> {
        assert_eq!(self.case["request"]["api"], "s3:GetObject");
        self.resources();
        let caller = self.caller();
        for (member, kind) in KIND_OF {
            self.guardrails(member, kind);
        }
        let endpoint = self.endpoint();
        let input = json!({ "Bucket": "lab-bucket", "Key": "reports/q1.csv" });
        let way = endpoint.as_slice();
        let lab = &mut self.bench.lab;
        lab.call_through(&caller, way, Service::S3, "GetObject", input)
            .result
    }
}

/// An answer in the words of the cases.
fn outcome(answer: &Result<Value, ApiError>) -> Value {
    let Err(error) = answer else {
        return json!({ "decision": "allow" });
    };
    let decision = error.decision.as_ref().unwrap();
    json!({
        "decision": match decision.verdict {
            Verdict::ImplicitDeny => "implicit-deny",
            _ => "explicit-deny",
        },
        "layer": decision.decisive.unwrap(),
        "failed_action": decision.action,
        "error_code": error.code,
        "http_status": error.status,
    })
}

#[test]
fn the_cases_about_organizations_and_endpoints_come_out_the_same_in_a_lab() {
    let file: Value = serde_json::from_str(include_str!("../cases/decisions.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let about = |case: &&Value| {
        let id = case["id"].as_str().unwrap();
        id.starts_with("ORG-") || id == "EVAL-42"
    };
    let mut count = 0;
    for case in cases.iter().filter(about) {
        assert!(
            !case.to_string().contains(AWAY),
            "{}: one account",
            case["id"]
        );
        for (model, member) in [(Model::Aws, "expected_aws"), (Model::Exam, "expected_exam")] {
            let answer = Replay::new(case, model).answer();
            let got = outcome(&answer);
            assert_eq!(got, case[member], "{} {model}: {answer:?}", case["id"]);
            count += 1;
        }
    }
    assert!(count >= 18, "{count}");
}
