//! What each command does, one file a noun.

mod apply;
mod audit;
mod client_keys;
mod filters;
mod keys;
mod log_level;
mod login;
mod logs;
mod prices;
mod services;
mod status;
mod tail;
mod tokens;
mod top;
mod usage;
mod users;
mod webhooks;

use clap::CommandFactory;
use tokio::runtime::Builder;

use crate::api::Api;
use crate::args::{Args, Command};
use crate::error::CliError;
use crate::output::Output;
use crate::secret_source::{read_text, variable};
use crate::sessions::Sessions;

/// The variable that holds an API token.
const TOKEN: &str = "ROTATOR_TOKEN";

/// Does what was asked for.
pub(crate) fn run(args: Args) -> Result<(), CliError> {
    if let Command::Completions { shell } = args.command {
        clap_complete::generate(shell, &mut Args::command(), "rotator-admin", &mut std::io::stdout().lock());
        return Ok(());
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::Usage(format!("no runtime can be made: {error}")))?;
    runtime.block_on(dispatch(args))
}

async fn dispatch(args: Args) -> Result<(), CliError> {
    let output = Output::new(args.output);
    if let Command::Login { username, password_from } = args.command {
        return login::log_in(&Api::new(&args.server, None)?, username, password_from.as_deref(), output).await;
    }
    let api = Api::new(&args.server, token(&args)?)?;
    match args.command {
        Command::Logout => login::log_out(&api, output).await,
        Command::Status => status::run(&api, output).await,
        Command::LogLevel { level } => log_level::run(&api, level, output).await,
        Command::Services(command) => services::run(&api, command, output).await,
        Command::Keys(command) => keys::run(&api, command, output).await,
        Command::ClientKeys(command) => client_keys::run(&api, command, output).await,
        Command::Tokens(command) => tokens::run(&api, command, output).await,
        Command::Users(command) => users::run(&api, command, output).await,
        Command::Audit(arguments) => audit::run(&api, arguments, output).await,
        Command::Logs(arguments) => logs::run(&api, arguments, output).await,
        Command::Tail { filters } => tail::run(&api, filters, output).await,
        Command::Usage(arguments) => usage::run(&api, arguments, output).await,
        Command::Top(arguments) => top::run(api, arguments, output).await,
        Command::Prices(command) => prices::run(&api, command, output).await,
        Command::Webhooks(command) => webhooks::run(&api, command, output).await,
        Command::Apply { file, dry_run } => apply::run(&api, &file, dry_run, output).await,
        Command::Login { .. } | Command::Completions { .. } => Ok(()),
    }
}

/// The token to show: from the file that was named, the environment or the last login.
fn token(args: &Args) -> Result<Option<String>, CliError> {
    if let Some(file) = &args.token_file {
        return read_text(file).map(|text| Some(text.trim().to_owned()));
    }
    match variable(TOKEN)? {
        Some(token) => Ok(Some(token)),
        None => Sessions::new()?.token(args.server.trim_end_matches('/')),
    }
}

/// Deleting asks for a word more.
fn confirmed(yes: bool, what: &str) -> Result<(), CliError> {
    if yes { Ok(()) } else { Err(CliError::Usage(format!("this deletes {what}; say --yes if you mean it"))) }
}
