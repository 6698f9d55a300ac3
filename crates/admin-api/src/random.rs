//! New random secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rotator_domain::{SealError, Secret};

/// `prefix` and 256 random bits, safe in URLs and headers.
pub(crate) fn secret(prefix: &str) -> Result<Secret, SealError> {
    token::<32>().map(|token| Secret::new(format!("{prefix}{token}")))
}

/// An id that nobody can guess.
pub(crate) fn session_id() -> Result<String, SealError> {
    token::<16>()
}

fn token<const LENGTH: usize>() -> Result<String, SealError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(SealError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
