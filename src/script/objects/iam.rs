//! Making and finding users, roles, groups and policies.

use rhai::{Array, Dynamic, Map};
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::{Options, at, document, invalid};
use super::client::{Client, Fallible, Iam, ServiceObject as _};
use super::entities::{Entity, Group, Holder, Kind, ManagedPolicy, Role, User, arn};
use super::managed::policy_arn;
use super::trust;
use crate::api::Service;
use crate::script::Registry;

const USER_OPTIONS: [&str; 3] = ["path", "tags", "boundary"];
const ROLE_OPTIONS: [&str; 6] = [
    "trust",
    "max_session",
    "boundary",
    "description",
    "path",
    "tags",
];

fn create<T: Holder>(
    client: &Client,
    name: &str,
    mut input: JsonMap<String, Value>,
) -> Fallible<T> {
    let title = T::KIND.title();
    input.insert(format!("{title}Name"), name.into());
    let answer = client.call(Service::Iam, &format!("Create{title}"), input.into())?;
    of_member(client, &answer)
}

fn find<T: Holder>(client: &Client, name: &str) -> Fallible<T> {
    let title = T::KIND.title();
    let member = format!("{title}Name");
    let answer = client.call(
        Service::Iam,
        &format!("Get{title}"),
        json!({ member: name }),
    )?;
    of_member(client, &answer)
}

fn of_member<T: Holder>(client: &Client, answer: &Value) -> Fallible<T> {
    let info = answer.get(T::KIND.title()).unwrap_or(&Value::Null);
    Entity::answered(client, T::KIND, info).map(T::of)
}

fn list<T: Holder>(client: &Client) -> Fallible<Array> {
    let plural = format!("{}s", T::KIND.title());
    let answer = client.call(Service::Iam, &format!("List{plural}"), json!({}))?;
    let infos = answer
        .get(&plural)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let object = |info: &Value| Entity::answered(client, T::KIND, info).map(T::of);
    infos
        .iter()
        .map(|info| object(info).map(Dynamic::from))
        .collect()
}

/// The members that users and roles have in common.
fn shared_members(client: &Client, options: &Options) -> Fallible<JsonMap<String, Value>> {
    let mut input = JsonMap::new();
    if let Some(path) = options.text("path")? {
        input.insert("Path".into(), path.into());
    }
    if let Some(tags) = options.tags("tags")? {
        input.insert("Tags".into(), tags);
    }
    if let Some(boundary) = options.value("boundary") {
        input.insert(
            "PermissionsBoundary".into(),
            policy_arn(client, boundary)?.into(),
        );
    }
    Ok(input)
}

fn create_user(client: &Client, name: &str, options: Map) -> Fallible<User> {
    let options = Options::new("create_user", options, &USER_OPTIONS)?;
    create(client, name, shared_members(client, &options)?)
}

fn create_role(client: &Client, name: &str, options: Map) -> Fallible<Role> {
    let options = Options::new("create_role", options, &ROLE_OPTIONS)?;
    let mut input = shared_members(client, &options)?;
    let trust = options.value("trust").ok_or_else(|| {
        invalid(format!(
            "say who may assume `{name}`: for instance `#{{ trust: \"glue.amazonaws.com\" }}`"
        ))
    })?;
    input.insert(
        "AssumeRolePolicyDocument".into(),
        trust::document_for(trust)?.into(),
    );
    if let Some(seconds) = options.seconds("max_session")? {
        input.insert("MaxSessionDuration".into(), seconds.into());
    }
    if let Some(description) = options.text("description")? {
        input.insert("Description".into(), description.into());
    }
    create(client, name, input)
}

fn create_policy(
    client: &Client,
    name: &str,
    policy: Dynamic,
    options: Map,
) -> Fallible<ManagedPolicy> {
    let options = Options::new("create_policy", options, &["description", "path"])?;
    let document = document(policy, "a policy document")?;
    let input = json!({
        "PolicyName": name, "PolicyDocument": document,
        "Description": options.text("description")?, "Path": options.text("path")?,
    });
    let answer = client.call(Service::Iam, "CreatePolicy", input)?;
    Ok(ManagedPolicy {
        client: client.clone(),
        arn: arn(&at(&answer, "/Policy/Arn"))?,
    })
}

