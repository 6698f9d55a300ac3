//! `users ...`.

use reqwest::Method;
use rotator_admin_api::wire::{AdminUser, AdminUserBody, AdminUserPatch, Message, PasswordBody};

use super::confirmed;
use crate::api::{Api, NOTHING, segment};
use crate::args::UsersCommand;
use crate::error::CliError;
use crate::output::{Output, table, yes};
use crate::secret_source::one_secret;

const PATH: &str = "users";
const PASSWORD_FROM: &str = "--password-from";

pub(super) async fn run(api: &Api, command: UsersCommand, output: Output) -> Result<(), CliError> {
    match command {
        UsersCommand::List => {
            let users: Vec<AdminUser> = api.get(PATH).await?;
            output.show(&users, || shown(&users))
        }
        UsersCommand::Create { name, role, password_from, disabled } => {
            let password = one_secret(password_from.as_deref(), &format!("Password of {name}: "), PASSWORD_FROM)?;
            let body = AdminUserBody { name, password, role: Some(role.name().to_owned()), disabled };
            let user: AdminUser = api.call(Method::POST, PATH, Some(&body)).await?;
            output.show(&user, || shown(std::slice::from_ref(&user)))
        }
        UsersCommand::Update { name, role, password_from, enable, disable } => {
            let password = match &password_from {
                Some(source) => Some(one_secret(Some(source), "", PASSWORD_FROM)?),
                None => None,
            };
            let disabled = if enable || disable { Some(disable) } else { None };
            let patch = AdminUserPatch { role: role.map(|role| role.name().to_owned()), password, disabled };
            if patch == AdminUserPatch::default() {
                return Err(CliError::Usage("say what to change".to_owned()));
            }
            let user: AdminUser = api.call(Method::PATCH, &path(&name), Some(&patch)).await?;
            output.show(&user, || shown(std::slice::from_ref(&user)))
        }
        UsersCommand::Delete { name, yes } => {
            confirmed(yes, &format!("the user {name} with their tokens"))?;
            let message: Message = api.call(Method::DELETE, &path(&name), NOTHING).await?;
            output.show(&message, || format!("Deleted the user {name}."))
        }
        UsersCommand::Password { current_from, new_from } => {
            let current_password = one_secret(current_from.as_deref(), "Your password: ", "--current-from")?;
            let new_password = one_secret(new_from.as_deref(), "Your new password: ", "--new-from")?;
            let body = PasswordBody { current_password, new_password };
            let message: Message = api.call(Method::PUT, "me/password", Some(&body)).await?;
            output.show(&message, || "Your new password holds, and your other sessions have ended.".to_owned())
        }
    }
}

fn path(name: &str) -> String {
    format!("{PATH}/{}", segment(name))
}

fn shown(users: &[AdminUser]) -> String {
    let rows = users.iter().map(|user| {
        let AdminUser { name, role, disabled, password_set_at } = user.clone();
        [name, role, yes(!disabled), password_set_at]
    });
    table(["name", "role", "enabled", "password set"], rows)
}
