//! VPC endpoints in a running lab: what passes, and what a call through one shows.
//!
//! Source: AWS PrivateLink Guide, "Control access to VPC endpoints using
//! endpoint policies"; IAM User Guide, "AWS global condition context keys".

use keychai::api::{ApiError, Response, Service};
use keychai::authz::{Layer, Verdict};
use keychai::base::VpcEndpointId;
use keychai::lab::{Call, Failure};
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{Bench, HOME, blob, document, text, user_arn};

const VPC: &str = "vpc-12345678";

fn endpoint(bench: &mut Bench, service: &str, policy: Option<Value>) -> VpcEndpointId {
    let members = json!({
        "VpcId": VPC, "ServiceName": format!("com.amazonaws.us-east-1.{service}"),
        "PolicyDocument": policy.map(|p| p.to_string()),
    });
    let made = bench.ok("ec2:CreateVpcEndpoint", members);
    VpcEndpointId::parse(&text(&made, "/VpcEndpoint/VpcEndpointId")).unwrap()
}

fn policy(effect: &str, action: &str) -> Value {
    let everything = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
    let statement =
        json!({ "Effect": effect, "Principal": "*", "Action": action, "Resource": "*" });
    let statements = match effect {
        "Deny" => json!([everything, statement]),
        _ => json!([statement]),
    };
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Calls as `who` from a network with these endpoints.
fn respond(
    bench: &mut Bench,
    who: &Credentials,
    endpoints: &[&VpcEndpointId],
    operation: &str,
    input: Value,
) -> Response<Value> {
    let (service, name) = operation.split_once(':').unwrap();
    let endpoints: Vec<VpcEndpointId> = endpoints.iter().map(|id| (*id).clone()).collect();
    let service = service.parse::<Service>().unwrap();
    bench
        .lab
        .call_through(who, &endpoints, service, name, input)
}

fn get(
    bench: &mut Bench,
    who: &Credentials,
    endpoints: &[&VpcEndpointId],
    key: &str,
) -> Result<Value, ApiError> {
    let input = json!({ "Bucket": "data", "Key": key });
    respond(bench, who, endpoints, "s3:GetObject", input).result
}

/// A bucket with an object under SSE-KMS, and alice, who may do everything in S3 and KMS.
fn furnished() -> (Bench, Credentials, String) {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.bucket_under("data", &key);
    let admin = bench.admin.clone();
    bench.put(&admin, "data", "k", "hello").unwrap();
    let alice = bench.user("alice");
    bench.allow("alice", json!(["s3:*", "kms:*"]));
    (bench, alice, key)
}

#[test]
fn an_endpoints_policy_must_allow_what_comes_through_it() {
    let (mut bench, alice, _) = furnished();
    let open = endpoint(&mut bench, "s3", None);
    get(&mut bench, &alice, &[&open], "k").unwrap();
    let base = format!(
        "User: {} is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::data/k\"",
        user_arn("alice")
    );
    for (effect, action, verdict, tail) in [
        (
            "Allow",
            "s3:ListBucket",
            Verdict::ImplicitDeny,
            " because no VPC endpoint policy allows the s3:GetObject action",
        ),
        (
            "Deny",
            "s3:GetObject",
            Verdict::ExplicitDeny,
            " with an explicit deny in a VPC endpoint policy",
        ),
    ] {
        let narrow = endpoint(&mut bench, "s3", Some(policy(effect, action)));
        let error = get(&mut bench, &alice, &[&narrow], "k").unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
        assert_eq!(error.message, format!("{base}{tail}"));
        let decision = error.decision.unwrap();
        assert_eq!(
            (decision.decisive, decision.verdict),
            (Some(Layer::Vpce), verdict)
        );
        get(&mut bench, &alice, &[], "k").unwrap();
    }
}

#[test]
fn an_endpoints_policy_gives_nothing_by_itself_and_can_be_changed() {
    let (mut bench, _, _) = furnished();
    let nobody = bench.user("nobody");
    let id = endpoint(&mut bench, "s3", None);
    let error = get(&mut bench, &nobody, &[&id], "k").unwrap_err();
    assert_eq!(error.decision.unwrap().decisive, Some(Layer::Identity));
    let admin = bench.admin.clone();
    let narrow = policy("Allow", "s3:PutObject").to_string();
    bench.ok(
        "ec2:ModifyVpcEndpoint",
        json!({ "VpcEndpointId": id, "PolicyDocument": narrow }),
    );
    get(&mut bench, &admin, &[&id], "k").unwrap_err();
    bench.ok(
        "ec2:ModifyVpcEndpoint",
        json!({ "VpcEndpointId": id, "ResetPolicy": true }),
    );
    get(&mut bench, &admin, &[&id], "k").unwrap();
}

#[test]
fn an_endpoint_carries_the_calls_of_its_own_service_alone() {
    let (mut bench, alice, key) = furnished();
    let no_s3 = endpoint(&mut bench, "s3", Some(policy("Deny", "s3:*")));
    let no_kms = endpoint(&mut bench, "kms", Some(policy("Deny", "kms:*")));
    let encrypt = json!({ "KeyId": key, "Plaintext": blob("x") });
    let mut call = |through: &[&VpcEndpointId], operation: &str, input: Value| {
        respond(&mut bench, &alice, through, operation, input)
            .result
            .is_ok()
    };
    assert!(call(&[&no_s3], "kms:Encrypt", encrypt.clone()));
    assert!(!call(&[&no_kms], "kms:Encrypt", encrypt.clone()));
    assert!(!call(&[&no_s3, &no_kms], "kms:Encrypt", encrypt));
    // S3 calls KMS from where S3 is: no endpoint of the caller's network is passed.
    let read = json!({ "Bucket": "data", "Key": "k" });
    assert!(call(&[&no_kms], "s3:GetObject", read.clone()));
    assert!(!call(&[&no_s3], "s3:GetObject", read));
}

#[test]
fn sts_can_be_behind_an_endpoint_too() {
    let mut bench = Bench::new();
    let trusts = crate::bench::trust(json!({ "AWS": HOME }));
    bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "r", "AssumeRolePolicyDocument": trusts }),
    );
    let id = endpoint(
        &mut bench,
        "sts",
        Some(policy("Allow", "sts:GetSessionToken")),
    );
    let admin = bench.admin.clone();
    let input = json!({ "RoleArn": crate::bench::role_arn("r"), "RoleSessionName": "s1" });
    let error = respond(&mut bench, &admin, &[&id], "sts:AssumeRole", input.clone()).result;
    assert_eq!(
        error.unwrap_err().decision.unwrap().decisive,
        Some(Layer::Vpce)
    );
    respond(&mut bench, &admin, &[], "sts:AssumeRole", input)
        .result
        .unwrap();
}

