//! The tables, one file each: the row, and the way between it and the domain's types.

pub(crate) mod admin_token;
pub(crate) mod admin_user;
pub(crate) mod audit_entry;
pub(crate) mod client_key;
pub(crate) mod config_change;
pub(crate) mod config_epoch;
pub(crate) mod ended_session;
pub(crate) mod id_sequence;
pub(crate) mod key_state;
mod policy;
pub(crate) mod price;
pub(crate) mod request_body;
pub(crate) mod request_log;
pub(crate) mod request_log_end;
pub(crate) mod service;
pub(crate) mod setting;
pub(crate) mod upstream_key;
pub(crate) mod webhook;
pub(crate) mod webhook_alarm;
pub(crate) mod webhook_delivery;

use rotator_domain::{Digest, Role};

use crate::error::CorruptRow;

/// A digest as it is stored: its 32 bytes.
fn digest(table: &'static str, id: i64, bytes: Vec<u8>) -> Result<Digest, CorruptRow> {
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| CorruptRow::new(table, id, "a digest has 32 bytes"))?;
    Ok(Digest(bytes))
}

/// A role under its name.
fn role(table: &'static str, id: impl ToString, name: &str) -> Result<Role, CorruptRow> {
    Role::from_name(name).ok_or_else(|| CorruptRow::new(table, id, "there is no such role"))
}
