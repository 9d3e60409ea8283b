//! The notebooks inside the binary, for a keychai that runs far from its source.

/// File names and texts.
pub(super) const EMBEDDED: &[(&str, &str)] = &[
    (
        "01-first-tour.ipynb",
        include_str!("../../notebooks/01-first-tour.ipynb"),
    ),
    (
        "02-authorization-model.ipynb",
        include_str!("../../notebooks/02-authorization-model.ipynb"),
    ),
    (
        "03-sse-kms-step-by-step.ipynb",
        include_str!("../../notebooks/03-sse-kms-step-by-step.ipynb"),
    ),
    (
        "04-grants.ipynb",
        include_str!("../../notebooks/04-grants.ipynb"),
    ),
    (
        "05-rotation.ipynb",
        include_str!("../../notebooks/05-rotation.ipynb"),
    ),
    (
        "06-failure-matrix.ipynb",
        include_str!("../../notebooks/06-failure-matrix.ipynb"),
    ),
    (
        "07-a-decision-taken-apart.ipynb",
        include_str!("../../notebooks/07-a-decision-taken-apart.ipynb"),
    ),
    (
        "08-cross-account.ipynb",
        include_str!("../../notebooks/08-cross-account.ipynb"),
    ),
    (
        "09-multipart-and-bucket-keys.ipynb",
        include_str!("../../notebooks/09-multipart-and-bucket-keys.ipynb"),
    ),
    (
        "10-envelope-byte-by-byte.ipynb",
        include_str!("../../notebooks/10-envelope-byte-by-byte.ipynb"),
    ),
    (
        "11-answers-by-trying.ipynb",
        include_str!("../../notebooks/11-answers-by-trying.ipynb"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notebook_is_inside() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/notebooks");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".ipynb"))
            .collect();
        found.sort_unstable();
        let embedded: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, found);
    }
}
