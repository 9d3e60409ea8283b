//! The lab itself: its clock, its accounts, its settings.

use std::rc::Rc;
use std::str::FromStr as _;
use std::sync::Arc;

use rhai::{Array, Dynamic};

use super::arguments::{invalid, seconds};
use super::client::{Client, Fallible, LabHandle, Services, Signer};
use super::oidc::Issuer;
use crate::authz::Model;
use crate::base::{AccountId, Timestamp};
use crate::crypto::key_spec::WrappingAlgorithm;
use crate::lab::Lab;
use crate::render::{Rendered, Report, Text};
use crate::script::{Registry, Thrown};
use crate::state::credential::Credentials;

/// The lab's clock.
#[derive(Clone, Debug)]
pub struct LabClock(LabHandle);

/// The lab's settings.
#[derive(Clone, Debug)]
pub struct LabSettings(LabHandle);

/// An account, as its administrator.
#[derive(Clone, Debug)]
pub struct Account {
    client: Client,
    id: AccountId,
}

/// A lab as it was at some time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    lab: Rc<Lab>,
}

impl Account {
    /// The account as its administrator.
    ///
    /// # Errors
    /// If the lab has no such account.
    pub(super) fn of(lab: &LabHandle, id: AccountId) -> Fallible<Self> {
        let admin = lab.read(|lab| lab.admin_of(&id).cloned());
        let credentials = admin.ok_or_else(|| {
            Thrown::new("NoSuchAccount", format!("the lab has no account {id}"))
                .with("hint", format!("lab.add_account(\"{id}\")"))
        })?;
        let label = match lab.read(|lab| *lab.home() == id) {
            true => "admin".into(),
            false => format!("admin of {id}").into(),
        };
        let client = Client {
            lab: lab.clone(),
            signer: Signer::Own(Arc::new(credentials)),
            label,
            endpoints: Rc::default(),
            region: None,
        };
        Ok(Self { client, id })
    }

    /// Its number.
    pub(super) fn id(&self) -> &AccountId {
        &self.id
    }

    /// Its administrator.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn root(&self) -> Fallible<Services> {
        let root = self.client.lab.write(|lab| lab.root_credentials(&self.id));
        let credentials = root.ok_or_else(|| {
            Thrown::new(
                "NoSuchAccount",
                format!("the lab has no account {}", self.id),
            )
        })?;
        Ok(Services(Client {
            lab: self.client.lab.clone(),
            signer: Signer::Own(Arc::new(credentials)),
            label: format!("root of {}", self.id).into(),
            endpoints: Rc::default(),
            region: None,
        }))
    }
}

impl Snapshot {
    /// The lab as it was.
    pub(super) fn lab(&self) -> &Lab {
        &self.lab
    }
}

impl LabClock {
    fn now(&self) -> Timestamp {
        self.0.read(Lab::now)
    }

    fn advance(&self, by: Dynamic) -> Fallible<String> {
        let by = seconds(by, "how far the clock moves")?;
        let now = self.0.write(|lab| lab.advance(by)).map_err(invalid)?;
        Ok(now.to_string())
    }
}

impl LabSettings {
    /// The lab.
    pub(super) fn handle(&self) -> &LabHandle {
        &self.0
    }

    fn account(&self, id: &str) -> Fallible<Account> {
        Account::of(
            &self.0,
            AccountId::parse(id).map_err(|e| invalid(e.to_string()))?,
        )
    }

    fn add_account(&self, id: &str) -> Fallible<Account> {
        let id = AccountId::parse(id).map_err(|e| invalid(e.to_string()))?;
        self.0.write(|lab| lab.add_account(id.clone()));
        Account::of(&self.0, id)
    }

    fn accounts(&self) -> Fallible<Array> {
        let ids: Vec<AccountId> = self
            .0
            .read(|lab| lab.cloud().accounts.keys().cloned().collect());
        ids.into_iter()
            .map(|id| Account::of(&self.0, id).map(Dynamic::from))
            .collect()
    }

    fn set_model(&self, model: &str) -> Fallible<()> {
        let model = Model::from_str(model).map_err(invalid)?;
        self.0.write(|lab| lab.set_model(model));
        Ok(())
    }

    fn model(&self) -> Model {
        self.0.read(Lab::model)
    }

    fn grant_delay(&self, delay: Dynamic) -> Fallible<()> {
        let delay = seconds(delay, "the delay of grants")?;
        if delay < 0 {
            return Err(invalid("the delay of grants cannot be negative"));
        }
        self.0.write(|lab| lab.set_grant_propagation(delay));
        Ok(())
    }

