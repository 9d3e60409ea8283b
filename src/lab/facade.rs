//! The lab itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use serde::{Deserialize, Serialize};

use super::call::unknown_operation;
use crate::api::{ApiError, Effects, Operation, Response, Route, Service, perform};
use crate::authz::Model;
use crate::base::{
    AccessKeyId, AccountId, Arn, Entropy, IdError, Region, SecretText, Timestamp, UniqueId,
    VpcEndpointId,
};
use crate::crypto::key_spec::WrappingAlgorithm;
use crate::crypto::message::{OBJECT_FRAME_LENGTH, SealError};
use crate::crypto::{EncryptionContext, RawAesKeyring, import};
use crate::service;
use crate::state::Cloud;
use crate::state::credential::{AccessKeyStatus, Credential, Credentials, Owner};
use crate::state::folder::Folder;
use crate::state::iam::{Account, Entity, User, folded};

/// How a lab starts.
#[derive(Clone, Debug, Default)]
pub struct LabOptions {
    /// The rule for KMS.
    pub model: Model,
    /// The seed that a simulated lab replays; `None` for the system's clock and randomness.
    pub seed: Option<u64>,
}

/// A cloud with its clock and randomness, and someone who administers it.
///
/// Cloning is forking: what happens in a fork is not seen here, and bodies are
/// shared. A fork continues the same sequence of random bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lab {
    pub(super) cloud: Cloud,
    pub(super) effects: Effects,
    home: AccountId,
    admins: BTreeMap<AccountId, Credentials>,
}

/// The account in which a lab starts: the one that AWS's documentation uses.
const HOME: &str = "111122223333";

impl Lab {
    /// A lab with one account and its administrator.
    ///
    /// # Errors
    /// Never in practice: the built-in names are valid, as a test shows.
    pub fn new(options: &LabOptions) -> Result<Self, IdError> {
        let effects = match options.seed {
            Some(seed) => Effects::simulated(seed),
            None => Effects::system(),
        };
        let home = AccountId::parse(HOME)?;
        let mut cloud = Cloud::new(options.model, Region::parse("us-east-1")?);
        cloud.seal_denials(&effects.entropy);
        let mut lab = Self {
            cloud,
            effects,
            home: home.clone(),
            admins: BTreeMap::new(),
        };
        lab.add_account(home);
        Ok(lab)
    }

    /// An empty lab whose home is `account`. Its root user administers it, so that
    /// nobody is added to an account that was imported.
    ///
    /// # Errors
    /// Never in practice: the built-in name is valid.
    pub(super) fn of_account(options: &LabOptions, account: AccountId) -> Result<Self, IdError> {
        let effects = match options.seed {
            Some(seed) => Effects::simulated(seed),
            None => Effects::system(),
        };
        let region = Region::parse("us-east-1")?;
        let mut lab = Self {
            cloud: Cloud::new(options.model, region),
            effects,
            home: account.clone(),
            admins: BTreeMap::new(),
        };
        let opened = Account::new(account.clone());
        lab.cloud.accounts.insert_mut(account.clone(), opened);
        if let Some(root) = lab.root_credentials(&account) {
            lab.admins.insert(account, root);
        }
        Ok(lab)
    }

    /// The cloud, to be filled by an import.
    pub(super) fn cloud_mut(&mut self) -> &mut Cloud {
        &mut self.cloud
    }

    /// The lab's randomness.
    pub(super) fn entropy_mut(&mut self) -> &mut Entropy {
        &mut self.effects.entropy
    }

    /// Opens an account with an administrator, `user/admin`; one that exists stays as it is.
    pub fn add_account(&mut self, id: AccountId) -> Credentials {
        if let Some(known) = self.admins.get(&id) {
            return known.clone();
        }
        let now = self.effects.now();
        let entropy = &mut self.effects.entropy;
        let entity = Entity {
            name: "admin".to_owned(),
            path: "/".to_owned(),
            arn: Arn::of("iam", "", id.as_str(), "user/admin"),
            id: UniqueId::fresh("AIDA", entropy),
            created: now,
            inline: BTreeMap::new(),
            attached: vec![Arn::of("iam", "", "aws", "policy/AdministratorAccess")],
            boundary: None,
            tags: BTreeMap::new(),
        };
        let key = AccessKeyId::fresh("AKIA", entropy);
        let owner = Owner::User {
            account: id.clone(),
            name: entity.name.clone(),
            id: entity.id.clone(),
        };
        let secret = SecretText::new(entropy.text(40, SECRET_ALPHABET));
        let opened = self.cloud.accounts.get(&id).cloned();
        let mut account = opened.unwrap_or_else(|| Account::new(id.clone()));
        let user = User {
            entity,
            groups: Vec::new(),
            access_keys: vec![key.clone()],
        };
        account.users.insert_mut(folded("admin"), user);
        self.cloud.accounts.insert_mut(id.clone(), account);
        let credentials = self.issue(key, owner, secret, now);
        self.admins.insert(id, credentials.clone());
        credentials
    }

