//! The methods and properties of users, roles, groups and policies.

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{at, document, dynamic};
use super::client::Fallible;
use super::credential::Credential;
use super::entities::{Group, Holder, Kind, ManagedPolicy, Role, User};
use super::session::assume_own;
use super::{deletion, managed, permissions, show};
use crate::api::Service;
use crate::policy::Effect;
use crate::script::Registry;

/// Registers the types and what they have in common and of their own.
pub(super) fn register(registry: &mut Registry<'_>) {
    holder::<User>(
        registry,
        "alice",
        "An IAM user. It acts through `.kms`, `.s3`, `.iam`, `.sts` and `.glue`.",
    );
    holder::<Role>(
        registry,
        "role",
        "An IAM role: it is assumed, and its sessions act.",
    );
    holder::<Group>(
        registry,
        "group",
        "An IAM group: its users get its permissions.",
    );
    managed(registry);
    bounded::<User>(registry, "alice");
    bounded::<Role>(registry, "role");
    user(registry);
    role(registry);
}

fn holder<T: Holder>(registry: &mut Registry<'_>, object: &str, doc: &str) {
    let title = T::KIND.title();
    registry
        .type_named::<T>(title, doc)
        .brief(|holder: &T| format!("{} {}", T::KIND.title(), holder.entity().name))
        .renderer(|holder: &T| show::holder(holder));
    for (name, doc, text) in texts::<T>() {
        registry
            .property::<T>(name)
            .returns("string")
            .doc(doc)
            .example(&format!("{object}.{name}"))
            .register(move |holder: &mut T| text(holder));
    }
    statements::<T>(registry, object);
    attachments::<T>(registry, object);
    deletions::<T>(registry);
}

type TextOf<T> = fn(&T) -> String;

fn texts<T: Holder>() -> [(&'static str, &'static str, TextOf<T>); 4] {
    [
        ("name", "The name.", |h| h.entity().name.to_string()),
        ("arn", "The ARN.", |h| h.entity().arn.to_string()),
        ("id", "The unique id, which no later namesake has.", |h| {
            h.entity().id.to_string()
        }),
        ("path", "The path, `/` by default.", |h| {
            h.entity().path.to_string()
        }),
    ]
}

fn statements<T: Holder>(registry: &mut Registry<'_>, object: &str) {
    let kind = T::KIND.title();
    for (name, effect, doc) in [
        (
            "allow",
            Effect::Allow,
            "Allows actions on resources, by an inline policy of its own.",
        ),
        (
            "deny",
            Effect::Deny,
            "Denies actions on resources, which beats every Allow.",
        ),
    ] {
        registry
            .method::<T>(name)
            .param("actions", "any")
            .param("resources", "any")
            .returns(kind)
            .doc(&format!(
                "{doc} Actions and resources are texts, objects of the lab, or arrays of these."
            ))
            .example(&format!(
                "{object}.{name}([\"s3:GetObject\", \"s3:PutObject\"], \"arn:aws:s3:::data/*\")"
            ))
            .register(
                move |holder: &mut T, actions: Dynamic, resources: Dynamic| {
                    permissions::add(holder, effect, actions, resources, Map::new())
                        .map(|()| holder.clone())
                },
            );
        registry
            .method::<T>(name)
            .param("actions", "any")
            .param("resources", "any")
            .param("options", "map")
            .returns(kind)
            .doc(&format!(
                "{doc} Options: `condition` (a map as in policies), `name` (of the inline policy; \
                 one of that name is replaced), `sid`."
            ))
            .example(&format!(
                "{object}.{name}(\"s3:ListBucket\", \"arn:aws:s3:::data\", #{{\n    name: \"ListData\",\n    \
                 condition: #{{ StringLike: #{{ \"s3:prefix\": \"reports/*\" }} }}\n}})"
            ))
            .register(
                move |holder: &mut T, actions: Dynamic, resources: Dynamic, options: Map| {
                    permissions::add(holder, effect, actions, resources, options)
                        .map(|()| holder.clone())
                },
            );
    }
    registry
        .method::<T>("remove")
        .param("actions", "any")
        .returns(kind)
        .doc(
            "Takes actions out of every inline policy that lists them; a policy with nothing left \
             is deleted. Fails, and changes nothing, if a wildcard, a managed policy or a group \
             still grants the action.",
        )
        .example(&format!(
            "{object}.allow([\"kms:Decrypt\", \"kms:GenerateDataKey\"], \"*\");\n{object}.remove(\"kms:Decrypt\")"
        ))
        .register(|holder: &mut T, actions: Dynamic| {
            permissions::remove(holder, actions).map(|()| holder.clone())
        });
}

