//! Which services resource control policies bind.

/// The prefixes of the services that resource control policies cover, in order.
///
/// Source: the public data set iann0036/iam-dataset, August 2026, after the
/// Organizations User Guide, "Resource control policies", list of services.
const COVERED: [&str; 62] = [
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

/// Whether resource control policies bind `action`.
pub(super) fn covers(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    COVERED
        .binary_search_by(|known| {
            let folded = service.bytes().map(|b| b.to_ascii_lowercase());
            known.bytes().cmp(folded)
        })
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_case_does_not_count() {
        assert!(COVERED.is_sorted());
        assert!(covers("kms:Decrypt") && covers("S3:GetObject"));
        assert!(!covers("iam:CreateUser") && !covers("glue:StartJobRun") && !covers(""));
    }
}
