//! `users ...`.

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// List the users.
    List,
    /// Make a user.
    Create {
        /// The name to log in with.
        name: String,
        /// What they may do.
        #[arg(long, value_enum, default_value_t)]
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
        #[arg(long, value_enum)]
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

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// See everything but secrets.
    #[default]
    Viewer,
    /// Manage services, keys and client keys as well.
    Operator,
    /// Manage users as well, and take keys out in clear.
    Admin,
}

// === impl Role ===

impl Role {
    /// Its name in the API.
    pub(crate) fn name(self) -> String {
        let name = match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        };
        name.to_owned()
    }
}