    fn replication_delay(&self, delay: Dynamic) -> Fallible<()> {
        let delay = seconds(delay, "the delay of replication")?;
        if delay < 0 {
            return Err(invalid("the delay of replication cannot be negative"));
        }
        self.0.write(|lab| lab.set_replication_delay(delay));
        Ok(())
    }

    pub(super) fn wrap_material(
        &self,
        algorithm: WrappingAlgorithm,
        public_key: &[u8],
        material: &[u8],
    ) -> Option<Vec<u8>> {
        self.0
            .write(|lab| lab.wrap_material(algorithm, public_key, material))
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            lab: Rc::new(self.0.read(Lab::fork)),
        }
    }

    fn restore(&self, snapshot: &Snapshot) {
        self.0.swap(snapshot.lab.fork());
    }
}

/// Registers the clock, the lab and its accounts.
pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    register_clock(registry);
    registry
        .type_named::<Account>("Account", "An account of the lab, as its administrator.")
        .type_named::<Snapshot>("Snapshot", "The whole lab as it was at some time.")
        .type_named::<LabSettings>("Lab", "The lab: its accounts, its settings, its snapshots.")
        .brief(|account: &Account| format!("Account {}", account.id))
        .brief(|s: &Snapshot| format!("Snapshot of {}", s.lab.now()))
        .brief(|settings: &LabSettings| format!("Lab, model {}", settings.model()))
        .renderer(|settings: &LabSettings| show(settings));
    register_accounts(registry);
    register_settings(registry);
    registry
        .global("clock", LabClock(lab.clone()), "The lab's clock.")
        .global("lab", LabSettings(lab.clone()), "The lab itself.");
}

fn register_clock(registry: &mut Registry<'_>) {
    registry
        .type_named::<LabClock>("Clock", "The lab's clock. It only runs forward.")
        .brief(|clock: &LabClock| format!("Clock at {}", clock.now()));
    let doc = "What time it is in the lab, in ISO 8601 and UTC.";
    registry
        .property::<LabClock>("now")
        .returns("string")
        .doc(doc)
        .example("clock.now")
        .register(|clock: &mut LabClock| clock.now().to_string());
    registry
        .method::<LabClock>("now")
        .returns("string")
        .doc(doc)
        .example("clock.now()")
        .register(|clock: &mut LabClock| clock.now().to_string());
    registry
        .method::<LabClock>("advance")
        .param("by", "string")
        .returns("string")
        .doc(
            "Moves the clock forward: sessions expire, rotations and deletions that become due \
             happen. Takes forms such as `90d`, `1h 30m`, or a number of seconds; gives the new \
             time.",
        )
        .example("clock.advance(\"90d\")")
        .register(|clock: &mut LabClock, by: Dynamic| clock.advance(by));
}

fn register_accounts(registry: &mut Registry<'_>) {
    registry
        .property::<Account>("id")
        .returns("string")
        .doc("The account number.")
        .example("lab.home.id")
        .register(|account: &mut Account| account.id.to_string());
    registry
        .method::<Account>("root")
        .returns("Caller")
        .doc("The account's root user, for what only root can do.")
        .example("lab.home.root().whoami()")
        .register(|account: &mut Account| account.root());
    registry
        .method::<LabSettings>("add_account")
        .param("id", "string")
        .returns("Account")
        .doc("Opens another account, with an administrator of its own. One that exists stays as it is.")
        .example("let other = lab.add_account(\"444455556666\");\nother.iam.create_role(\"Auditor\", #{ trust: lab.home })")
        .register(|lab: &mut LabSettings, id: &str| lab.add_account(id));
    registry
        .method::<LabSettings>("account")
        .param("id", "string")
        .returns("Account")
        .doc("An account of the lab.")
        .example("lab.account(\"111122223333\")")
        .register(|lab: &mut LabSettings, id: &str| lab.account(id));
    registry
        .method::<LabSettings>("accounts")
        .returns("array")
        .doc("All accounts of the lab.")
        .example("lab.accounts()")
        .register(|lab: &mut LabSettings| lab.accounts());
    registry
        .method::<LabSettings>("anonymous")
        .returns("Caller")
        .doc(
            "Somebody who signs nothing. S3 judges such a caller by the bucket policy alone, where \
             `\"*\"` is everyone; other services refuse it.",
        )
        .example("let stranger = lab.anonymous();")
        .register(|lab: &mut LabSettings| {
            Services(Client {
                lab: lab.0.clone(),
                signer: Signer::Own(Arc::new(Credentials::anonymous())),
                label: "anonymous".into(),
                endpoints: Rc::default(),
                region: None,
            })
        });
    let doc = "Opens an OpenID Connect issuer, whose tokens an account believes once it has a \
               provider for it; one that is open already is given back.";
    registry
        .method::<LabSettings>("oidc_issuer")
        .param("url", "string")
        .returns("Issuer")
        .doc(&format!("{doc} It signs with RS256."))
        .example("let github = lab.oidc_issuer(\"token.actions.githubusercontent.com\");")
        .register(|lab: &mut LabSettings, url: &str| Issuer::open(&lab.0, url, "RS256"));
    registry
        .method::<LabSettings>("oidc_issuer")
        .param("url", "string")
        .param("algorithm", "string")
        .returns("Issuer")
        .doc(&format!("{doc} The algorithm is `RS256` or `ES256`."))
        .example("let login = lab.oidc_issuer(\"login.example.com\", \"ES256\");")
        .register(|lab: &mut LabSettings, url: &str, algorithm: &str| {
            Issuer::open(&lab.0, url, algorithm)
        });
    registry
        .property::<LabSettings>("home")
        .returns("Account")
        .doc("The account in which `iam`, `kms`, `s3`… work.")
        .example("lab.home.id")
        .register(|lab: &mut LabSettings| -> Fallible<Account> {
            let home = lab.0.read(|lab| lab.home().clone());
            Account::of(&lab.0, home)
        });
}

