//! Whoever calls: users, sessions, accounts and their services.

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, json};

use super::arguments::{Options, text};
use super::client::{
    Client, CloudTrail, Ec2, Fallible, Glue, Iam, Kms, Lambda, Organizations, Rds, S3,
    ServiceObject, Services, Sts,
};
use super::clock::Account;
use super::credential::Credential;
use super::entities::User;
use super::federation;
use super::session::{Acting, Session, assume, role_arn, start_job, started, whoami};
use super::show;
use crate::api::Service;
use crate::base::Arn;
use crate::script::Registry;

/// A Glue job.
#[derive(Clone, Debug)]
pub struct Job {
    client: Client,
    name: String,
    role: Arn,
}

/// Registers sessions, and the services of all who call.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Services>(
            "Caller",
            "Somebody who calls: a signed-in user, or an account's root.",
        )
        .brief(|services: &Services| format!("Caller {}", services.0.label));
    sessions(registry);
    credentials(registry);
    services::<User>(registry, "alice");
    services::<Session>(registry, "session");
    services::<Services>(registry, "alice.sign_in()");
    services::<Account>(registry, "lab.home");
    assuming::<User>(registry, "alice");
    assuming::<Session>(registry, "session");
    assuming::<Services>(registry, "alice.sign_in()");
    assuming::<Account>(registry, "lab.home");
    assuming::<Sts>(registry, "sts");
    federation::register(registry);
    glue(registry);
}

fn services<T: Acting>(registry: &mut Registry<'_>, object: &str) {
    service::<T, Iam>(registry, object);
    service::<T, Sts>(registry, object);
    service::<T, Kms>(registry, object);
    service::<T, S3>(registry, object);
    service::<T, Glue>(registry, object);
    service::<T, Organizations>(registry, object);
    service::<T, Ec2>(registry, object);
    service::<T, Lambda>(registry, object);
    service::<T, Rds>(registry, object);
    service::<T, CloudTrail>(registry, object);
}

fn service<T: Acting, S: ServiceObject>(registry: &mut Registry<'_>, object: &str) {
    let prefix = S::SERVICE.prefix();
    registry
        .property::<T>(prefix)
        .returns(S::NAME)
        .doc(&format!("{} Called as this caller.", S::DOC))
        .example(&format!("{object}.{prefix}"))
        .register(|caller: &mut T| caller.acting().map(S::of));
}

fn assuming<T: Acting>(registry: &mut Registry<'_>, object: &str) {
    registry
        .method::<T>("whoami")
        .returns("map")
        .doc("Who this caller is, as STS sees it: `Account`, `Arn`, `UserId`.")
        .example(&format!("{object}.whoami()"))
        .register(|caller: &mut T| whoami(caller));
    let trust = if object == "session" {
        "role.trust(role);\n"
    } else {
        "role.trust([lab.home, alice]);\n"
    };
    let doc = "Assumes a role, given as object, name or ARN: a session with temporary credentials.";
    registry
        .method::<T>("assume")
        .param("role", "Role")
        .returns("Session")
        .doc(doc)
        .example(&format!("{trust}{object}.assume(role)"))
        .register(|caller: &mut T, role: Dynamic| assume(caller, role, Map::new()));
    registry
        .method::<T>("assume")
        .param("role", "Role")
        .param("options", "map")
        .returns("Session")
        .doc(&format!(
            "{doc} Options: `session_name`, `duration` (`\"1h\"`), `external_id`, `policy` (a \
             session policy), `policies` (managed ones), `tags`, `transitive_tags`, \
             `source_identity`."
        ))
        .example(&format!(
            "{trust}{object}.assume(role, #{{ session_name: \"audit\", duration: \"15m\" }})"
        ))
        .register(|caller: &mut T, role: Dynamic, options: Map| assume(caller, role, options));
}

fn sessions(registry: &mut Registry<'_>) {
    registry
        .type_named::<Session>(
            "Session",
            "Temporary credentials of a role, or of a federated user. It acts through `.kms`, `.s3`, `.iam`, `.sts` and `.glue`.",
        )
        .brief(|session: &Session| {
            let state = if session.is_expired() { "expired" } else { "until" };
            format!("Session of {}, {state} {}", session.of().base_name(), session.expires())
        })
        .renderer(show::session);
    registry
        .property::<Session>("arn")
        .returns("string")
        .doc("The session's own ARN, which policies and events name.")
        .example("session.arn")
        .register(|session: &mut Session| session.arn());
    registry
        .property::<Session>("expires")
        .returns("string")
        .doc("When its credentials end.")
        .example("session.expires")
        .register(|session: &mut Session| session.expires().to_string());
    registry
        .property::<Session>("role")
        .returns("Role")
        .doc("Its role.")
        .example("session.role")
        .register(|session: &mut Session| session.role());
    registry
        .property::<Session>("credentials")
        .returns("Credentials")
        .doc("Its temporary credentials.")
        .example("session.credentials.access_key_id")
        .register(|session: &mut Session| {
            Credential::temporary(session.credentials(), session.expires())
        });
    registry
        .method::<Session>("is_expired")
        .returns("bool")
        .doc("Whether its credentials have ended, on the lab's clock.")
        .example("clock.advance(\"2h\");\nsession.is_expired()")
        .register(|session: &mut Session| session.is_expired());
    registry
        .method::<Session>("renew")
        .returns("Session")
        .doc(
            "Gets fresh credentials in the same way, with the same parameters; every copy of the \
             session has them.",
        )
        .example("clock.advance(\"2h\");\nsession.renew()")
        .register(|session: &mut Session| session.renew().map(|()| session.clone()));
}

