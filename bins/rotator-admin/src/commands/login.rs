//! `login` and `logout`.

use reqwest::Method;
use rotator_admin_api::wire::{LoginAnswer, LoginBody, Message};
use serde_json::json;

use crate::api::{Api, NOTHING};
use crate::error::CliError;
use crate::output::Output;
use crate::secret_source::one_secret;
use crate::sessions::Sessions;

pub(super) async fn log_in(
    api: &Api,
    username: String,
    password_from: Option<&str>,
    output: Output,
) -> Result<(), CliError> {
    let password = one_secret(password_from, &format!("Password of {username}: "), "--password-from")?;
    let body = LoginBody { username, password };
    let answer: LoginAnswer = match api.call(Method::POST, "login", Some(&body)).await {
        // The usual advice, to log in, is of no use here.
        Err(CliError::NotLoggedIn(_)) => {
            return Err(CliError::NotLoggedIn("the name or the password is wrong".to_owned()));
        }
        answered => answered?,
    };
    Sessions::new()?.keep(api.server(), answer.access_token)?;
    let summary = json!({"server": api.server(), "expires_in": answer.expires_in});
    output.show(&summary, || format!("Logged in at {} for {} minutes.", api.server(), answer.expires_in / 60))
}

pub(super) async fn log_out(api: &Api, output: Output) -> Result<(), CliError> {
    let answered: Result<Message, CliError> = api.call(Method::POST, "logout", NOTHING).await;
    // A session that has ended by itself is as good as ended.
    if let Err(error) = answered
        && !matches!(error, CliError::NotLoggedIn(_))
    {
        return Err(error);
    }
    Sessions::new()?.forget(api.server())?;
    output.show(&json!({"server": api.server()}), || format!("Logged out at {}.", api.server()))
}