#[test]
fn a_call_through_an_endpoint_shows_the_endpoint_in_place_of_a_public_address() {
    let (mut bench, _, _) = furnished();
    let id = endpoint(&mut bench, "s3", None);
    let bob = bench.user("bob");
    let mut may = |condition: Value| {
        let statement = json!({
            "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition,
        });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        bench.ok(
            "iam:PutUserPolicy",
            json!({ "UserName": "bob", "PolicyName": "p", "PolicyDocument": document }),
        );
        let listing = json!({ "Bucket": "data" });
        [&[][..], &[&id][..]].map(|way| {
            respond(&mut bench, &bob, way, "s3:ListObjectsV2", listing.clone())
                .result
                .is_ok()
        })
    };
    let (public, private) = ([true, false], [false, true]);
    assert_eq!(
        may(json!({ "StringEquals": { "aws:SourceVpce": id } })),
        private
    );
    assert_eq!(
        may(json!({ "StringEquals": { "aws:SourceVpc": VPC } })),
        private
    );
    assert_eq!(
        may(json!({ "IpAddress": { "aws:VpcSourceIp": "10.0.0.0/8" } })),
        private
    );
    assert_eq!(
        may(json!({ "IpAddress": { "aws:SourceIp": "0.0.0.0/0" } })),
        public
    );
    assert_eq!(may(json!({ "Null": { "aws:SourceIp": "true" } })), private);
    assert_eq!(may(json!({ "Null": { "aws:SourceVpce": "true" } })), public);
}