fn attachments<T: Holder>(registry: &mut Registry<'_>, object: &str) {
    let kind = T::KIND.title();
    registry
        .method::<T>("attach")
        .param("policy", "Policy")
        .returns(kind)
        .doc("Attaches a managed policy: an object, an ARN, or a name, also of AWS's own.")
        .example(&format!("{object}.attach(\"AmazonS3ReadOnlyAccess\")"))
        .register(|holder: &mut T, policy: Dynamic| {
            managed::attach(holder, policy).map(|()| holder.clone())
        });
    registry
        .method::<T>("detach")
        .param("policy", "Policy")
        .returns(kind)
        .doc("Detaches a managed policy.")
        .example(&format!(
            "{object}.attach(policy);\n{object}.detach(policy)"
        ))
        .register(|holder: &mut T, policy: Dynamic| {
            managed::detach(holder, policy).map(|()| holder.clone())
        });
    registry
        .method::<T>("policies")
        .returns("array")
        .doc("Its policies: `name`, `kind` (`inline` or `managed`), and `arn` of a managed one.")
        .example(&format!("{object}.policies()"))
        .register(|holder: &mut T| permissions::policies(holder));
    registry
        .method::<T>("policy")
        .param("name", "string")
        .returns("map")
        .doc("The document of an inline policy.")
        .example(&format!(
            "{object}.allow(\"s3:GetObject\", \"*\", #{{ name: \"Read\" }});\n{object}.policy(\"Read\")"
        ))
        .register(|holder: &mut T, name: &str| permissions::inline_policy(holder, name));
}

fn deletions<T: Holder>(registry: &mut Registry<'_>) {
    let (noun, create) = match T::KIND {
        Kind::User => ("user", "iam.create_user(\"tmp\")"),
        Kind::Group => ("group", "iam.create_group(\"tmp\")"),
        Kind::Role => ("role", "iam.create_role(\"Tmp\", #{ trust: alice })"),
    };
    registry
        .method::<T>("delete")
        .doc(&format!(
            "Deletes the {noun}. As in AWS, it must have no policies and no members or keys."
        ))
        .example(&format!("{create}.delete()"))
        .register(|holder: &mut T| deletion::delete(holder.entity(), T::KIND));
    registry
        .method::<T>("delete_all")
        .doc(&format!(
            "Deletes the {noun} with its policies, memberships and access keys."
        ))
        .example(&format!("{create}.allow(\"s3:*\", \"*\").delete_all()"))
        .register(|holder: &mut T| deletion::delete_all(holder));
}

/// What users and roles have and groups have not.
fn bounded<T: Holder>(registry: &mut Registry<'_>, object: &str) {
    let title = T::KIND.title();
    registry
        .method::<T>("set_boundary")
        .param("policy", "Policy")
        .returns(title)
        .doc("Sets the permissions boundary: nothing beyond this managed policy is allowed.")
        .example(&format!("{object}.set_boundary(\"ReadOnlyAccess\")"))
        .register(|holder: &mut T, policy: Dynamic| -> Fallible<T> {
            let entity = holder.entity();
            let arn = managed::policy_arn(&entity.client, policy)?;
            let operation = format!("Put{}PermissionsBoundary", T::KIND.title());
            entity.call(T::KIND, &operation, json!({ "PermissionsBoundary": arn }))?;
            Ok(holder.clone())
        });
    registry
        .method::<T>("remove_boundary")
        .returns(title)
        .doc("Takes the permissions boundary away.")
        .example(&format!(
            "{object}.set_boundary(\"ReadOnlyAccess\").remove_boundary()"
        ))
        .register(|holder: &mut T| -> Fallible<T> {
            let operation = format!("Delete{}PermissionsBoundary", T::KIND.title());
            holder.entity().call(T::KIND, &operation, json!({}))?;
            Ok(holder.clone())
        });
    registry
        .property::<T>("tags")
        .returns("map")
        .doc("The tags.")
        .example(&format!("{object}.tags"))
        .register(|holder: &mut T| tags(holder));
}

fn tags<T: Holder>(holder: &T) -> Fallible<Dynamic> {
    let title = T::KIND.title();
    let answer = holder
        .entity()
        .call(T::KIND, &format!("Get{title}"), json!({}))?;
    let tags = answer
        .pointer(&format!("/{title}/Tags"))
        .and_then(Value::as_array);
    let pairs = tags
        .into_iter()
        .flatten()
        .map(|tag| (at(tag, "/Key"), at(tag, "/Value").into()));
    dynamic(&Value::Object(pairs.collect()))
}

