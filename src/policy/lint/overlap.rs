//! Whether two patterns of ARNs have an ARN in common.

/// One position of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// This character.
    Is(char),
    /// Any character.
    One,
    /// Any run of characters.
    Run,
    /// Any run without `/`, not empty.
    Name,
}

/// A pattern of ARNs in its six parts; wildcards stay within theirs.
#[derive(Debug, Clone)]
pub(super) struct Pattern([Vec<Unit>; 6]);

impl Pattern {
    /// A policy's resource; a variable may be anything, and so may parts that are missing.
    pub fn of_resource(text: &str) -> Self {
        let mut parts = text.splitn(6, ':');
        Self(std::array::from_fn(|_| {
            resource_part(parts.next().unwrap_or("*"))
        }))
    }

    /// The pattern of a resource type, such as `arn:${Partition}:s3:::${BucketName}`.
    ///
    /// A bucket's name has no `/`: that is what tells buckets from objects.
    pub fn of_type(text: &str) -> Self {
        let mut parts = text.splitn(6, ':');
        Self(std::array::from_fn(|_| {
            type_part(parts.next().unwrap_or_default())
        }))
    }

    /// Whether some ARN matches both patterns.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| overlap(a, b))
    }
}

fn resource_part(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let variable = rest
            .strip_prefix("${")
            .and_then(|inner| inner.split_once('}'));
        if let Some((_, after)) = variable {
            units.push(Unit::Run);
            rest = after;
            continue;
        }
        units.push(match first {
            '*' => Unit::Run,
            '?' => Unit::One,
            other => Unit::Is(other),
        });
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    units
}

fn type_part(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("${") {
        units.extend(before.chars().map(Unit::Is));
        let (name, after) = from.split_once('}').unwrap_or((from, ""));
        units.push(match name {
            "BucketName" => Unit::Name,
            _ => Unit::Run,
        });
        rest = after;
    }
    units.extend(rest.chars().map(Unit::Is));
    units
}

/// Whether some text matches both patterns.
///
/// Each pair of positions is looked at once, so the cost is the product of the
/// two lengths.
fn overlap(left: &[Unit], right: &[Unit]) -> bool {
    let width = right.len() + 1;
    let mut seen = vec![false; (left.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((at, other)) = open.pop() {
        match seen.get_mut(at * width + other) {
            Some(known) if !*known => *known = true,
            _ => continue,
        }
        let (a, b) = (left.get(at), right.get(other));
        if a.is_none() && b.is_none() {
            return true;
        }
        if a == Some(&Unit::Run) {
            open.push((at + 1, other));
        }
        if b == Some(&Unit::Run) {
            open.push((at, other + 1));
        }
        if let (Some(a), Some(b)) = (a, b)
            && agree(*a, *b)
        {
            // A run takes the other's character and stays, or both go on.
            let stays = |unit: &Unit| matches!(unit, Unit::Run | Unit::Name);
            open.push((at + 1, other + 1));
            if stays(a) {
                open.push((at, other + 1));
            }
            if stays(b) {
                open.push((at + 1, other));
            }
        }
    }
    false
}

/// Whether one character can stand for both.
fn agree(left: Unit, right: Unit) -> bool {
    match (left, right) {
        (Unit::Is(a), Unit::Is(b)) => a == b,
        (Unit::Is(c), Unit::Name) | (Unit::Name, Unit::Is(c)) => c != '/',
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_overlap_where_one_arn_matches_both() {
        let bucket = "arn:${Partition}:s3:::${BucketName}";
        let object = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";
        let key = "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}";
        for (resource, of, expected) in [
            ("arn:aws:s3:::b", bucket, true),
            ("arn:aws:s3:::b", object, false),
            ("arn:aws:s3:::b/*", bucket, false),
            ("arn:aws:s3:::b/*", object, true),
            ("arn:aws:s3:::b*", bucket, true),
            ("arn:aws:s3:::b*", object, true),
            ("arn:aws:s3:::*/x", bucket, false),
            ("arn:aws:s3:::*", bucket, true),
            ("arn:aws:s3:::${aws:username}", bucket, true),
            ("arn:aws:s3:::b-?", bucket, true),
            ("arn:aws:kms:*:*:key/*", key, true),
            ("arn:aws:kms:*:*:alias/*", key, false),
            ("arn:aws:kms:us-east-1:111122223333:key/1", key, true),
            ("arn:aws:kms:*", key, true),
            ("arn:aws:s3:::b", key, false),
        ] {
            let (left, right) = (Pattern::of_resource(resource), Pattern::of_type(of));
            assert_eq!(left.overlaps(&right), expected, "{resource} {of}");
            assert_eq!(right.overlaps(&left), expected, "{of} {resource}");
        }
    }

    #[test]
    fn many_runs_cost_no_more_than_the_product() {
        let left = resource_part(&"*a".repeat(1000));
        let right = resource_part(&format!("{}b", "a*".repeat(1000)));
        assert!(!overlap(&left, &right));
    }
}
