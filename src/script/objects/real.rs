//! Real accounts and real denials: `import_account`, `explain`.

use std::path::Path;

use rhai::Dynamic;
use serde_json::json;

use super::arguments::dynamic;
use super::client::{Fallible, LabHandle};
use super::saving::Keeping;
use crate::lab::LabOptions;
use crate::lab::explain::{Explanations, explain};
use crate::lab::import::{Report, import_folder};
use crate::render::{Rendered, explain_report, import_report};
use crate::script::{Registry, Thrown};

/// What an import loaded, and what is missing.
#[derive(Clone, Debug)]
pub struct ImportReport(Report);

/// What real denials say, and what the lab's policies say about them.
#[derive(Clone, Debug)]
pub struct Explanation(Explanations);

fn import(lab: &LabHandle, keeping: &Keeping, path: &str) -> Fallible<ImportReport> {
    let refused = |code: &str, why: String| Thrown::new(code, why);
    let folder = keeping
        .access
        .readable_folder(path)
        .map_err(|why| refused("FileAccess", why))?;
    let options = lab.read(|lab| LabOptions {
        model: lab.model(),
        seed: lab.seed(),
    });
    let mut imported = import_folder(Path::new(&folder), &options, false)
        .map_err(|error| refused("Import", error.to_string()))?;
    keeping.adopt(&mut imported.lab);
    lab.swap(imported.lab);
    Ok(ImportReport(imported.report))
}

fn explained(lab: &LabHandle, text: &str) -> Fallible<Explanation> {
    let found = lab.read(|lab| explain(text, Some(lab)));
    let found = found.map_err(|why| Thrown::new("NotADenial", why))?;
    Ok(Explanation(found))
}

pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle, keeping: &Keeping) {
    registry
        .type_named::<ImportReport>(
            "ImportReport",
            "What an import loaded, and what is missing.",
        )
        .brief(|r: &ImportReport| format!("ImportReport({} missing)", r.0.missing.len()))
        .renderer(|r: &ImportReport| Rendered::from(&import_report(&r.0)))
        .type_named::<Explanation>(
            "RealDenial",
            "A real denial, decided again by the lab's policies.",
        )
        .brief(|e: &Explanation| format!("RealDenial({})", e.0.found.len()))
        .renderer(|e: &Explanation| Rendered::from(&explain_report(&e.0)));
    let (handle, own) = (lab.clone(), keeping.clone());
    registry
        .function("import_account")
        .param("folder", "string")
        .returns("ImportReport")
        .doc("Puts an account in place of this lab, made of what the AWS CLI printed into a folder; see `keychai import --help`. The folder has to lie in one that `keychai run` or `keychai repl` was given with `--allow-read`.")
        .example("try { import_account(\"my-account\") } catch (e) { print(e.message) }")
        .register(move |path: &str| import(&handle, &own, path));
    registry
        .property::<ImportReport>("json")
        .returns("map")
        .doc("What was loaded, the problems with file and place, and what is missing.")
        .example("try { import_account(\"my-account\").json } catch (e) { print(e.message) }")
        .register(|r: &mut ImportReport| dynamic(&json!(r.0)));
    explaining(registry, lab);
}

fn explaining(registry: &mut Registry<'_>, lab: &LabHandle) {
    const TEXT: &str = "let text = \"User: arn:aws:iam::111122223333:user/admin is not authorized to perform: kms:Decrypt on resource: * because no identity-based policy allows the kms:Decrypt action\";\n";
    let handle = lab.clone();
    registry
        .function("explain")
        .param("denial", "string")
        .returns("RealDenial")
        .doc("Explains a real denial, pasted as AWS's error message or as the CloudTrail event: what it says, what the lab's policies say, and repairs that were tried.")
        .example(&format!("{TEXT}explain(text)"))
        .register(move |text: &str| explained(&handle, text));
    registry
        .property::<Explanation>("json")
        .returns("map")
        .doc("All data of the explanation.")
        .example(&format!("{TEXT}explain(text).json.found[0].denial.action"))
        .register(|e: &mut Explanation| -> Fallible<Dynamic> { dynamic(&json!(e.0)) });
}