    fn issue(
        &mut self,
        access_key_id: AccessKeyId,
        owner: Owner,
        secret: SecretText,
        now: Timestamp,
    ) -> Credentials {
        let credential = Credential {
            secret: secret.clone(),
            token: None,
            owner,
            status: AccessKeyStatus::Active,
            created: now,
            expires: None,
        };
        self.cloud
            .credentials
            .insert_mut(access_key_id.clone(), credential);
        Credentials {
            access_key_id,
            secret_access_key: secret,
            session_token: None,
        }
    }

    /// Credentials of the root user of `account`, for what only root can do.
    pub fn root_credentials(&mut self, account: &AccountId) -> Option<Credentials> {
        self.cloud.accounts.get(account)?;
        let now = self.effects.now();
        let key = AccessKeyId::fresh("AKIA", &mut self.effects.entropy);
        let secret = SecretText::new(self.effects.entropy.text(40, SECRET_ALPHABET));
        Some(self.issue(key, Owner::Root(account.clone()), secret, now))
    }

    /// A lab in which things can be tried.
    #[must_use]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// Takes back what happened since `before`, except that it happened: the trail
    /// keeps its events, and no random byte comes twice.
    pub fn roll_back(&mut self, before: Self) {
        let trail = std::mem::take(&mut self.cloud.trail);
        self.cloud = Cloud {
            trail,
            ..before.cloud
        };
        self.admins = before.admins;
    }

    /// The cloud and its effects, to be changed.
    pub(super) fn parts(&mut self) -> (&mut Cloud, &mut Effects) {
        (&mut self.cloud, &mut self.effects)
    }

    /// The cloud, to look at.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The account in which the lab starts.
    pub fn home(&self) -> &AccountId {
        &self.home
    }

    /// The credentials of the administrator of the home account.
    pub fn admin(&self) -> Option<&Credentials> {
        self.admins.get(&self.home)
    }

    /// The credentials of the administrator of `account`.
    pub fn admin_of(&self, account: &AccountId) -> Option<&Credentials> {
        self.admins.get(account)
    }

    /// The rule for KMS.
    pub fn model(&self) -> Model {
        self.cloud.model
    }

    /// Changes the rule for KMS.
    pub fn set_model(&mut self, model: Model) {
        self.cloud.model = model;
    }

    /// How long new grants take until they work without their token, in seconds.
    pub fn set_grant_propagation(&mut self, seconds: i64) {
        self.cloud.grant_propagation_seconds = seconds.max(0);
    }

    /// Keeps the bodies of new objects in files of `folder`, in place of memory. A lab
    /// that was saved with such a folder finds its bodies there.
    pub fn keep_bodies_in(&mut self, folder: Arc<Folder>) {
        self.cloud.settle_bodies(Some(&folder));
        self.effects.store = Some(folder);
    }

    /// Shares again what a saved lab held twice.
    pub(super) fn settle_bodies(&mut self) {
        self.cloud.settle_bodies(None);
        // A file of an earlier version has no key for denials.
        self.cloud.seal_denials(&self.effects.entropy);
    }

    /// How many threads one large body may occupy; one, unless it is said here.
    pub fn set_workers(&mut self, workers: usize) {
        self.effects.workers = workers.max(1);
    }

    /// How long a multi-Region key stays `Creating` or `Updating`, in seconds.
    pub fn set_replication_delay(&mut self, seconds: i64) {
        self.cloud.replication_seconds = seconds.max(0);
    }

