//! `check-config`: says what would be used, without a secret.

use rotator_cache_trait::ConversationLimits;

use super::say;
use crate::config::{CacheUrl, Config, RedisSettings};
use crate::error::AppError;
use crate::{backends, master_key};

pub(super) fn run(config: &Config) -> Result<(), AppError> {
    backends::check_cache(&config.cache)?;
    let set = |is_set: bool, otherwise: &str| if is_set { "set".to_owned() } else { otherwise.to_owned() };
    let generated = "not set: generated at the first start";
    let key_file = master_key::path(config).display().to_string();
    say(&format!("listens on      {}", config.listen))?;
    let metrics = config.metrics.listen.map_or_else(|| "at /metrics".to_owned(), |own| format!("on {own}"));
    let shown_to = if config.metrics.token.is_some() { "who shows the token" } else { "everybody" };
    say(&format!("metrics         {metrics}, for {shown_to}"))?;
    say(&format!("database        {:?}", config.database))?;
    say(&format!("cache           {:?}", config.cache))?;
    if config.cache != CacheUrl::Memory {
        let RedisSettings { prefix, connections, timeout } = &config.redis;
        say(&format!("redis           prefix {prefix}, at most {connections} connections, {timeout:?} to answer"))?;
        say(&format!("node            {}", config.node_id))?;
    }
    let ConversationLimits { entries, bytes, time_to_live } = config.conversations;
    say(&format!("conversations   at most {entries}, {bytes} bytes, for {time_to_live:?}"))?;
    say(&format!("master key      {}", set(config.master_key.is_some(), &format!("in {key_file}"))))?;
    say(&format!("admin user      {}", config.admin_username))?;
    say(&format!("admin password  {}", set(config.admin_password.is_some(), generated)))?;
    say(&format!("JWT secret      {}", set(config.jwt_secret.is_some(), generated)))?;
    let keys = config.global_proxy_keys.len();
    say(&format!("client keys     {}", if keys == 0 { generated.to_owned() } else { format!("{keys} set") }))?;
    say(&format!("public address  {}", config.public_base_url.as_deref().unwrap_or("not set")))?;
    say(&format!("features        {}", backends::features().join(", ")))?;
    say("The settings are good.")
}
