//! Passwords, hashed with Argon2id.

use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::try_generate_salt;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rotator_domain::Secret;

/// OWASP's first choice for Argon2id: 19 MiB of memory, two passes, one lane
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Passwords are hashed one after the other: however many try to log in at once, memory is taken for one of them.
static TURN: Mutex<()> = Mutex::new(());

/// How much is reserved for a hash, in blocks of 1 KiB; only what a hash needs of it is ever touched. An allocation over
/// 32 MiB is a mapping of its own in glibc and is given back to the system as soon as it is freed (mallopt(3),
/// `M_MMAP_THRESHOLD`); a smaller one may stay with the thread for good. mimalloc keeps either for a second at the least.
const RESERVED: usize = 33 * 1024;

/// Hashed once, to be compared with where there is no user: the answer then takes as long as for a user's wrong password.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash(&Secret::new("nobody has this password")).ok());

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub(crate) struct HashError;

/// Hashes a password, in PHC form. Slow on purpose: call it where blocking is allowed.
pub(crate) fn hash(password: &Secret) -> Result<String, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| HashError)?;
    let salt = Salt::new(&try_generate_salt().map_err(|_| HashError)?).map_err(|_| HashError)?;
    let hashed = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| HashError)?,
        salt: Some(salt),
        hash: Some(compute(password, &salt, params, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(hashed.to_string())
}

/// Whether the password has this hash; without a hash it takes as long and is false. Slow on purpose.
pub(crate) fn verify(password: &Secret, hash: Option<&str>) -> bool {
    let text = hash.or(NOBODY.as_deref()).unwrap_or_default();
    let verified = PasswordHash::new(text).is_ok_and(|parsed| is_hash_of(password, &parsed));
    verified && hash.is_some()
}

fn is_hash_of(password: &Secret, parsed: &PasswordHash) -> bool {
    let is_ours = parsed.algorithm == Algorithm::Argon2id.ident() && parsed.version == Some(Version::V0x13.into());
    let (Some(salt), Some(expected), Ok(params)) = (&parsed.salt, &parsed.hash, Params::try_from(parsed)) else {
        return false;
    };
    // Outputs are compared in constant time.
    is_ours && compute(password, salt, params, expected.len()).is_ok_and(|computed| computed == *expected)
}

fn compute(password: &Secret, salt: &[u8], params: Params, length: usize) -> Result<Output, HashError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let blocks = argon2.params().block_count();
    let mut buffer = [0; Output::MAX_LENGTH];
    let out = buffer.get_mut(..length).ok_or(HashError)?;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = Vec::with_capacity(blocks.max(RESERVED));
    memory.resize(blocks, Block::default());
    argon2
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, out, memory.as_mut_slice())
        .map_err(|_| HashError)?;
    Output::new(out).map_err(|_| HashError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_verifies() {
        let hashed = hash(&Secret::new("right")).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&Secret::new("right"), Some(&hashed)));
        assert!(!verify(&Secret::new("wrong"), Some(&hashed)));
        assert!(!verify(&Secret::new("nobody has this password"), None));
        assert!(!verify(&Secret::new("right"), Some("not a hash")));
    }

    #[test]
    fn a_hash_made_elsewhere_verifies() {
        // RFC 9106's reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -e
        let hashed = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify(&Secret::new("password"), Some(hashed)));
        assert!(!verify(&Secret::new("Password"), Some(hashed)));
        assert!(!verify(&Secret::new("password"), Some(&hashed.replace("argon2id", "argon2i"))));
    }
}
