//! What runs as a role, and in which Region.

use super::Bench;
use crate::api::Service;

#[test]
fn every_service_is_called_in_another_region() {
    for service in Service::ALL {
        let mut bench = Bench::new();
        let name = service.prefix();
        bench.run(&format!("let abroad = {name}.in_region(\"eu-west-1\");"));
        assert!(
            bench
                .thrown(&format!("{name}.in_region(\"mars\")"))
                .1
                .contains("mars"),
            "{name}"
        );
    }
}

#[test]
fn a_volume_a_function_a_database_and_a_job_belong_to_the_region_of_the_call() {
    let mut bench = Bench::new();
    bench.run(
        "let away = ec2.in_region(\"eu-west-1\");
         let volume = away.encrypted_volume();
         let zone = away.describe_volumes(#{}).Volumes[0].AvailabilityZone;
         let seen = ec2.describe_volumes(#{}).Volumes.len();",
    );
    assert_eq!(bench.value("zone").to_string(), "eu-west-1a");
    assert_eq!(bench.value("seen").as_int().unwrap(), 0);
    bench.run(
        "let runner = iam.create_role(\"Runner\", #{
             trust: [\"lambda.amazonaws.com\", \"glue.amazonaws.com\"] });
         lambda.create(\"report\", runner);
         let there = lambda.in_region(\"eu-west-1\").create(\"report\", runner);
         there.invoke();
         let regions = [lambda.list_functions(#{}), lambda.in_region(\"eu-west-1\").list_functions(#{})]
             .map(|list| list.Functions.len().to_string() + list.Functions[0].FunctionArn);
         glue.in_region(\"eu-west-1\").create_job(\"nightly\", runner);
         glue.in_region(\"eu-west-1\").start_job(\"nightly\");
         rds.create(\"pay\"); rds.in_region(\"eu-west-1\").create(\"pay\").stop();
         let status = rds.describe_db_instances(#{}).DBInstances;",
    );
    assert_eq!(
        bench.value("regions").to_string(),
        "[\"1arn:aws:lambda:us-east-1:111122223333:function:report\", \
         \"1arn:aws:lambda:eu-west-1:111122223333:function:report\"]"
    );
    assert_eq!(bench.value("status.len()").as_int().unwrap(), 1);
    assert_eq!(
        bench.value("status[0].DBInstanceStatus").to_string(),
        "available"
    );
    let (code, _) = bench.thrown("glue.start_job(\"nightly\")");
    assert_eq!(code, "EntityNotFoundException");
}

#[test]
fn an_instance_never_acts_as_another_role_than_the_one_it_is_launched_with() {
    let mut bench = Bench::new();
    bench.run(
        "let app = iam.create_role(\"App\", #{ trust: \"ec2.amazonaws.com\" });
         let other = iam.create_role(\"Other\", #{ trust: \"ec2.amazonaws.com\" });
         iam.create_instance_profile(#{ InstanceProfileName: \"App\" });
         iam.add_role_to_instance_profile(#{ InstanceProfileName: \"App\", RoleName: \"Other\" });",
    );
    let (_, message) = bench.thrown("ec2.launch(app)");
    assert!(message.contains("holds the role `Other`"), "{message}");
    bench.run(
        "iam.remove_role_from_instance_profile(#{ InstanceProfileName: \"App\", RoleName: \"Other\" });
         let box = ec2.launch(app);",
    );
    let arn = bench.value("box.session().arn").to_string();
    assert!(arn.contains(":assumed-role/App/"), "{arn}");
    bench.run("ec2.launch(app)");
}
