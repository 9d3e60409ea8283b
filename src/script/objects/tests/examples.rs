//! Every example of the reference runs, and so does the script of the design.

use rhai::Dynamic;

use super::operations::is_of_an_operation;
use super::{Bench, READ};

/// Every example of these objects runs, each in a lab of its own.
#[test]
fn every_example_runs() {
    let entries = Bench::new().session.reference().entries.clone();
    let mut failed = Vec::new();
    let own = [
        "User",
        "Role",
        "Group",
        "Policy",
        "Session",
        "Credentials",
        "Caller",
        "Account",
        "Job",
        "Lab",
        "Clock",
        "Snapshot",
        "Trail",
        "Events",
        "Event",
        "Steps",
    ];
    let mut run = 0;
    for entry in entries
        .iter()
        .filter(|entry| !entry.example.is_empty() && !is_of_an_operation(&entry.example))
    {
        let receiver = entry.receiver.as_deref().unwrap_or_default();
        if !own.contains(&receiver) && !["Iam", "Glue", "Sts"].contains(&receiver) {
            continue;
        }
        let mut bench = Bench::with_cast();
        run += 1;
        match bench.session.execute("example", &entry.example) {
            Ok(value) => drop(bench.session.display(&value.unwrap_or(Dynamic::UNIT))),
            Err(error) => failed.push(format!("{}\n{}\n{error}", entry.signature(), entry.example)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(run > 100, "{run}");
}

const OWN_TYPES: [&str; 29] = [
    "Kms",
    "S3",
    "Key",
    "Grant",
    "Ciphertext",
    "DataKey",
    "Bucket",
    "Objects",
    "Body",
    "StoredObject",
    "StoredMessage",
    "Decision",
    "Fix",
    "Answer",
    "Findings",
    "Organizations",
    "OrganizationalUnit",
    "OrganizationPolicy",
    "Ec2",
    "VpcEndpoint",
    "Instance",
    "Volume",
    "Lambda",
    "Function",
    "Rds",
    "Database",
    "Trail",
    "Events",
    "blob",
];

#[test]
fn every_example_of_these_objects_runs() {
    let examples: Vec<(String, String)> = Bench::new()
        .session
        .reference()
        .entries
        .iter()
        .filter(|entry| !entry.example.is_empty() && !is_of_an_operation(&entry.example))
        .filter(|entry| match entry.receiver.as_deref() {
            Some(receiver) => OWN_TYPES.contains(&receiver),
            None => ["can", "why", "requirements", "failure_matrix", "lint"]
                .contains(&entry.name.as_str()),
        })
        .map(|entry| (entry.signature(), entry.example.clone()))
        .collect();
    assert!(examples.len() > 50, "{}", examples.len());
    for (name, example) in examples {
        let mut bench = Bench::new();
        if let Err(error) = bench.session.execute("example", &example) {
            panic!("{name}: {error}\n{example}");
        }
    }
}

/// The session of the design, word for word up to `print`.
#[test]
fn the_script_of_the_design_runs() {
    let mut bench = Bench::new();
    bench.run(
        r#"
        let key    = kms.create_key("payroll");
        let bucket = s3.create_bucket("payroll-data", #{ encryption: key });
        let role   = iam.create_role("GlueRole", #{ trust: "glue.amazonaws.com" });
        role.allow(["s3:GetObject", "s3:PutObject", "s3:ListBucket"], [bucket, bucket.objects()]);
        role.allow(["kms:GenerateDataKey", "kms:Decrypt"], key);
        key.trust(role);
        let job = glue.run_as(role);
        job.s3.put_object("payroll-data/q1.csv", "id,amount\n1,100");
        job.s3.get_object("payroll-data/q1.csv").text();
        role.remove("kms:Decrypt");
        let code = ();
        try { job.s3.get_object("payroll-data/q1.csv") } catch (e) { code = e.code; e.fix.apply(); }
    "#,
    );
    assert_eq!(bench.typed::<String>("code"), "AccessDenied");
    assert_eq!(bench.typed::<String>(READ), "id,amount\n1,100");
    assert!(bench.typed::<bool>("requirements(|| job.s3.put_object(\"payroll-data/q2.csv\", \"x\")).json.not_needed.contains(\"kms:Encrypt\")"));
    bench.run("let grant = key.grant(role, [\"Decrypt\"], #{ context: #{ \"aws:s3:arn\": bucket.objects().arn } });");
    bench.run("key.rotate(); clock.advance(\"90d\"); trail.last(5);");
    bench.run("job = glue.run_as(role);");
    for who in ["job", "role", "job.kms"] {
        assert!(
            bench.typed::<bool>(&format!("can({who}, \"kms:Decrypt\", key).allowed")),
            "{who}"
        );
    }
}