fn credentials(registry: &mut Registry<'_>) {
    registry
        .type_named::<Credential>(
            "Credentials",
            "What a caller signs with; its secrets stay hidden.",
        )
        .brief(|c: &Credential| format!("Credentials {}", c.access_key_id()))
        .renderer(show::credential);
    registry
        .property::<Credential>("access_key_id")
        .returns("string")
        .doc("The access key's id: `AKIA…` for a lasting one, `ASIA…` for a temporary one.")
        .example("session.credentials.access_key_id")
        .register(|credential: &mut Credential| credential.access_key_id());
    registry
        .method::<Credential>("reveal_secret")
        .returns("string")
        .doc("The secret access key, in clear.")
        .example("let secret = session.credentials.reveal_secret();")
        .register(|credential: &mut Credential| credential.secret());
    registry
        .method::<Credential>("reveal_token")
        .returns("string")
        .doc("The session token, in clear; empty for a lasting key.")
        .example("let token = session.credentials.reveal_token();")
        .register(|credential: &mut Credential| credential.token());
}

fn glue(registry: &mut Registry<'_>) {
    registry
        .type_named::<Job>("Job", "A Glue job: a script that runs as a role.")
        .brief(|job: &Job| format!("Job {} as {}", job.name, job.role.base_name()));
    registry
        .method::<Glue>("run_as")
        .param("role", "Role")
        .returns("Session")
        .doc(
            "A session of the role as Glue starts it, named `GlueJobRunnerSession`. The role must \
             trust Glue.",
        )
        .example("glue.run_as(role)")
        .register(|glue: &mut Glue, role: Dynamic| -> Fallible<Session> {
            let role = role_arn(glue.client(), role)?;
            started(&glue.client().lab, Service::Glue, role)
        });
    for with_options in [false, true] {
        create_job_method(registry, with_options);
    }
    registry
        .method::<Glue>("start_job")
        .param("name", "string")
        .returns("Session")
        .doc("Starts a job: the session in which the run acts, as the job's role.")
        .example("glue.create_job(\"nightly\", role);\nglue.start_job(\"nightly\")")
        .register(|glue: &mut Glue, name: &str| start_job(glue.client(), name));
    job(registry);
}

fn create_job_method(registry: &mut Registry<'_>, with_options: bool) {
    let doc =
        "Makes a job that runs as a role. Needs `iam:PassRole`, and the role must trust Glue.";
    let method = registry
        .method::<Glue>("create_job")
        .param("name", "string")
        .param("role", "Role")
        .returns("Job");
    match with_options {
        false => method
            .doc(doc)
            .example("glue.create_job(\"nightly\", role)")
            .register(|glue: &mut Glue, name: &str, role: Dynamic| {
                create_job(glue.client(), name, role, Map::new())
            }),
        true => method
            .param("options", "map")
            .doc(&format!(
                "{doc} Options: `script` (where it lies), `description`."
            ))
            .example("glue.create_job(\"hourly\", role, #{ script: \"s3://code/hourly.py\" })")
            .register(|glue: &mut Glue, name: &str, role: Dynamic, options: Map| {
                create_job(glue.client(), name, role, options)
            }),
    }
}

fn create_job(client: &Client, name: &str, role: Dynamic, options: Map) -> Fallible<Job> {
    let options = Options::new("create_job", options, &["script", "description"])?;
    let given = text(role.clone(), "a role")?;
    let mut command = JsonMap::from_iter([("Name".to_owned(), "glueetl".into())]);
    if let Some(script) = options.text("script")? {
        command.insert("ScriptLocation".into(), script.into());
    }
    let input = json!({
        "Name": name, "Role": given, "Command": command, "Description": options.text("description")?,
    });
    client.call(Service::Glue, "CreateJob", input)?;
    Ok(Job {
        client: client.clone(),
        name: name.to_owned(),
        role: role_arn(client, role)?,
    })
}

fn job(registry: &mut Registry<'_>) {
    registry
        .property::<Job>("name")
        .returns("string")
        .doc("The name.")
        .example("glue.create_job(\"nightly\", role).name")
        .register(|job: &mut Job| job.name.clone());
    registry
        .method::<Job>("start")
        .returns("Session")
        .doc("Starts the job: the session in which the run acts, as the job's role.")
        .example("glue.create_job(\"nightly\", role).start()")
        .register(|job: &mut Job| start_job(&job.client, &job.name));
}
