//! That the pages which this program's command line fills say what it takes.

use clap::CommandFactory;
use rotator_reference::{check, commands, read, settings};

use crate::args::Args;

const ENVIRONMENT: &str = "# Environment

Every setting of `rotator-server` is an environment variable, also read from `.env` in the folder it starts in, and a flag of the same name
(`BACKEND_PORT` is `--backend-port`). What stands in the environment goes before `.env`, and a flag before both. A variable that is empty counts
as not set. The value of `NAME` may stand in a file that `NAME_FILE` names, without the line break at its end; a variable that is set both ways,
and a file that cannot be read, end the start. `rotator-server check-config` says what would be used, and a bad value ends the start with exit
code 64 and one line that names the variable. Numbers of seconds may have a fraction.

";

/// What follows from several settings together, and what is read of the environment beside them.
const OTHERS: &str = "
## Database and cache

The database is the SQLite file, or what `DATABASE_URL` names (of the parameters of Go's two forms `tls` counts), or what `DB_TYPE`, `DB_HOST`,
`DB_PORT`, `DB_USER`, `DB_PASSWORD` and `DB_NAME` say; a host or a user alone means MySQL. `REDIS_URL`, `REDIS_HOST` or `REDIS_PORT` mean Redis
where `CACHE_TYPE` does not decide, else this process keeps the state.

Parameters of the database's URL (paths and other values percent-encoded):

| | MySQL, MariaDB | PostgreSQL |
|---|---|---|
| TLS where the server offers it, no certificate checked (the default) | `ssl-mode=PREFERRED` | `sslmode=prefer` |
| never, always | `ssl-mode=DISABLED`, `REQUIRED` | `sslmode=disable`, `require` |
| always, and the certificate is checked; its name as well | `ssl-mode=VERIFY_CA`; `VERIFY_IDENTITY` | `sslmode=verify-ca`; `verify-full` |
| the authority in PEM, in place of the system's | `ssl-ca=FILE` | `sslrootcert=FILE` |
| this server's own certificate and key | `ssl-cert=FILE`, `ssl-key=FILE` | `sslcert=FILE`, `sslkey=FILE` |
| a Unix socket | `socket=FILE` | `host=FOLDER` |

## Others

All but the last two rows may stand in files as settings do: `ROTATOR_TOKEN_FILE`, `OTEL_EXPORTER_OTLP_HEADERS_FILE`.

| variable | read by | meaning |
|---|---|---|
| `ROTATOR_EXPORT_PASSPHRASE` | `rotator-server export`, `import` | the passphrase of the file, where no `--passphrase-file` names one; else it is asked for |
| `OTEL_*` | `rotator-server` built with the feature `otel` | where traces go, as [OpenTelemetry's SDK](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) reads it; `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` turns them on |
| `ROTATOR_SERVER` | `rotator-admin` | the server's address |
| `ROTATOR_TOKEN` | `rotator-admin` | an API token in place of the login |
| `XDG_CONFIG_HOME`, `HOME` | `rotator-admin` | where the login is kept: `rotator-admin` in the first, else in `.config` of the second |
| `NO_COLOR` | `rotator-admin top`, `tail` | no colours |
";

const COMMANDS: &str = "# rotator-server

Every command takes the [settings](environment.md) as flags as well. Exit codes: 0 done, 64 a setting cannot be used, 2 the arguments make no
sense, 1 anything else.

";

#[test]
fn the_reference_of_the_environment_is_not_stale() {
    let page = format!("{ENVIRONMENT}{}{OTHERS}", settings(&Args::command()));
    check("docs/reference/environment.md", &page);
}

#[test]
fn the_reference_of_the_commands_is_not_stale() {
    // The settings are in a page of their own.
    let program = Args::command().mut_args(|argument| {
        let is_setting = argument.get_env().is_some();
        argument.hide(is_setting)
    });
    check("docs/reference/rotator-server.md", &format!("{COMMANDS}{}", commands(&program)));
}

#[test]
fn the_settings_of_the_readme_are_those_of_the_code() {
    let (code, readme) = (settings(&Args::command()), read("README.md"));
    let (_, section) = readme.split_once("\n## Settings\n").unwrap();
    let told: Vec<&str> = section.lines().take_while(|line| !line.starts_with("## ")).collect();
    let told = told.iter().filter(|line| line.starts_with("| `"));
    let mut compared = 0;
    for line in told {
        let [name, default] = [0, 1].map(|cell| line.split(" | ").nth(cell).unwrap());
        let row = code
            .lines()
            .find(|row| row.starts_with(&format!("{name} |")))
            .unwrap_or_else(|| panic!("no setting: {line}"));
        let own = row.split(" | ").nth(1).unwrap();
        // A default that is no value may be told in other words.
        assert!(own == default || !own.starts_with('`'), "the code says {own}: {line}");
        compared += 1;
    }
    assert!(compared > 5, "{compared} settings were compared");
}
