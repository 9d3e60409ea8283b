//! Questions about everybody: `who_can`, `what_can`.

use rhai::{Array, Dynamic};
use serde_json::json;

use super::answers::Answer;
use super::arguments::{dynamic, text};
use super::bucket::Bucket;
use super::client::{Fallible, LabHandle};
use super::entities::{Holder, Role, User};
use super::key::Key;
use crate::lab::analysis::{WhoCan, what_can, who_can};
use crate::render::{Rendered, what_can_table, who_can_graph, who_can_table};
use crate::script::Registry;

/// Everybody who can do something, and who could give itself the right.
#[derive(Clone, Debug)]
pub struct Whoever(WhoCan);

impl Whoever {
    fn list(&self) -> Fallible<Array> {
        let found = self.0.found.iter();
        found.map(|who| dynamic(&json!(who))).collect()
    }

    fn names(&self, standing: &str) -> Array {
        let of_it = self.0.found.iter();
        of_it
            .filter(|who| json!(who.standing) == standing)
            .map(|who| Dynamic::from(who.principal.clone()))
            .collect()
    }
}

fn ask(lab: &LabHandle, action: &str, resource: &str) -> Fallible<Whoever> {
    let found = lab.read(|lab| who_can(lab, action, resource));
    let answer = found.map_err(|error| super::kms::plain_error(&error))?;
    Ok(Whoever(answer))
}

fn powers(lab: &LabHandle, who: &str) -> Fallible<Answer> {
    let found = lab.read(|lab| what_can(lab, who));
    let answer = found.map_err(|error| super::kms::plain_error(&error))?;
    Ok(Answer(what_can_table(&answer)))
}

pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<Whoever>(
            "WhoCan",
            "Everybody who can do something, and who could give itself the right.",
        )
        .brief(|who: &Whoever| format!("WhoCan({} principals)", who.0.found.len()))
        .renderer(|who: &Whoever| Rendered::from(&who_can_table(&who.0)));
    members(registry);
    functions(registry, lab);
    methods(registry);
}

const MAKE: &str = "let key = kms.create_key(\"payroll\");\n";

fn members(registry: &mut Registry<'_>) {
    registry
        .property::<Whoever>("can")
        .returns("array")
        .doc("The names of those who have the right.")
        .example(&format!("{MAKE}who_can(\"kms:Decrypt\", key).can"))
        .register(|who: &mut Whoever| who.names("can"));
    registry
        .property::<Whoever>("could")
        .returns("array")
        .doc("The names of those who could give themselves the right.")
        .example(&format!("{MAKE}who_can(\"kms:Decrypt\", key).could"))
        .register(|who: &mut Whoever| who.names("could"));
    registry
        .property::<Whoever>("list")
        .returns("array")
        .doc("A map for each principal: `principal`, `arn`, `kind`, `standing` (`can`, `if` or `could`), `by`, `conditions`, and `path`, the calls on the way.")
        .example(&format!("{MAKE}who_can(\"kms:Decrypt\", key).list[0].by"))
        .register(|who: &mut Whoever| who.list());
    registry
        .property::<Whoever>("graph")
        .returns("Graph")
        .doc("The ways to the right as a picture.")
        .example(&format!("{MAKE}who_can(\"kms:Decrypt\", key).graph"))
        .register(|who: &mut Whoever| Picture(who_can_graph(&who.0)));
}

/// A graph that a notebook shows.
#[derive(Clone, Debug)]
pub struct Picture(crate::render::Graph);

fn functions(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<Picture>("Graph", "A picture of the ways to a right.")
        .brief(|picture: &Picture| format!("Graph({} arrows)", picture.0.len()))
        .renderer(|picture: &Picture| Rendered::from(&picture.0));
    let handle = lab.clone();
    registry
        .function("who_can")
        .param("action", "string")
        .param("resource", "any")
        .returns("WhoCan")
        .doc("Everybody who may do an action on a resource, by which statement or grant, and who could give itself the right: by a key policy, a grant, a policy of its own, a role that it can assume or pass to a service.\n\nNothing is called. What only a real request has, such as an encryption context, is absent; where a statement hangs on it, the answer says so.")
        .example(&format!("{MAKE}who_can(\"kms:Decrypt\", key)"))
        .register(move |action: &str, resource: Dynamic| {
            ask(&handle, action, &text(resource, "a resource")?)
        });
    let handle = lab.clone();
    registry
        .function("what_can")
        .param("principal", "any")
        .returns("Answer")
        .doc("All that a user, a role or a root user (by its ARN) may do on what exists, by which statement or grant.")
        .example("what_can(iam.user(\"admin\"))")
        .register(move |who: Dynamic| powers(&handle, &principal(who)?));
}

/// The ARN of a user or role, or the text that was given.
fn principal(who: Dynamic) -> Fallible<String> {
    let user = who.read_lock::<User>().map(|u| u.entity().arn.to_string());
    let role = || who.read_lock::<Role>().map(|r| r.entity().arn.to_string());
    match user.or_else(role) {
        Some(arn) => Ok(arn),
        None => text(who, "a principal"),
    }
}

fn methods(registry: &mut Registry<'_>) {
    registry
        .method::<Key>("who_can")
        .param("action", "string")
        .returns("WhoCan")
        .doc("Everybody who may do an action with the key; see `who_can`.")
        .example(&format!("{MAKE}key.who_can(\"kms:Decrypt\")"))
        .register(|key: &mut Key, action: &str| ask(&key.client.lab, action, key.arn()));
    registry
        .method::<Bucket>("who_can")
        .param("action", "string")
        .returns("WhoCan")
        .doc("Everybody who may do an action on the bucket, or on all of its objects where the action is on objects; see `who_can`.")
        .example("let bucket = s3.create_bucket(\"payroll-data\");\nbucket.who_can(\"s3:GetObject\")")
        .register(|bucket: &mut Bucket, action: &str| {
            ask(&bucket.client.lab, action, &on_bucket(bucket, action))
        });
    registry
        .method::<Role>("what_can")
        .returns("Answer")
        .doc("All that sessions of the role may do; see `what_can`.")
        .example("let role = iam.create_role(\"GlueRole\", #{ trust: \"glue.amazonaws.com\" });\nrole.what_can()")
        .register(|role: &mut Role| {
            let entity = role.entity();
            powers(&entity.client.lab, entity.arn.as_str())
        });
    registry
        .method::<User>("what_can")
        .returns("Answer")
        .doc("All that the user may do; see `what_can`.")
        .example("iam.user(\"admin\").what_can()")
        .register(|user: &mut User| {
            let entity = user.entity();
            powers(&entity.client.lab, entity.arn.as_str())
        });
}

/// The bucket's ARN, or the pattern of its objects for an action on objects.
fn on_bucket(bucket: &Bucket, action: &str) -> String {
    let catalogue = crate::policy::lint::Catalogue::bundled();
    let on_objects = catalogue
        .action(action)
        .is_some_and(|known| known.resource_types.iter().any(|kind| kind == "object"));
    match on_objects {
        true => format!("{}/*", bucket.arn()),
        false => bucket.arn(),
    }
}
