//! Who manages the server, and what they may do.

use crate::FieldError;
use crate::validation::short_text;

/// What every admin API token begins with, so that a leaked one is recognised.
pub const ADMIN_TOKEN_PREFIX: &str = "rat-";

/// How many characters of an admin API token are shown later.
const SHOWN: usize = ADMIN_TOKEN_PREFIX.len() + 4;
const LONGEST_NAME: usize = 100;
/// The least characters of a password (NIST SP 800-63B, section 3.1.1.2).
const SHORTEST_PASSWORD: usize = 8;
const LONGEST_PASSWORD: usize = 1000;
/// How the audit log calls tokens, and the server itself: no user may be taken for one of them.
const NOBODYS: [&str; 2] = ["token:", "rotator-server"];

/// What an administrator may do; each one may do all that the ones before it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything but secrets.
    #[default]
    Viewer,
    /// Manages services, keys and client keys.
    Operator,
    /// Manages users and the tokens of others as well, and takes keys out in clear.
    Admin,
}

// === impl Role ===

impl Role {
    /// All of them, the one that may do least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// What the admin API calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The role that a field names.
    ///
    /// # Errors
    /// When it names none.
    pub fn of_field(field: &str, name: &str) -> Result<Self, FieldError> {
        Self::from_name(name).ok_or_else(|| FieldError::new(field, "must be admin, operator or viewer"))
    }
}

/// Refuses what cannot be a new administrator's name: it stands in paths and in the audit log.
///
/// # Errors
/// Names the field `name`.
pub fn check_admin_name(name: &str) -> Result<(), FieldError> {
    short_text("name", name, LONGEST_NAME)?;
    if name.contains(['/', '\\']) || name.trim() != name || matches!(name, "." | "..") {
        return Err(FieldError::new("name", "must not hold slashes, nor begin or end with a space"));
    }
    if NOBODYS.iter().any(|taken| name.starts_with(taken)) {
        return Err(FieldError::new("name", "must not begin as the audit log calls tokens and the server"));
    }
    Ok(())
}

/// Refuses what cannot be a new password.
///
/// # Errors
/// Names `field`.
pub fn check_password(field: &str, password: &str) -> Result<(), FieldError> {
    if (SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&password.chars().count()) {
        return Ok(());
    }
    Err(FieldError::new(field, format!("must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")))
}

/// The part of an admin API token's value that is shown later.
#[must_use]
pub fn admin_token_prefix(value: &str) -> String {
    value.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_ones_before_it_may() {
        assert!(Role::ALL.is_sorted() && Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert_eq!(Role::default(), Role::Viewer);
        for bad in ["", "Admin", "root", "admin "] {
            assert_eq!(Role::of_field("scope", bad).unwrap_err().field, "scope", "{bad}");
        }
    }

    #[test]
    fn a_name_can_stand_in_a_path_and_is_no_token() {
        let long = "n".repeat(LONGEST_NAME);
        for good in ["a", "Jane Doe", "jane@example.org", "密钥", "tokens", long.as_str()] {
            assert_eq!(check_admin_name(good), Ok(()), "{good}");
        }
        let too_long = format!("{long}n");
        for bad in ["", " a", "a ", "a/b", "a\\b", ".", "..", "a\nb", "token:ci", "rotator-server", too_long.as_str()] {
            assert_eq!(check_admin_name(bad).unwrap_err().field, "name", "{bad}");
        }
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        assert!(check_password("password", "密钥密钥密钥密钥").is_ok());
        let endless = "p".repeat(LONGEST_PASSWORD + 1);
        for bad in ["", "seven77", endless.as_str()] {
            assert_eq!(check_password("new_password", bad).unwrap_err().field, "new_password");
        }
    }

    #[test]
    fn a_token_is_known_by_its_first_characters() {
        assert_eq!(admin_token_prefix("rat-abcdefgh"), "rat-abcd");
    }
}