fn user(registry: &mut Registry<'_>) {
    registry
        .method::<User>("create_access_key")
        .returns("Credentials")
        .doc(
            "Makes an access key, with which this object acts from now on; a user has at most two.",
        )
        .example("alice.create_access_key()")
        .register(|user: &mut User| user.create_access_key().map(Credential::lasting));
    registry
        .method::<User>("sign_in")
        .returns("Caller")
        .doc("The user as a caller: makes an access key if there is none yet.")
        .example("let me = alice.sign_in();\nme.whoami()")
        .register(|user: &mut User| user.acting().map(super::client::Services));
}

fn role(registry: &mut Registry<'_>) {
    let doc = "Lets somebody assume the role: adds a statement to its trust policy.";
    registry
        .method::<Role>("trust")
        .param("who", "any")
        .returns("Role")
        .doc(doc)
        .example("role.trust(\"lambda.amazonaws.com\")")
        .register(|role: &mut Role, who: Dynamic| {
            role.trust(who, Map::new()).map(|()| role.clone())
        });
    registry
        .method::<Role>("trust")
        .param("who", "any")
        .param("options", "map")
        .returns("Role")
        .doc(&format!("{doc} Options: `condition` (a map as in policies), `sid`."))
        .example("role.trust(\"444455556666\", #{ condition: #{ StringEquals: #{ \"sts:ExternalId\": \"42\" } } })")
        .register(|role: &mut Role, who: Dynamic, options: Map| {
            role.trust(who, options).map(|()| role.clone())
        });
    registry
        .method::<Role>("set_trust")
        .param("policy", "map")
        .returns("Role")
        .doc(
            "Puts another trust policy in place of the present one: a document, or who is trusted.",
        )
        .example("role.set_trust(\"glue.amazonaws.com\")")
        .register(|role: &mut Role, policy: Dynamic| role.set_trust(policy).map(|()| role.clone()));
    registry
        .property::<Role>("trust_policy")
        .returns("map")
        .doc("The trust policy: who may assume the role.")
        .example("role.trust_policy")
        .register(|role: &mut Role| role.trust_policy());
    let doc = "Assumes the role as whoever made this object: `iam.role(…)` as the administrator.";
    registry
        .method::<Role>("assume")
        .returns("Session")
        .doc(doc)
        .example("role.trust(lab.home);\nrole.assume()")
        .register(|role: &mut Role| assume_own(role, Map::new()));
    registry
        .method::<Role>("assume")
        .param("options", "map")
        .returns("Session")
        .doc(&format!("{doc} The options are those of `User.assume`."))
        .example("role.trust(lab.home);\nrole.assume(#{ duration: \"15m\" })")
        .register(|role: &mut Role, options: Map| assume_own(role, options));
}

fn managed(registry: &mut Registry<'_>) {
    registry
        .type_named::<ManagedPolicy>("Policy", "A managed policy: it can be attached, or bound.")
        .brief(|policy: &ManagedPolicy| format!("Policy {}", policy.arn.base_name()))
        .renderer(|policy: &ManagedPolicy| show::managed(policy));
    registry
        .property::<ManagedPolicy>("name")
        .returns("string")
        .doc("The name.")
        .example("policy.name")
        .register(|policy: &mut ManagedPolicy| policy.arn.base_name().to_owned());
    registry
        .property::<ManagedPolicy>("arn")
        .returns("string")
        .doc("The ARN.")
        .example("policy.arn")
        .register(|policy: &mut ManagedPolicy| policy.arn.to_string());
    registry
        .property::<ManagedPolicy>("document")
        .returns("map")
        .doc("The document of the default version.")
        .example("policy.document")
        .register(|policy: &mut ManagedPolicy| policy.document());
    registry
        .method::<ManagedPolicy>("set_document")
        .param("document", "map")
        .returns("Policy")
        .doc("Makes a new version, which becomes the default; a policy has at most five.")
        .example("let doc = policy.document;\ndoc.Statement[0].Action = \"s3:*\";\npolicy.set_document(doc)")
        .register(|policy: &mut ManagedPolicy, new: Dynamic| -> Fallible<ManagedPolicy> {
            let new = document(new, "a policy document")?;
            let input = json!({ "PolicyArn": policy.arn, "PolicyDocument": new, "SetAsDefault": true });
            policy.client.call(Service::Iam, "CreatePolicyVersion", input)?;
            Ok(policy.clone())
        });
    registry
        .method::<ManagedPolicy>("delete")
        .doc("Deletes the policy. As in AWS, it must not be attached, nor have further versions.")
        .example("policy.delete()")
        .register(|policy: &mut ManagedPolicy| -> Fallible<()> {
            let input = json!({ "PolicyArn": policy.arn });
            policy
                .client
                .call(Service::Iam, "DeletePolicy", input)
                .map(|_| ())
        });
}