#[test]
fn a_bucket_can_be_closed_to_all_but_an_endpoint() {
    let (mut bench, alice, _) = furnished();
    let id = endpoint(&mut bench, "s3", None);
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::data/*",
        "Condition": { "StringNotEquals": { "aws:SourceVpce": id } },
    }] });
    bench.ok(
        "s3:PutBucketPolicy",
        json!({ "Bucket": "data", "Policy": policy.to_string() }),
    );
    get(&mut bench, &alice, &[&id], "k").unwrap();
    let error = get(&mut bench, &alice, &[], "k").unwrap_err();
    assert_eq!(error.decision.unwrap().decisive, Some(Layer::Resource));
    // Without the endpoint there is only the public way.
    bench.ok("ec2:DeleteVpcEndpoints", json!({ "VpcEndpointIds": [id] }));
    get(&mut bench, &alice, &[&id], "k").unwrap_err();
}

#[test]
fn whether_a_missing_object_shows_depends_on_the_endpoint_too() {
    let (mut bench, alice, _) = furnished();
    let blind = endpoint(&mut bench, "s3", Some(policy("Allow", "s3:GetObject")));
    assert_eq!(
        get(&mut bench, &alice, &[], "none").unwrap_err().code,
        "NoSuchKey"
    );
    assert_eq!(
        get(&mut bench, &alice, &[&blind], "none").unwrap_err().code,
        "AccessDenied"
    );
}

#[test]
fn the_event_names_the_endpoint_and_the_private_address() {
    let (mut bench, alice, _) = furnished();
    let id = endpoint(&mut bench, "s3", None);
    let before = bench.event_count();
    get(&mut bench, &alice, &[&id], "k").unwrap();
    let events = bench.events_since(before);
    let record = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(record["vpcEndpointId"], json!(id));
    assert_eq!(record["vpcEndpointAccountId"], HOME);
    assert_eq!(record["sourceIPAddress"], "10.0.0.10");
    // S3's own call to KMS came through no endpoint.
    let forwarded = serde_json::to_value(&events[1]).unwrap();
    assert_eq!(forwarded["eventName"], "Decrypt");
    assert!(forwarded.get("vpcEndpointId").is_none());
    get(&mut bench, &alice, &[], "k").unwrap();
    let direct = serde_json::to_value(&bench.events_since(before)[2]).unwrap();
    assert!(direct.get("vpcEndpointId").is_none());
}

#[test]
fn a_denial_of_an_endpoint_is_explained_and_repairs_are_tried_through_it() {
    let (mut bench, alice, _) = furnished();
    let id = endpoint(&mut bench, "s3", Some(policy("Deny", "s3:GetObject")));
    let explained = |bench: &Bench, who: &Credentials| {
        let input = json!({ "Bucket": "data", "Key": "k" });
        let call = Call::new(who.clone(), Service::S3, "GetObject", input)
            .through(std::slice::from_ref(&id));
        let response = call.try_in(&bench.lab);
        let error = response.result.clone().unwrap_err();
        let failure = Failure::new(&bench.lab, call, &response.decisions, error);
        let fixes = failure.fix(&bench.lab);
        (failure.sentence, fixes)
    };
    let (sentence, fixes) = explained(&bench, &alice);
    assert_eq!(
        sentence,
        format!(
            "The endpoint policy of {id} denies s3:GetObject on data/k to every call that comes \
             through it."
        )
    );
    assert!(fixes.repairs.is_empty());
    assert!(
        fixes.advice.join("\n").contains("another way"),
        "{:?}",
        fixes.advice
    );

    // What works without the endpoint is no repair for a call that comes through it.
    let bob = bench.user("bob");
    let (_, fixes) = explained(&bench, &bob);
    assert!(fixes.repairs.is_empty(), "{:?}", fixes.repairs);
    bench.ok(
        "ec2:ModifyVpcEndpoint",
        json!({ "VpcEndpointId": id, "ResetPolicy": true }),
    );
    let (_, fixes) = explained(&bench, &bob);
    assert!(!fixes.repairs.is_empty());
}

#[test]
fn only_who_may_makes_endpoints_and_only_in_its_own_account() {
    let mut bench = Bench::new();
    let id = endpoint(&mut bench, "s3", None);
    let away = bench.away.clone();
    let error = bench.call(
        &away,
        "ec2:DescribeVpcEndpoints",
        json!({ "VpcEndpointIds": [id] }),
    );
    assert_eq!(error.unwrap_err().code, "InvalidVpcEndpointId.NotFound");
    let alice = bench.user("alice");
    let input = json!({ "VpcId": VPC, "ServiceName": "com.amazonaws.us-east-1.kms" });
    let error = bench
        .call(&alice, "ec2:CreateVpcEndpoint", input.clone())
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("UnauthorizedOperation", 403)
    );
    assert!(
        error
            .message
            .starts_with("You are not authorized to perform this operation. User:")
    );
    let allow = document("Allow", json!("ec2:CreateVpcEndpoint"), json!("*"));
    let put = json!({ "UserName": "alice", "PolicyName": "p", "PolicyDocument": allow });
    bench.ok("iam:PutUserPolicy", put);
    bench.call(&alice, "ec2:CreateVpcEndpoint", input).unwrap();
}
