//! What signs messages, as the Standard Webhooks specification says (<https://www.standardwebhooks.com>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use rotator_domain::{SealError, Secret};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes of a new one.
const LENGTH: usize = 32;

/// A secret that signs: `whsec_` and the base64 of its bytes.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

// === impl SigningSecret ===

impl SigningSecret {
    /// A new random one.
    ///
    /// # Errors
    /// [`SealError::Random`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new(vec![0; LENGTH]);
        getrandom::fill(&mut bytes).map_err(SealError::Random)?;
        Ok(Self(bytes))
    }

    /// Reads its text.
    #[must_use]
    pub fn read(text: &Secret) -> Option<Self> {
        let bytes = STANDARD.decode(text.expose().strip_prefix(PREFIX)?).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// Its text, as the one who is told needs it.
    #[must_use]
    pub fn text(&self) -> Secret {
        Secret::new(format!("{PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// The signature of a message that is sent at this second of the Unix epoch.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        // An HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("*****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_published_example_says() {
        let secret = SigningSecret::read(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_ne!(secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_331, r#"{"test": 2432232314}"#), signature);
    }

    #[test]
    fn a_new_one_survives_its_text_and_is_not_shown() {
        let (one, other) = (SigningSecret::generate().unwrap(), SigningSecret::generate().unwrap());
        assert_ne!(one.text(), other.text());
        assert_eq!(one.text().expose().len(), PREFIX.len() + 44);
        let read = SigningSecret::read(&one.text()).unwrap();
        assert_eq!(read.sign("a", 1, "b"), one.sign("a", 1, "b"));
        assert_eq!(format!("{one:?}"), "*****");
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(SigningSecret::read(&Secret::new(text)).is_none(), "{text}");
        }
    }
}