fn register_settings(registry: &mut Registry<'_>) {
    registry
        .property::<LabSettings>("model")
        .returns("string")
        .doc("The rule for KMS: `exam` (IAM and the key policy must both allow) or `aws`.")
        .example("lab.model")
        .register(|lab: &mut LabSettings| lab.model().to_string());
    registry
        .method::<LabSettings>("set_model")
        .param("model", "string")
        .doc("Changes the rule for KMS: `exam` or `aws`.")
        .example("lab.set_model(\"aws\")")
        .register(|lab: &mut LabSettings, model: &str| lab.set_model(model));
    registry
        .property::<LabSettings>("is_simulated")
        .returns("bool")
        .doc("Whether time and randomness replay from a seed. Keys of such a lab protect nothing.")
        .example("lab.is_simulated")
        .register(|lab: &mut LabSettings| lab.0.read(Lab::is_simulated));
    registry
        .method::<LabSettings>("grant_delay")
        .param("delay", "string")
        .doc("How long new grants take until they work without their grant token; `0s` at first.")
        .example("lab.grant_delay(\"5m\")")
        .register(|lab: &mut LabSettings, delay: Dynamic| lab.grant_delay(delay));
    registry
        .method::<LabSettings>("replication_delay")
        .param("delay", "string")
        .doc("How long a multi-Region key stays `Creating` after `replicate`, and `Updating` after `make_primary`; `0s` at first, which is until the next call.")
        .example("lab.replication_delay(\"5s\")")
        .register(|lab: &mut LabSettings, delay: Dynamic| lab.replication_delay(delay));
    registry
        .method::<LabSettings>("snapshot")
        .returns("Snapshot")
        .doc("Keeps the whole lab as it is now; it costs nothing.")
        .example("let before = lab.snapshot();")
        .register(|lab: &mut LabSettings| lab.snapshot());
    registry
        .method::<LabSettings>("restore")
        .param("snapshot", "Snapshot")
        .doc("Puts the lab back to a snapshot: entities, keys, objects, the trail and the clock.")
        .example("let before = lab.snapshot();\niam.create_user(\"tmp\");\nlab.restore(before);")
        .register(|lab: &mut LabSettings, snapshot: Snapshot| lab.restore(&snapshot));
}

fn show(settings: &LabSettings) -> Rendered {
    let report = settings.0.read(|lab| {
        let accounts: Vec<&str> = lab.cloud().accounts.keys().map(AccountId::as_str).collect();
        let kind = if lab.is_simulated() {
            "simulated: replays from a seed"
        } else {
            "system"
        };
        Report::new().paragraph(Text::new().strong("Lab")).pairs([
            ("model", lab.model().to_string()),
            ("home", lab.home().to_string()),
            ("accounts", accounts.join(", ")),
            ("now", lab.now().to_string()),
            ("time and randomness", kind.to_owned()),
            ("events", lab.cloud().trail.len().to_string()),
        ])
    });
    Rendered::from(&report)
}
