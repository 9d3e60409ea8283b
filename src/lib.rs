//! keychai: a laptop lab for AWS authorization and encryption.

pub mod api;
pub mod authz;
pub mod base;
pub mod cli;
pub mod crypto;
pub mod kernel;
pub mod lab;
pub mod policy;
pub mod render;
pub mod script;
pub mod service;
pub mod simulate;
pub mod state;
