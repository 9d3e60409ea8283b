//! Federated users: somebody for whom a user of the account vouches.

use std::rc::Rc;

use rhai::Map;

use super::arguments::Options;
use super::client::{Fallible, Services, Sts, account_of};
use super::clock::Account;
use super::entities::User;
use super::origin::Origin;
use super::session::{Acting, Session, narrowing};
use crate::base::Arn;
use crate::script::{Registry, Thrown};

/// Registers `federate` for all who have credentials that do not end.
pub(super) fn register(registry: &mut Registry<'_>) {
    federating::<User>(registry, "alice");
    federating::<Services>(registry, "alice.sign_in()");
    federating::<Account>(registry, "lab.home");
    federating::<Sts>(registry, "sts");
}

fn federating<T: Acting>(registry: &mut Registry<'_>, object: &str) {
    let allow = match object {
        "alice" | "alice.sign_in()" => "alice.allow(\"sts:GetFederationToken\", \"*\");\n",
        _ => "",
    };
    let doc = "Vouches for somebody who is no user: a session with the permissions that this \
               caller and the session policies both have. Without a session policy it can do \
               only what a resource's policy allows it by name.";
    registry
        .method::<T>("federate")
        .param("name", "string")
        .returns("Session")
        .doc(doc)
        .example(&format!("{allow}{object}.federate(\"guest\")"))
        .register(|caller: &mut T, name: &str| federate(caller, name, Map::new()));
    registry
        .method::<T>("federate")
        .param("name", "string")
        .param("options", "map")
        .returns("Session")
        .doc(&format!(
            "{doc} Options: `duration` (`\"1h\"`), `policy` (a session policy), `policies` \
             (managed ones), `tags`."
        ))
        .example(&format!(
            "{allow}{object}.federate(\"guest\", #{{ policies: \"ReadOnlyAccess\", duration: \
             \"15m\" }})"
        ))
        .register(|caller: &mut T, name: &str, options: Map| federate(caller, name, options));
}

fn federate<T: Acting>(caller: &T, name: &str, options: Map) -> Fallible<Session> {
    let known = ["duration", "policy", "policies", "tags"];
    let options = Options::new("federate", options, &known)?;
    let client = caller.acting()?;
    let mut input = narrowing(&client, &options)?;
    input.insert("Name".into(), name.into());
    let gone = || Thrown::new("InvalidClientTokenId", "the caller no longer exists");
    let account = account_of(&client).ok_or_else(gone)?;
    let arn = Arn::of(
        "sts",
        "",
        account.as_str(),
        &format!("federated-user/{name}"),
    );
    let again = caller.clone();
    let origin = Origin::Asked {
        caller: Rc::new(move || again.acting()),
        operation: "GetFederationToken",
        input: input.into(),
        arn: "/FederatedUser/Arn",
    };
    Session::begin(client.lab, origin, arn)
}
