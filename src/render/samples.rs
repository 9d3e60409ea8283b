//! Two things that people see most, made by hand for the tests.

use super::{Column, Diagram, DiffLine, Report, Row, Table, Text, Tone};

pub(crate) fn denial() -> Report {
    let layers = Table::new(["layer", "verdict", "by"])
        .row([
            Text::from("identity"),
            Text::good("allow"),
            Text::new().code("GlueRole › UseKey[0]"),
        ])
        .row([
            Text::from("key policy"),
            Text::neutral("silent"),
            Text::from("1 statement: ")
                .code("Admins[0]")
                .plain(" wants ")
                .code("role/Admin"),
        ])
        .row([Text::from("grants"), Text::neutral("none"), Text::new()])
        .row([
            Text::from("boundary"),
            Text::new().muted("not set"),
            Text::new(),
        ]);
    let read = Text::from("1  ")
        .code("s3:GetObject")
        .plain("  bucket payroll-data  ");
    let decrypt = Text::from("2  ")
        .code("kms:Decrypt")
        .plain("  key alias/payroll, by S3  ");
    Report::new()
        .headline(
            Tone::Bad,
            "AccessDenied 403 · s3:GetObject payroll-data/q1.csv",
        )
        .paragraph(
            "GlueRole may read the object, but KMS does not decrypt for it: no statement of the \
             key policy of alias/payroll names the role.",
        )
        .paragraph(Text::new().muted(
            "User: arn:aws:sts::111122223333:assumed-role/GlueRole/GlueJobRunnerSession is not \
             authorized to perform: kms:Decrypt on resource: \
             arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab \
             because no resource-based policy allows the kms:Decrypt action",
        ))
        .details(
            read.then(Text::good("allow")),
            false,
            Report::new().pairs([(
                "identity",
                Text::good("allow").plain("  GlueRole › ReadData"),
            )]),
        )
        .details(
            decrypt.then(Text::bad("deny")),
            true,
            Report::new().table(layers),
        )
        .rule()
        .paragraph(
            Text::new()
                .strong("Repair")
                .plain(" (tried, smallest first)"),
        )
        .pairs([
            (
                Text::new().code("key.trust(role)"),
                "1 statement in the key policy",
            ),
            (
                Text::new().code("key.grant(role, [\"Decrypt\"])"),
                "a grant; temporary, revocable",
            ),
        ])
        .diff([
            DiffLine::Context("\"Principal\": { \"AWS\": [".into()),
            DiffLine::Removed("  \"role/Admin\"".into()),
            DiffLine::Added("  \"role/Admin\", \"role/GlueRole\"".into()),
        ])
}

pub(crate) fn matrix() -> Table {
    let mut table = Table::new([
        Column::new("call").essential(),
        Column::new("s3:Get").centre(),
        Column::new("kms:Decrypt").centre(),
        Column::new("key policy").centre(),
        Column::new("object").centre(),
        Column::new("outcome").essential().code(),
    ])
    .titled("Which failure comes from where");
    let rows = [
        (Tone::Good, "Glue reads", "yyyy", "200"),
        (Tone::Bad, "Glue reads", "yNyy", "403 kms:Decrypt, identity"),
        (
            Tone::Bad,
            "Glue reads",
            "yyNy",
            "403 kms:Decrypt, key policy",
        ),
        (Tone::Bad, "Glue reads a wrong key", "yyyN", "404 NoSuchKey"),
    ];
    for (tone, call, facts, outcome) in rows {
        let facts = facts.chars().map(|c| {
            if c == 'y' {
                Text::good("")
            } else {
                Text::bad("")
            }
        });
        let cells = std::iter::once(Text::from(call))
            .chain(facts)
            .chain([Text::from(outcome)]);
        table.push(Row::new(cells).toned(tone));
    }
    table
        .note("rule: allowed exactly if s3:GetObject ∧ kms:Decrypt ∧ (key policy ∨ grant) ∧ object exists")
        .note("not needed: kms:Encrypt, kms:DescribeKey, s3:ListBucket (without it a missing object is 403)")
}

pub(crate) fn path() -> Diagram {
    Diagram::path("GlueRole reads payroll-data/q1.csv")
        .node("GlueRole", "session GlueJobRunner")
        .arrow("s3:GetObject")
        .node("payroll-data", "bucket")
        .arrow("kms:Decrypt")
        .node("alias/payroll", "KMS key")
        .arrow("data key")
        .node("q1.csv", "plaintext")
        .stopped_at(1, "no statement of the key policy names the role")
}

pub(crate) fn layers() -> Diagram {
    Diagram::layers("Envelope encryption")
        .node("master key", "never leaves KMS")
        .arrow("encrypts")
        .node("data key", "256 bits, one for each object")
        .arrow("encrypts")
        .node("q1.csv", "stored as ciphertext")
}
