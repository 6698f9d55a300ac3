//! `tokens ...`.

use reqwest::Method;
use rotator_admin_api::wire::{AdminToken, AdminTokenBody, Message, NewAdminToken};

use crate::api::{Api, NOTHING};
use crate::args::TokensCommand;
use crate::error::CliError;
use crate::output::{Output, table};

pub(super) async fn run(api: &Api, command: TokensCommand, output: Output) -> Result<(), CliError> {
    match command {
        TokensCommand::List => {
            let tokens: Vec<AdminToken> = api.list("tokens").await?;
            output.show(&tokens, || {
                let rows = tokens.iter().map(|token| {
                    let AdminToken { id, name, created_by, created_at, expires_at } = token.clone();
                    [id.to_string(), name, created_by, created_at, expires_at.unwrap_or_else(|| "never".to_owned())]
                });
                table(["id", "name", "made by", "made", "expires"], rows)
            })
        }
        TokensCommand::Create { name, expires_in_days } => {
            let body = AdminTokenBody { name, expires_in_days };
            let token: NewAdminToken = api.call(Method::POST, "tokens", Some(&body)).await?;
            output.show(&token, || token.token.clone())
        }
        TokensCommand::Delete { id } => {
            let message: Message = api.call(Method::DELETE, &format!("tokens/{id}"), NOTHING).await?;
            output.show(&message, || format!("Deleted token {id}."))
        }
    }
}