fn policy(client: &Client, name: Dynamic) -> Fallible<ManagedPolicy> {
    let wanted = policy_arn(client, name)?;
    let answer = client.call(Service::Iam, "GetPolicy", json!({ "PolicyArn": wanted }))?;
    Ok(ManagedPolicy {
        client: client.clone(),
        arn: arn(&at(&answer, "/Policy/Arn"))?,
    })
}

fn policies(client: &Client) -> Fallible<Array> {
    let answer = client.call(Service::Iam, "ListPolicies", json!({ "Scope": "Local" }))?;
    let infos = answer
        .get("Policies")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let object = |info: &Value| -> Fallible<Dynamic> {
        let arn = arn(&at(info, "/Arn"))?;
        Ok(Dynamic::from(ManagedPolicy {
            client: client.clone(),
            arn,
        }))
    };
    infos.iter().map(object).collect()
}

impl Group {
    /// Adds a user, given as object or name.
    pub(super) fn add(&self, user: Dynamic) -> Fallible<()> {
        self.membership("AddUserToGroup", user)
    }

    /// Takes a user out.
    pub(super) fn remove_member(&self, user: Dynamic) -> Fallible<()> {
        self.membership("RemoveUserFromGroup", user)
    }

    fn membership(&self, operation: &str, user: Dynamic) -> Fallible<()> {
        let name = super::arguments::text(user, "a user")?;
        let name = match crate::base::Arn::parse(&name) {
            Ok(arn) => arn.base_name().to_owned(),
            Err(_) => name,
        };
        self.entity()
            .call(Kind::Group, operation, json!({ "UserName": name }))
            .map(|_| ())
    }

    /// Its users.
    pub(super) fn members(&self) -> Fallible<Array> {
        let entity = self.entity();
        let answer = entity.call(Kind::Group, "GetGroup", json!({}))?;
        let infos = answer
            .get("Users")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let user = |info: &Value| Entity::answered(&entity.client, Kind::User, info).map(User::of);
        infos
            .iter()
            .map(|info| user(info).map(Dynamic::from))
            .collect()
    }
}

/// Registers the sugar on `iam`.
pub(super) fn register(registry: &mut Registry<'_>) {
    register_users(registry);
    register_roles(registry);
    register_groups(registry);
    register_policies(registry);
}

fn register_users(registry: &mut Registry<'_>) {
    let doc = "Makes a user. Options: `path`, `tags`, `boundary` (a managed policy).";
    registry
        .method::<Iam>("create_user")
        .param("name", "string")
        .returns("User")
        .doc("Makes a user, who may do nothing yet.")
        .example("let carol = iam.create_user(\"carol\");")
        .register(|iam: &mut Iam, name: &str| create_user(iam.client(), name, Map::new()));
    registry
        .method::<Iam>("create_user")
        .param("name", "string")
        .param("options", "map")
        .returns("User")
        .doc(doc)
        .example("iam.create_user(\"dave\", #{ tags: #{ team: \"payroll\" }, boundary: \"ReadOnlyAccess\" })")
        .register(|iam: &mut Iam, name: &str, options: Map| create_user(iam.client(), name, options));
    registry
        .method::<Iam>("user")
        .param("name", "string")
        .returns("User")
        .doc("The user of this name.")
        .example("iam.user(\"alice\")")
        .register(|iam: &mut Iam, name: &str| find::<User>(iam.client(), name));
    registry
        .method::<Iam>("users")
        .returns("array")
        .doc("All users of the account.")
        .example("iam.users()")
        .register(|iam: &mut Iam| list::<User>(iam.client()));
}

