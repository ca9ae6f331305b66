//! The first start: the master key, the system tenant, the console's client, the administrator.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor_jose::MasterKey;
use grantor_protocol::model::{
    Actor, AuditKind, AuthenticationMethod, Client, ClientId, ClientMetadata, ClientOrigin, ClientSecret,
    GrantType, KeyState, Passkey, PasswordHash, SignInIdentifier, SigningAlgorithm, Tenant, TenantId,
    TenantSettings, TenantStatus, User, UserId, UserProfile, UserStatus,
};
use grantor_protocol::{Effect, Entropy, Id, Scope, Secret};
pub use grantor_store::PLATFORM_ADMIN;
use grantor_store::{NewTenant, RoleAssignment, Subject, WriteError};

use super::{App, Fault, keyring};
use crate::config::{Administrator, MasterKeySource};

/// Slug of the built-in tenant whose users and service accounts administer the platform.
pub const SYSTEM_TENANT: &str = "system";

/// What the master key encrypts so that another one is recognised.
const MASTER_KEY_CHECK: &[u8] = b"grantor master key check";

/// Reads the master key, or makes one in the data directory, readable by its owner only.
///
/// # Errors
/// One line that says what is wrong with it.
pub fn master_key(source: &MasterKeySource, entropy: &dyn Entropy) -> Result<MasterKey, String> {
    let bytes = match source {
        MasterKeySource::Value(text) => {
            decode_key(text).ok_or("master_key must be 32 bytes in base64 or hex")?
        }
        MasterKeySource::File(path) => read_key(path)?,
        MasterKeySource::DataDirectory(path) if path.exists() => read_key(path)?,
        MasterKeySource::DataDirectory(path) => {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes);
            write_key(path, &bytes)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
            bytes
        }
    };
    MasterKey::new(bytes).map_err(|error| format!("the master key cannot be used: {error}"))
}

fn read_key(path: &Path) -> Result<[u8; 32], String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    decode_key(&text).ok_or_else(|| format!("{} must hold 32 bytes in base64 or hex", path.display()))
}

fn decode_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() == 64 {
        let digits = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..64).step_by(2).map(digits).collect();
        return bytes?.try_into().ok();
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn write_key(path: &Path, bytes: &[u8; 32]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(directory) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", STANDARD.encode(bytes))?;
    file.sync_all()
}

/// What a first start left for a person to do.
#[derive(Debug)]
pub enum Setup {
    /// There is an administrator.
    Done,
    /// Open this address to make one. It works once.
    Link(String),
}

impl App {
    /// Brings a new installation to where somebody can sign in; an old one is left as it is.
    ///
    /// # Errors
    /// A master key or a public address other than those that the database was made with; faults
    /// of the store.
    pub async fn bootstrap(&self, administrator: Option<&Administrator>) -> Result<Setup, Fault> {
        let system = self.ensure_installed().await?;
        if self.has_administrator(system.id).await? {
            return Ok(Setup::Done);
        }
        match administrator {
            Some(Administrator { email, password }) => {
                match self.create_administrator(email, password).await {
                    Ok(_) => Ok(Setup::Done),
                    // Another node was faster.
                    Err(_) if self.has_administrator(system.id).await? => Ok(Setup::Done),
                    Err(fault) => Err(fault),
                }
            }
            None => self.setup_link().await.map(Setup::Link),
        }
    }

    /// The system tenant with the console's client, made where they are missing.
    ///
    /// # Errors
    /// As [`Self::bootstrap`].
    pub async fn ensure_installed(&self) -> Result<Tenant, Fault> {
        let mut nonce = [0; grantor_jose::NONCE_LENGTH];
        self.entropy.fill(&mut nonce);
        let sealed = self.master().seal(nonce, MASTER_KEY_CHECK, MASTER_KEY_CHECK)?;
        self.store.installation().put_master_key_check(sealed).await?;
        self.check_installed().await?;
        let system = self.ensure_system_tenant().await?;
        self.ensure_console_client(system.id).await?;
        Ok(system)
    }

    /// Whether the master key is the one that this database was made with. A wrong one would be found
    /// out one tenant at a time; here it is found out at once. A database without any is no error.
    ///
    /// # Errors
    /// A fault that says so.
    pub async fn check_installed(&self) -> Result<(), Fault> {
        let Some(sealed) = self.store.installation().master_key_check().await? else { return Ok(()) };
        self.master().open(MASTER_KEY_CHECK, &sealed).map(drop).map_err(|_| {
            Fault::internal("this database was made with another master key; start with that one")
        })
    }

