//! How secrets rest in the database: sealed under a master key, or digested where only a comparison is needed.
//!
//! Sealing is XChaCha20-Poly1305 with a random 24-byte nonce and the place of the value as associated data, so that a
//! sealed value copied to another row does not open. Digests are keyed BLAKE3; their key is random, is itself kept
//! sealed, and so outlives a change of the master key.

mod pieces;

pub use pieces::{PIECE_NONCE_LENGTH, PieceVault};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{KeyId, Secret, ServiceId, WebhookId};

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;
const SEALING_CONTEXT: &str = "api-key-rotator 2026 sealing key v1";

/// The key under which everything is sealed: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// The key of all digests: 32 random bytes, made once and kept sealed in the database.
#[derive(Clone)]
pub struct DigestKey(Zeroizing<[u8; 32]>);

/// A keyed digest of a secret; equal secrets have equal digests. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct Digest(pub [u8; 32]);

/// A sealed secret as it is stored: a version byte, the nonce, the ciphertext with its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// Where a sealed value belongs; it opens only there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealContext<'a> {
    /// The value of an upstream key.
    UpstreamKey(KeyId),
    /// A setting of the server, by its name.
    Setting(&'a str),
    /// The secret that signs what a webhook is sent.
    Webhook(WebhookId),
}

/// Seals and opens secrets under one master key.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

/// Why a sealed value could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The master key's text is not 64 hexadecimal digits.
    #[error("a master key is 64 hexadecimal digits")]
    BadMasterKey,
    /// The value was sealed under another master key, for another place, or was damaged.
    #[error("the sealed value does not open: another master key, or damaged data")]
    DoesNotOpen,
    /// The value could not be sealed.
    #[error("the value could not be sealed")]
    DoesNotSeal,
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random(#[source] getrandom::Error),
}

// === impl MasterKey ===

impl MasterKey {
    /// A new random master key.
    ///
    /// # Errors
    /// [`SealError::Random`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        random().map(Self)
    }

    /// Reads 64 hexadecimal digits, white space around them ignored.
    ///
    /// # Errors
    /// [`SealError::BadMasterKey`] for anything else.
    pub fn from_hex(text: &str) -> Result<Self, SealError> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return Err(SealError::BadMasterKey);
        }
        let mut key = Zeroizing::new([0; 32]);
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).ok_or(SealError::BadMasterKey);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| SealError::BadMasterKey)?;
        }
        Ok(Self(key))
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> Secret {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in self.0.iter() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Secret::new(text)
    }
}

// === impl Vault ===

impl Vault {
    /// A vault under `master`.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let key = Zeroizing::new(blake3::derive_key(SEALING_CONTEXT, &*master.0));
        Self(XChaCha20Poly1305::new((&*key).into()))
    }

    /// Seals `secret` for its place.
    ///
    /// # Errors
    /// [`SealError::Random`] when the operating system gives no random bytes.
    pub fn seal(&self, context: SealContext<'_>, secret: &Secret) -> Result<Sealed, SealError> {
        self.seal_bytes(context, secret.expose().as_bytes())
    }

    /// Opens what [`Vault::seal`] made for the same place.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`] for another master key, another place or damaged data.
    pub fn open(&self, context: SealContext<'_>, sealed: &Sealed) -> Result<Secret, SealError> {
        let bytes = self.open_bytes(context, sealed)?;
        std::str::from_utf8(&bytes).map(Secret::new).map_err(|_| SealError::DoesNotOpen)
    }

    /// Seals the key of all digests.
    ///
    /// # Errors
    /// [`SealError::Random`] when the operating system gives no random bytes.
    pub fn seal_digest_key(&self, key: &DigestKey) -> Result<Sealed, SealError> {
        self.seal_bytes(SealContext::Setting("digest-key"), &*key.0)
    }

    /// Opens what [`Vault::seal_digest_key`] made.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`] for another master key or damaged data.
    pub fn open_digest_key(&self, sealed: &Sealed) -> Result<DigestKey, SealError> {
        let bytes = self.open_bytes(SealContext::Setting("digest-key"), sealed)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SealError::DoesNotOpen)?;
        Ok(DigestKey(Zeroizing::new(key)))
    }

    /// Seals bytes that need not be text, as [`Vault::seal`] does.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal_bytes(&self, context: SealContext<'_>, message: &[u8]) -> Result<Sealed, SealError> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(SealError::Random)?;
        let aad = context.associated_data();
        let payload = Payload { msg: message, aad: &aad };
        let ciphertext = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::DoesNotSeal)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LENGTH + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(Sealed(sealed))
    }

    /// Opens what [`Vault::seal_bytes`], or any other of this vault, made for the same place.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_bytes(&self, context: SealContext<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let [VERSION, rest @ ..] = sealed.0.as_slice() else {
            return Err(SealError::DoesNotOpen);
        };
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::DoesNotOpen)?;
        let aad = context.associated_data();
        let payload = Payload { msg: ciphertext, aad: &aad };
        let message = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::DoesNotOpen)?;
        Ok(Zeroizing::new(message))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

