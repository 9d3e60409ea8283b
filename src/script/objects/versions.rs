//! Versions of a bucket's objects.

use rhai::Dynamic;
use serde_json::{Value, json};

use super::arguments::{at, dynamic};
use super::bucket::Bucket;
use super::client::Fallible;
use crate::script::Registry;

const MAKE: &str = "let bucket = s3.create_bucket(\"payroll-data\");\nbucket.set_versioning(true);\nbucket.put(\"q1.csv\", \"id\");\n";

/// All versions and delete markers, page by page, each as the service has it.
fn versions(bucket: &Bucket) -> Fallible<Dynamic> {
    let mut found = Vec::new();
    let mut input = json!({});
    loop {
        let page = bucket.call("ListObjectVersions", input)?;
        for (list, marker) in [("Versions", false), ("DeleteMarkers", true)] {
            let entries = page.get(list).and_then(Value::as_array);
            found.extend(entries.into_iter().flatten().cloned().map(|mut entry| {
                if let Value::Object(members) = &mut entry {
                    members.insert("DeleteMarker".to_owned(), marker.into());
                }
                entry
            }));
        }
        if page.get("IsTruncated") != Some(&Value::Bool(true)) {
            return dynamic(&Value::Array(found));
        }
        input = json!({
            "KeyMarker": page.get("NextKeyMarker"),
            "VersionIdMarker": page.get("NextVersionIdMarker"),
        });
    }
}

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .property::<Bucket>("versioning")
        .returns("string")
        .doc(
            "`Enabled` or `Suspended`; empty where versions were never kept (GetBucketVersioning).",
        )
        .example(&format!("{MAKE}bucket.versioning"))
        .register(|bucket: &mut Bucket| -> Fallible<String> {
            let answer = bucket.call("GetBucketVersioning", json!({}))?;
            Ok(at(&answer, "/Status"))
        });
    registry
        .method::<Bucket>("set_versioning")
        .param("on", "bool")
        .doc("Lets the bucket keep versions, or suspends that; those that it has stay.")
        .example(MAKE)
        .register(|bucket: &mut Bucket, on: bool| -> Fallible<()> {
            let status = if on { "Enabled" } else { "Suspended" };
            let wish = json!({ "VersioningConfiguration": { "Status": status } });
            bucket.call("PutBucketVersioning", wish).map(drop)
        });
    registry
        .method::<Bucket>("versions")
        .returns("array")
        .doc("All versions and delete markers, the newest of a key first; `DeleteMarker` tells them apart (ListObjectVersions).")
        .example(&format!("{MAKE}bucket.versions()[0].VersionId"))
        .register(|bucket: &mut Bucket| versions(bucket));
}