    async fn ensure_system_tenant(&self) -> Result<Tenant, Fault> {
        let issuer = self.addresses.issuer(SYSTEM_TENANT);
        if let Some(tenant) = self.store.tenants().by_slug(SYSTEM_TENANT).await? {
            return if tenant.issuer == issuer {
                Ok(tenant)
            } else {
                Err(Fault::internal(format!(
                    "the issuers in this database begin like {}, public_url is {}: issuers cannot move, because \
                     clients compare them; set public_url back",
                    tenant.issuer, self.addresses
                )))
            };
        }
        match self.new_tenant(SYSTEM_TENANT, "Grantor", TenantSettings::default(), Actor::System).await {
            Ok(tenant) => Ok(tenant),
            // Another node was faster.
            Err(CreateTenantError::Write(WriteError::Conflict { .. })) => {
                self.store.tenants().by_slug(SYSTEM_TENANT).await?.ok_or(Fault::UnknownTenant)
            }
            Err(CreateTenantError::Write(error)) => Err(Fault::internal(error)),
            Err(CreateTenantError::Fault(fault)) => Err(fault),
        }
    }

    /// Creates a tenant with its first key, in one transaction.
    ///
    /// # Errors
    /// A slug that is taken; faults of ours.
    pub async fn new_tenant(
        &self,
        slug: &str,
        name: &str,
        settings: TenantSettings,
        actor: Actor,
    ) -> Result<Tenant, CreateTenantError> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let id: TenantId = Id::generate(now, entropy);
        let tenant = Tenant {
            id,
            slug: slug.to_owned(),
            name: name.to_owned(),
            issuer: self.addresses.issuer(slug),
            status: TenantStatus::Active,
            settings,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let algorithm = SigningAlgorithm::ES256;
        let key = keyring::generate(id, algorithm, KeyState::Active, self.master(), now, entropy)
            .map_err(CreateTenantError::Fault)?;
        let mut event = self.event(AuditKind::TenantChanged, actor, slug.to_owned());
        event.detail = serde_json::json!({ "after": { "slug": slug, "name": name } });
        let new = NewTenant { tenant: tenant.clone(), keys: vec![key], audit: vec![event] };
        self.store.tenants().create(new).await.map_err(CreateTenantError::Write)?;
        Ok(tenant)
    }