    /// Seals `plaintext` as an Encryption SDK message under `keyring`, outside the cloud.
    ///
    /// # Errors
    /// [`SealError`], for a context or names that are too long.
    pub fn seal_message(
        &mut self,
        keyring: &RawAesKeyring,
        plaintext: &[u8],
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, SealError> {
        let entropy = &mut self.effects.entropy;
        keyring.seal(plaintext, context, OBJECT_FRAME_LENGTH, entropy)
    }

    /// Wraps `material` for the public key of `GetParametersForImport`, as its
    /// owner does outside KMS; `None` if the key cannot take it.
    pub fn wrap_material(
        &mut self,
        algorithm: WrappingAlgorithm,
        public_key: &[u8],
        material: &[u8],
    ) -> Option<Vec<u8>> {
        import::wrap(algorithm, public_key, material, &mut self.effects.entropy)
    }

    /// Whether time and randomness replay from a seed.
    pub fn is_simulated(&self) -> bool {
        self.effects.entropy.is_simulated()
    }

    /// The seed that the lab replays from; `None` for the system's randomness.
    pub fn seed(&self) -> Option<u64> {
        self.effects.entropy.seed()
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.effects.now()
    }

    /// Moves the clock forward; rotations and deletions that become due happen.
    ///
    /// # Errors
    /// A sentence if `seconds` is negative.
    pub fn advance(&mut self, seconds: i64) -> Result<Timestamp, String> {
        self.effects.clock.advance(seconds)?;
        service::kms::settle(&mut self.cloud, &mut self.effects);
        Ok(self.now())
    }

    /// Calls an operation in its typed form.
    pub fn run<O: Operation>(
        &mut self,
        credentials: &Credentials,
        operation: O,
    ) -> Response<O::Output> {
        let route = Route::public(self.cloud.region.clone());
        self.run_by(credentials, &route, operation)
    }

    /// The same by a way of one's own choice.
    pub fn run_by<O: Operation>(
        &mut self,
        credentials: &Credentials,
        route: &Route,
        operation: O,
    ) -> Response<O::Output> {
        service::kms::settle(&mut self.cloud, &mut self.effects);
        let response = perform(
            &mut self.cloud,
            &mut self.effects,
            credentials,
            route,
            Ok(operation),
        );
        self.administer(O::SPEC.service);
        response
    }

    /// Calls an operation by its name, with its members as JSON.
    pub fn call(
        &mut self,
        credentials: &Credentials,
        service: Service,
        operation: &str,
        input: Value,
    ) -> Response<Value> {
        self.call_through(credentials, &[], service, operation, input)
    }

    /// The same from a network with these VPC endpoints.
    pub fn call_through(
        &mut self,
        credentials: &Credentials,
        endpoints: &[VpcEndpointId],
        service: Service,
        operation: &str,
        input: Value,
    ) -> Response<Value> {
        let route = Route {
            region: self.cloud.region.clone(),
            endpoints: endpoints.to_vec(),
        };
        self.call_by(credentials, &route, service, operation, input)
    }

    /// The same by a way of one's own choice, which may lead to another Region.
    pub fn call_by(
        &mut self,
        credentials: &Credentials,
        route: &Route,
        service: Service,
        operation: &str,
        input: Value,
    ) -> Response<Value> {
        let entry = match unknown_operation(service, operation) {
            Ok(entry) => entry,
            Err(error) => return nothing_ran(error),
        };
        service::kms::settle(&mut self.cloud, &mut self.effects);
        let response = entry.invoke(
            &mut self.cloud,
            &mut self.effects,
            credentials,
            route,
            input,
        );
        self.administer(service);
        response
    }

    /// Gives an administrator to accounts that an organization has just opened.
    fn administer(&mut self, service: Service) {
        if service != Service::Organizations {
            return;
        }
        let accounts = self.cloud.accounts.keys();
        let without = accounts.filter(|id| !self.admins.contains_key(*id));
        for id in without.cloned().collect::<Vec<_>>() {
            self.add_account(id);
        }
    }

    /// Calls an operation as the administrator of the account that `credentials` belong to.
    pub fn call_as_admin(
        &mut self,
        account: &AccountId,
        service: Service,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        let Some(admin) = self.admins.get(account).cloned() else {
            let text = format!("account {account} has no administrator in this lab");
            return Err(ApiError::new(service, "AccessDenied", 403, text));
        };
        self.call(&admin, service, operation, input).result
    }
}

const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn nothing_ran(error: ApiError) -> Response<Value> {
    Response {
        result: Err(error),
        request_id: String::new(),
        decisions: Vec::new(),
        steps: Vec::new(),
    }
}
