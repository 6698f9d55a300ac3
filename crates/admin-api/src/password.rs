//! Passwords, hashed with Argon2id.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rotator_domain::Secret;

/// OWASP's first choice for Argon2id: 19 MiB of memory, two passes, one lane
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Hashed once, to be compared with where there is no user: the answer then takes as long as for a user's wrong password.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash(&Secret::new("nobody has this password")).ok());

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub(crate) struct HashError;

/// Hashes a password, in PHC form. Slow on purpose: call it where blocking is allowed.
pub(crate) fn hash(password: &Secret) -> Result<String, HashError> {
    let hashed = argon2()?.hash_password(password.expose().as_bytes()).map_err(|_| HashError)?;
    Ok(hashed.to_string())
}

/// Whether the password has this hash; without a hash it takes as long and is false. Slow on purpose.
pub(crate) fn verify(password: &Secret, hash: Option<&str>) -> bool {
    let text = hash.or(NOBODY.as_deref()).unwrap_or_default();
    let verified = PasswordHash::new(text)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok());
    verified && hash.is_some()
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| HashError)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
}
