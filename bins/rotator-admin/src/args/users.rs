//! `users ...`.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use rotator_domain::Role;

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// List the users.
    List,
    /// Make a user.
    Create {
        /// The name to log in with.
        name: String,
        /// What they may do: see everything but secrets, manage services and keys as well, or manage users as well.
        #[arg(long, value_parser = role(), default_value = Role::default().name())]
        role: Role,
        /// Where the password stands, env:NAME, file:PATH or - for standard input; asked for when absent.
        #[arg(long, value_name = "SOURCE")]
        password_from: Option<String>,
        /// Make them disabled.
        #[arg(long)]
        disabled: bool,
    },
    /// Change what is named of a user; with another password, or disabled, their sessions end.
    Update {
        /// Their name.
        name: String,
        /// What they may do.
        #[arg(long, value_parser = role())]
        role: Option<Role>,
        /// Where another password stands, env:NAME, file:PATH or - for standard input.
        #[arg(long, value_name = "SOURCE")]
        password_from: Option<String>,
        /// Let them log in.
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Keep them from logging in; their tokens do not work either.
        #[arg(long)]
        disable: bool,
    },
    /// Delete a user with their tokens.
    Delete {
        /// Their name.
        name: String,
        /// Really delete.
        #[arg(long)]
        yes: bool,
    },
    /// Give yourself another password; your other sessions end.
    Password {
        /// Where the password stands that holds now, env:NAME, file:PATH or - for standard input; asked for when absent.
        #[arg(long, value_name = "SOURCE")]
        current_from: Option<String>,
        /// Where the new one stands; asked for when absent.
        #[arg(long, value_name = "SOURCE")]
        new_from: Option<String>,
    },
}

/// Reads a role's name.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    let unknown = "there is no such role";
    PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(move |name| Role::from_name(&name).ok_or(unknown))
}