    async fn store_new_client(
        &self,
        tenant_id: TenantId,
        client_id: ClientId,
        metadata: ClientMetadata,
        secrets: Vec<ClientSecret>,
    ) -> Result<Client, WriteError> {
        let now = self.now();
        let event = self.event(AuditKind::ClientChanged, Actor::System, client_id.to_string());
        let client = Client {
            tenant_id,
            client_id,
            enabled: true,
            metadata,
            secrets,
            origin: ClientOrigin::Administrator,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.store.tenant(tenant_id).create_client(&client, vec![event]).await?;
        Ok(client)
    }

    pub(super) async fn has_administrator(&self, system: TenantId) -> Result<bool, Fault> {
        let assignments = self.store.tenant(system).assignments().await?;
        Ok(assignments.iter().any(|held| {
            held.role == PLATFORM_ADMIN && held.scope.is_none() && matches!(held.subject, Subject::User(_))
        }))
    }

    /// Makes a user of the system tenant who administers the platform.
    ///
    /// # Errors
    /// A name that is taken; faults of ours.
    pub async fn create_administrator(&self, email: &str, password: &str) -> Result<UserId, Fault> {
        let system = self.any_tenant(SYSTEM_TENANT).await?.tenant.id;
        let hash = self.passwords.hash(system, password, self.entropy.as_ref()).await?;
        self.store_administrator(self.new_administrator(system, email, Some(hash)), None).await
    }

    /// Somebody who is going to administer the platform.
    pub(super) fn new_administrator(
        &self,
        system: TenantId,
        email: &str,
        password: Option<PasswordHash>,
    ) -> User {
        let now = self.now();
        User {
            tenant_id: system,
            id: Id::generate(now, self.entropy.as_ref()),
            username: email.to_owned(),
            email: Some(email.to_owned()),
            email_verified: true,
            status: UserStatus::Active,
            password,
            profile: UserProfile::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stores the user, and their passkey if they have one, before what makes them an administrator.
    pub(super) async fn store_administrator(
        &self,
        user: User,
        passkey: Option<Passkey>,
    ) -> Result<UserId, Fault> {
        let (system, now) = (user.tenant_id, self.now());
        let store = self.store.tenant(system);
        let event = self.event(AuditKind::UserChanged, Actor::System, user.id.to_string());
        let id = match store.create_user(&user, vec![event]).await {
            Ok(()) => user.id,
            Err(WriteError::Conflict { .. }) => self.unfinished_administrator(&user).await?,
            Err(error) => return Err(Fault::internal(error)),
        };
        if let Some(passkey) = passkey {
            let event = self.authenticator_event(&user, Actor::User { id }, "passkey", "added");
            self.apply(system, vec![Effect::StorePasskey(Box::new(passkey)), event]).await?;
        }
        let event = self.event(AuditKind::AdministratorCreated, Actor::System, id.to_string());
        let assignment =
            RoleAssignment { subject: Subject::User(id), role: PLATFORM_ADMIN.to_owned(), scope: None };
        store.assign(&assignment, None, now, vec![event]).await.map_err(Fault::internal)?;
        Ok(id)
    }

    /// A user of that name who is no administrator yet: one whose making was cut short, or somebody
    /// whom the operator promotes. They get the new password, or the passkey that was made for them.
    async fn unfinished_administrator(&self, wanted: &User) -> Result<UserId, Fault> {
        let store = self.store.tenant(wanted.tenant_id);
        let taken = || Fault::internal(format!("{} is taken", wanted.username));
        let found = store
            .user_by_login(&wanted.username, SignInIdentifier::UsernameOrEmail)
            .await?
            .ok_or_else(taken)?;
        let held = store.assignments_of(&Subject::User(found.id)).await?;
        if held.iter().any(|held| held.role == PLATFORM_ADMIN) {
            return Err(Fault::internal(format!("{} is an administrator already", wanted.username)));
        }
        let Some(password) = wanted.password.clone() else {
            return if found.id == wanted.id { Ok(found.id) } else { Err(taken()) };
        };
        let event = self.event(AuditKind::UserChanged, Actor::System, found.id.to_string());
        store
            .set_user_password(found.id, password, self.now(), vec![event])
            .await
            .map_err(Fault::internal)?;
        Ok(found.id)
    }

    /// Makes a client of the system tenant that automation can administer the platform with, and
    /// gives its secret.
    ///
    /// # Errors
    /// A role that cannot be held in all of the platform; faults of ours.
    pub async fn create_service_account(&self, name: &str, role: &str) -> Result<(ClientId, Secret), Fault> {
        let known = self.known_role(None, role).await?;
        let known = known.ok_or_else(|| Fault::internal(format!("{role} is not a role of the platform")))?;
        let system = self.any_tenant(SYSTEM_TENANT).await?.tenant.id;
        let now = self.now();
        let id: Id<Client> = Id::generate(now, self.entropy.as_ref());
        let client_id = ClientId::parse(&id.to_string()).ok_or_else(|| Fault::internal("client_id"))?;
        let method = AuthenticationMethod::ClientSecretBasic;
        let (secret, stored) = self.new_client_secret(system, &client_id, method)?;
        let metadata = ClientMetadata {
            client_name: name.to_owned(),
            grant_types: vec![GrantType::ClientCredentials],
            token_endpoint_auth_method: method,
            scope: Scope::default(),
            resources: vec![self.addresses.admin_api()],
            ..ClientMetadata::default()
        };
        let client = self
            .store_new_client(system, client_id, metadata, vec![stored])
            .await
            .map_err(Fault::internal)?;
        let event = self.event(AuditKind::AdministratorCreated, Actor::System, client.client_id.to_string());
        let assignment = RoleAssignment {
            subject: Subject::Client(client.client_id.clone()),
            role: role.to_owned(),
            scope: None,
        };
        let store = self.store.tenant(system);
        store.assign(&assignment, known.custom.as_ref(), now, vec![event]).await.map_err(Fault::internal)?;
        Ok((client.client_id, secret))
    }
}

/// Why a tenant was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateTenantError {
    #[error(transparent)]
    Write(WriteError),
    #[error(transparent)]
    Fault(Fault),
}