// === impl SealContext ===

impl SealContext<'_> {
    fn associated_data(self) -> Vec<u8> {
        match self {
            Self::UpstreamKey(id) => format!("upstream-key:{id}").into_bytes(),
            Self::Setting(name) => format!("setting:{name}").into_bytes(),
            Self::Webhook(id) => format!("webhook:{id}").into_bytes(),
        }
    }
}

// === impl DigestKey ===

impl DigestKey {
    /// A new random digest key.
    ///
    /// # Errors
    /// [`SealError::Random`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        random().map(Self)
    }

    /// The digest by which a client key is found and compared.
    #[must_use]
    pub fn client_key(&self, presented: &[u8]) -> Digest {
        self.digest(b"client-key", presented)
    }

    /// The digest by which an admin API token is found and compared.
    #[must_use]
    pub fn admin_token(&self, presented: &[u8]) -> Digest {
        self.digest(b"admin-token", presented)
    }

    /// The digest by which a second copy of an upstream key in one service is noticed.
    #[must_use]
    pub fn upstream_key(&self, service: ServiceId, value: &Secret) -> Digest {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"upstream-key\0").update(&service.0.to_be_bytes()).update(value.expose().as_bytes());
        Digest(hasher.finalize().into())
    }

    fn digest(&self, purpose: &[u8], value: &[u8]) -> Digest {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(purpose).update(b"\0").update(value);
        Digest(hasher.finalize().into())
    }
}

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey")
    }
}

// === impl Digest ===

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for Digest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest")
    }
}

fn random() -> Result<Zeroizing<[u8; 32]>, SealError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(SealError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(&MasterKey::generate().unwrap())
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let vault = vault();
        let place = SealContext::UpstreamKey(KeyId(1));
        let sealed = vault.seal(place, &Secret::new("sk-1")).unwrap();
        assert_eq!(vault.open(place, &sealed).unwrap().expose(), "sk-1");
        assert!(vault.open(SealContext::UpstreamKey(KeyId(2)), &sealed).is_err());
        assert!(vault.open(SealContext::Setting("1"), &sealed).is_err());
    }

    #[test]
    fn another_master_key_or_a_flipped_bit_does_not_open() {
        let place = SealContext::UpstreamKey(KeyId(1));
        let first = vault();
        let sealed = first.seal(place, &Secret::new("sk-1")).unwrap();
        assert!(vault().open(place, &sealed).is_err());
        for at in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[at] ^= 1;
            assert!(first.open(place, &damaged).is_err(), "byte {at}");
        }
        assert!(first.open(place, &Sealed(Vec::new())).is_err());
    }

    #[test]
    fn the_same_secret_is_never_sealed_the_same_way_twice() {
        let vault = vault();
        let seal = || vault.seal(SealContext::Setting("a"), &Secret::new("b")).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_master_key_survives_its_text() {
        let key = MasterKey::generate().unwrap();
        let read = MasterKey::from_hex(&format!(" {}\n", key.to_hex().expose())).unwrap();
        assert_eq!(key.to_hex(), read.to_hex());
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
            assert!(MasterKey::from_hex(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn digests_differ_by_purpose_service_and_key() {
        let key = DigestKey::generate().unwrap();
        let value = Secret::new("v");
        assert_eq!(key.client_key(b"v"), key.client_key(b"v"));
        assert_ne!(key.client_key(b"v"), key.admin_token(b"v"));
        assert_ne!(key.upstream_key(ServiceId(1), &value), key.upstream_key(ServiceId(2), &value));
        assert_ne!(key.client_key(b"v"), DigestKey::generate().unwrap().client_key(b"v"));
    }

    #[test]
    fn a_digest_key_survives_sealing() {
        let vault = vault();
        let key = DigestKey::generate().unwrap();
        let opened = vault.open_digest_key(&vault.seal_digest_key(&key).unwrap()).unwrap();
        assert_eq!(key.client_key(b"v"), opened.client_key(b"v"));
    }
}