fn register_roles(registry: &mut Registry<'_>) {
    registry
        .method::<Iam>("create_role")
        .param("name", "string")
        .param("options", "map")
        .returns("Role")
        .doc(
            "Makes a role. `trust` says who may assume it: a user, a role, an account number, a \
             service such as `glue.amazonaws.com`, an array of these, or a whole trust policy. \
             Further options: `max_session` (`\"2h\"`), `boundary`, `description`, `path`, `tags`.",
        )
        .example("let role = iam.create_role(\"GlueRole\", #{ trust: \"glue.amazonaws.com\", max_session: \"2h\" });")
        .register(|iam: &mut Iam, name: &str, options: Map| create_role(iam.client(), name, options));
    registry
        .method::<Iam>("role")
        .param("name", "string")
        .returns("Role")
        .doc("The role of this name.")
        .example("iam.role(\"DataRole\")")
        .register(|iam: &mut Iam, name: &str| find::<Role>(iam.client(), name));
    registry
        .method::<Iam>("roles")
        .returns("array")
        .doc("All roles of the account.")
        .example("iam.roles()")
        .register(|iam: &mut Iam| list::<Role>(iam.client()));
}

fn register_groups(registry: &mut Registry<'_>) {
    registry
        .method::<Iam>("create_group")
        .param("name", "string")
        .returns("Group")
        .doc("Makes a group; its users get its permissions.")
        .example("let readers = iam.create_group(\"readers\");\nreaders.add(alice);")
        .register(|iam: &mut Iam, name: &str| create::<Group>(iam.client(), name, JsonMap::new()));
    registry
        .method::<Iam>("group")
        .param("name", "string")
        .returns("Group")
        .doc("The group of this name.")
        .example("iam.group(\"admins\")")
        .register(|iam: &mut Iam, name: &str| find::<Group>(iam.client(), name));
    registry
        .method::<Iam>("groups")
        .returns("array")
        .doc("All groups of the account.")
        .example("iam.groups()")
        .register(|iam: &mut Iam| list::<Group>(iam.client()));
    registry
        .method::<Group>("add")
        .param("user", "User")
        .returns("Group")
        .doc("Adds a user, given as object or name.")
        .example("group.add(alice)")
        .register(|group: &mut Group, user: Dynamic| group.add(user).map(|()| group.clone()));
    registry
        .method::<Group>("remove_member")
        .param("user", "User")
        .returns("Group")
        .doc("Takes a user out of the group.")
        .example("group.add(alice);\ngroup.remove_member(alice)")
        .register(|group: &mut Group, user: Dynamic| {
            group.remove_member(user).map(|()| group.clone())
        });
    registry
        .method::<Group>("members")
        .returns("array")
        .doc("The users in the group.")
        .example("group.members()")
        .register(|group: &mut Group| group.members());
}

fn register_policies(registry: &mut Registry<'_>) {
    let doc = "Makes a managed policy from a document: a map or JSON text.";
    let example = "iam.create_policy(\"WriteData\", #{ Version: \"2012-10-17\", Statement: [#{\n    \
                   Effect: \"Allow\", Action: \"s3:PutObject\", Resource: \"arn:aws:s3:::data/*\"\n}] })";
    registry
        .method::<Iam>("create_policy")
        .param("name", "string")
        .param("document", "map")
        .returns("Policy")
        .doc(doc)
        .example(example)
        .register(|iam: &mut Iam, name: &str, document: Dynamic| {
            create_policy(iam.client(), name, document, Map::new())
        });
    registry
        .method::<Iam>("create_policy")
        .param("name", "string")
        .param("document", "map")
        .param("options", "map")
        .returns("Policy")
        .doc(&format!("{doc} Options: `description`, `path`."))
        .register(
            |iam: &mut Iam, name: &str, document: Dynamic, options: Map| {
                create_policy(iam.client(), name, document, options)
            },
        );
    registry
        .method::<Iam>("policy")
        .param("name", "string")
        .returns("Policy")
        .doc("A managed policy by its name or ARN, also one of AWS's own.")
        .example("iam.policy(\"AdministratorAccess\")")
        .register(|iam: &mut Iam, name: Dynamic| policy(iam.client(), name));
    registry
        .method::<Iam>("policies")
        .returns("array")
        .doc("The account's own managed policies.")
        .example("iam.policies()")
        .register(|iam: &mut Iam| policies(iam.client()));
}
