//! An example for every operation, kept in one file for each service.
//!
//! A section begins with `//: service:Operation`; what follows runs in a fresh
//! lab and makes that call. A test walks the table and runs them all, so an
//! operation cannot be added without one.

use crate::api::{OperationSpec, Service};

/// What a section begins with.
const MARK: &str = "\n//: ";

fn file(service: Service) -> &'static str {
    match service {
        Service::Iam => include_str!("operation_examples/iam.rhai"),
        Service::Sts => include_str!("operation_examples/sts.rhai"),
        Service::Kms => include_str!("operation_examples/kms.rhai"),
        Service::S3 => include_str!("operation_examples/s3.rhai"),
        Service::Glue => include_str!("operation_examples/glue.rhai"),
        Service::Organizations => include_str!("operation_examples/organizations.rhai"),
        Service::Ec2 => include_str!("operation_examples/ec2.rhai"),
        Service::Lambda => include_str!("operation_examples/lambda.rhai"),
        Service::Rds => include_str!("operation_examples/rds.rhai"),
        Service::CloudTrail => include_str!("operation_examples/cloudtrail.rhai"),
    }
}

/// The example of an operation; empty if its file has no section for it.
pub(super) fn example(spec: &OperationSpec) -> &'static str {
    sections(spec.service)
        .find(|(action, _)| *action == spec.action())
        .map_or("", |(_, script)| script)
}

/// Every section of a service's file: the operation that it names, and its script.
pub(super) fn sections(service: Service) -> impl Iterator<Item = (&'static str, &'static str)> {
    let sections = file(service).split(MARK).skip(1);
    sections.filter_map(|section| {
        let (action, script) = section.split_once('\n')?;
        Some((action.trim(), script.trim()))
    })
}
