//! Floor F5: the services. One operation, one struct.
//!
//! Each file holds a few operations of one subject: the struct with AWS's
//! members, what it needs (`access`), what it does (`execute`), what its event
//! shows (`record`). The table in `table.rs` lists them all; scripts, the
//! reference and completion are made from it.

pub mod cloudtrail;
pub mod ec2;
pub mod glue;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod organizations;
mod page;
mod pass_role;
pub mod principals;
pub mod rds;
mod regional;
pub mod s3;
mod service_grant;
pub mod sts;
mod table;
#[cfg(test)]
mod testing;

pub use table::{Entry, find, operations};
