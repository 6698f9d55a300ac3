//! `tokens ...`.

use reqwest::Method;
use rotator_admin_api::wire::{AdminToken, AdminTokenBody, Message, NewAdminToken};

use crate::api::{Api, NOTHING};
use crate::args::{Expiry, TokensCommand};
use crate::error::CliError;
use crate::output::{Output, table};

pub(super) async fn run(api: &Api, command: TokensCommand, output: Output) -> Result<(), CliError> {
    match command {
        TokensCommand::List => {
            let tokens: Vec<AdminToken> = api.get("tokens").await?;
            output.show(&tokens, || {
                let rows = tokens.iter().map(|token| {
                    let AdminToken { id, name, scope, created_by, created_at, .. } = token.clone();
                    let prefix = if token.prefix.is_empty() { String::new() } else { format!("{}…", token.prefix) };
                    let owner = token.owner.clone().unwrap_or(created_by);
                    let never = |time: &Option<String>| time.clone().unwrap_or_else(|| "never".to_owned());
                    let (expires, used) = (never(&token.expires_at), never(&token.last_used_at));
                    [id.to_string(), name, prefix, scope, owner, created_at, expires, used]
                });
                table(["id", "name", "token", "scope", "of", "made", "expires", "last used"], rows)
            })
        }
        TokensCommand::Create { name, scope, expires, expires_in_days } => {
            let expires_at = expires.map(|Expiry(at)| at);
            let body = AdminTokenBody { name, scope: Some(scope.name().to_owned()), expires_at, expires_in_days };
            let token: NewAdminToken = api.call(Method::POST, "tokens", Some(&body)).await?;
            output.show(&token, || token.token.clone())
        }
        TokensCommand::Delete { id } => {
            let message: Message = api.call(Method::DELETE, &format!("tokens/{id}"), NOTHING).await?;
            output.show(&message, || format!("Deleted token {id}."))
        }
    }
}
