//! What a first start makes: the digest key, the secret that signs sessions, an administrator, a client key.

use rotator_domain::{
    CLIENT_KEY_PREFIX, ClientKey, ClientKeyId, DigestKey, Role, SealContext, SealError, Secret, Timestamp, Vault,
};
use rotator_storage_trait::{AdminUser, Storage, StorageError, StorageErrorKind};

use crate::use_cases::audit::{Deed, audit_server};
use crate::use_cases::changes::Changes;
use crate::{password, random, wire};

/// The name under which the digest key is stored.
pub(crate) const DIGEST_KEY: &str = "digest-key";
/// The name under which the secret that signs sessions is stored.
const JWT_SECRET: &str = "jwt-secret";

/// What the environment says about the first start.
#[derive(Debug)]
pub struct BootstrapOptions {
    /// The administrator's name.
    pub admin_username: String,
    /// The administrator's password; where it is set it is the truth at every start, and whose it is an admin.
    pub admin_password: Option<Secret>,
    /// The secret that signs sessions, in place of the stored one.
    pub jwt_secret: Option<Secret>,
    /// Whether the environment holds client keys, so that none need be made.
    pub has_global_client_keys: bool,
    /// The time now.
    pub now: Timestamp,
}

/// What is there after a start.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The key of all digests.
    pub digest_key: DigestKey,
    /// The secret that signs sessions.
    pub jwt_secret: Secret,
}

/// What a start made that nobody knows yet.
#[derive(Debug, Default)]
pub struct Generated {
    /// The administrator's password.
    pub admin_password: Option<Secret>,
    /// The first client key.
    pub client_key: Option<Secret>,
}

/// Why a database could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The database failed.
    #[error("the database failed")]
    Storage(#[from] StorageError),
    /// The master key does not open what is stored.
    #[error("the master key does not fit this database")]
    MasterKey(#[source] SealError),
    /// Something could not be made or sealed.
    #[error("a secret could not be made")]
    Seal(#[from] SealError),
    /// A password could not be hashed.
    #[error("the password could not be hashed")]
    Password,
}

// === impl BootstrapError ===

impl BootstrapError {
    /// Whether the same may succeed later: the database does not answer now.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Storage(error) if *error.kind() == StorageErrorKind::Unavailable)
    }
}

/// Makes what is missing and reads the rest. What is generated is in `generated` as soon as it is stored, also where something
/// fails afterwards.
///
/// # Errors
/// When the database fails, or when the master key is not the one that the database was made with.
pub async fn bootstrap(
    storage: &dyn Storage,
    vault: &Vault,
    options: BootstrapOptions,
    generated: &mut Generated,
) -> Result<Bootstrapped, BootstrapError> {
    let digest_key = digest_key(storage, vault).await?;
    let jwt_secret = match options.jwt_secret.clone() {
        Some(secret) => secret,
        None => stored_jwt_secret(storage, vault).await?,
    };
    generated.admin_password = admin(storage, &options).await?;
    generated.client_key = first_client_key(storage, &digest_key, &options).await?;
    Ok(Bootstrapped { digest_key, jwt_secret })
}

/// Whether this vault opens what the database holds; a database without anything sealed opens with every vault.
///
/// # Errors
/// When the database fails.
pub async fn opens(storage: &dyn Storage, vault: &Vault) -> Result<bool, StorageError> {
    let sealed = storage.setting(DIGEST_KEY).await?;
    Ok(sealed.is_none_or(|sealed| vault.open_digest_key(&sealed).is_ok()))
}

async fn digest_key(storage: &dyn Storage, vault: &Vault) -> Result<DigestKey, BootstrapError> {
    let sealed = match storage.setting(DIGEST_KEY).await? {
        Some(sealed) => sealed,
        None => storage.setting_or_insert(DIGEST_KEY, &vault.seal_digest_key(&DigestKey::generate()?)?).await?,
    };
    vault.open_digest_key(&sealed).map_err(BootstrapError::MasterKey)
}

async fn stored_jwt_secret(storage: &dyn Storage, vault: &Vault) -> Result<Secret, BootstrapError> {
    let context = SealContext::Setting(JWT_SECRET);
    let sealed = match storage.setting(JWT_SECRET).await? {
        Some(sealed) => sealed,
        None => storage.setting_or_insert(JWT_SECRET, &vault.seal(context, &random::secret("")?)?).await?,
    };
    vault.open(context, &sealed).map_err(BootstrapError::MasterKey)
}

/// Sees to it that there is an administrator; gives the password when it was made here.
async fn admin(storage: &dyn Storage, options: &BootstrapOptions) -> Result<Option<Secret>, BootstrapError> {
    let username = &options.admin_username;
    let stored = storage.admin_user(username).await?;
    let (password, generated) = match &options.admin_password {
        Some(password) if password::verify(password, stored.as_ref().map(|user| user.password_hash.as_str())) => {
            restore(storage, stored, options.now).await?;
            return Ok(None);
        }
        Some(password) => (password.clone(), None),
        None if storage.count_admin_users().await? > 0 => return Ok(None),
        None => {
            let password = random::secret("")?;
            (password.clone(), Some(password))
        }
    };
    let user = AdminUser {
        username: username.clone(),
        password_hash: password::hash(&password).map_err(|_| BootstrapError::Password)?,
        updated_at: options.now,
        role: Role::Admin,
        is_disabled: false,
        session_epoch: storage.reserve_ids(1).await?,
        kept_session: None,
    };
    put(storage, stored.as_ref(), &user, options.now).await?;
    Ok(generated)
}

/// Whoever has the password of the environment can manage the server again, even if the admin API has made them less.
async fn restore(storage: &dyn Storage, stored: Option<AdminUser>, now: Timestamp) -> Result<(), StorageError> {
    match stored {
        Some(stored) if stored.is_disabled || stored.role != Role::Admin => {
            let user = AdminUser { is_disabled: false, role: Role::Admin, ..stored.clone() };
            put(storage, Some(&stored), &user, now).await
        }
        _ => Ok(()),
    }
}

async fn put(
    storage: &dyn Storage,
    before: Option<&AdminUser>,
    user: &AdminUser,
    now: Timestamp,
) -> Result<(), StorageError> {
    storage.put_admin_user(user).await?;
    let (action, changes) = match before {
        None => ("user.create", Changes::made(&wire::AdminUser::from(user))),
        Some(before) => ("user.update", Changes::between(&wire::AdminUser::from(before), &user.into())),
    };
    let changes = match before {
        Some(before) if before.password_hash == user.password_hash => changes,
        before => changes.with_hidden("password", before.is_some()),
    };
    let subject = format!("user:{}", user.username);
    audit_server(storage, now, Deed { action, subject, detail: changes.names(), changes }).await
}

async fn first_client_key(
    storage: &dyn Storage,
    digest_key: &DigestKey,
    options: &BootstrapOptions,
) -> Result<Option<Secret>, BootstrapError> {
    if options.has_global_client_keys || !storage.client_keys().await?.is_empty() {
        return Ok(None);
    }
    let value = random::secret(CLIENT_KEY_PREFIX)?;
    let id = ClientKeyId(storage.reserve_ids(1).await?);
    let digest = digest_key.client_key(value.expose().as_bytes());
    let key = ClientKey::new(id, "first".to_owned(), value.expose(), digest, options.now);
    storage.insert_client_key(&key).await?;
    Ok(Some(value))
}
