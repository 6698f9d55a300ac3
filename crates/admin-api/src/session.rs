//! Sessions as signed tokens (JWT, RFC 7519, with HMAC-SHA-256).

mod signature;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rotator_domain::{Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// What a session token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user's name.
    pub(crate) sub: String,
    /// The session's id.
    pub(crate) jti: String,
    /// The epoch of the user's sessions in which it began; those of versions that had none began in the first.
    #[serde(default)]
    pub(crate) epoch: i64,
    /// When it began, in seconds since the epoch.
    pub(crate) iat: i64,
    /// When it ends, in seconds since the epoch.
    pub(crate) exp: i64,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the session could not be signed")]
pub(crate) struct SignError(#[source] jsonwebtoken::errors::Error);

/// Signs a session.
pub(crate) fn sign(claims: &Claims, secret: &Secret) -> Result<String, SignError> {
    signature::install();
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).map_err(SignError)
}

/// Reads a session token; `None` when it is not ours or has expired by `now`.
pub(crate) fn read(token: &str, secret: &Secret, now: Timestamp) -> Option<Claims> {
    signature::install();
    let mut validation = Validation::new(Algorithm::HS256);
    // The time is passed in, so it is compared here.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(secret.expose().as_bytes());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).ok()?.claims;
    (claims.exp.saturating_mul(1000) > now.as_millis()).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims { sub: "admin".into(), jti: "1".into(), epoch: 7, iat: 0, exp: 10 }
    }

    #[test]
    fn a_token_is_read_until_it_expires() {
        let secret = Secret::new("s".repeat(32));
        let token = sign(&claims(), &secret).unwrap();
        assert_eq!(read(&token, &secret, Timestamp::from_millis(9_999)), Some(claims()));
        assert_eq!(read(&token, &secret, Timestamp::from_millis(10_000)), None);
        assert_eq!(read(&token, &Secret::new("t".repeat(32)), Timestamp::EPOCH), None);
        assert_eq!(read("a.b.c", &secret, Timestamp::EPOCH), None);
    }

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of RFC 7515, appendix A.1.
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==";
        let key = DecodingKey::from_base64_secret(key).unwrap();
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                       eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signed = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        signature::install();
        let is_signed = |signed| jsonwebtoken::crypto::verify(signed, message.as_bytes(), &key, Algorithm::HS256);
        assert!(is_signed(signed).unwrap());
        assert!(!is_signed(&signed.replace("EjXk", "EjYk")).unwrap());
        let other = jsonwebtoken::crypto::verify(signed, message.as_bytes(), &key, Algorithm::HS384);
        assert!(other.is_err());
    }

    #[test]
    fn an_unsigned_token_is_nobodys() {
        // {"alg":"none","typ":"JWT"} . {"sub":"admin","jti":"1","iat":0,"exp":9999999999}
        let token = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\
                     eyJzdWIiOiJhZG1pbiIsImp0aSI6IjEiLCJpYXQiOjAsImV4cCI6OTk5OTk5OTk5OX0.";
        assert_eq!(read(token, &Secret::new("s".repeat(32)), Timestamp::EPOCH), None);
    }
}
