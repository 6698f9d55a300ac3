//! That the pages which this program's command line fills say what it takes.

use clap::CommandFactory;
use rotator_reference::{check, commands, read, settings};

use crate::args::Args;

const ENVIRONMENT: &str = "# Environment

Every setting of `rotator-server` is an environment variable, also read from `.env` in the folder it starts in, and a flag of the same name
(`BACKEND_PORT` is `--backend-port`). What stands in the environment goes before `.env`, and a flag before both. A variable that is empty counts
as not set. `rotator-server check-config` says what would be used, and a bad value ends the start with exit code 64 and one line that names
the variable. Numbers of seconds may have a fraction.

The [README](../../README.md#settings) says how the database and the cache follow from the variables, and which parameters a database's URL takes.

";

/// What is read of the environment beside the settings.
const OTHERS: &str = "
## Others

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
fn the_readme_tells_the_defaults_of_the_code() {
    let told = read("README.md");
    let mut compared = 0;
    for row in settings(&Args::command()).lines().skip(2) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let (name, default) = (cells[0], cells[1]);
        let is_value = default.starts_with('`');
        let Some(line) = told.lines().find(|line| line.starts_with(&format!("{name} |"))).filter(|_| is_value) else {
            continue;
        };
        assert!(line.starts_with(&format!("{name} | {default} |")), "the code says {default}: {line}");
        compared += 1;
    }
    assert!(compared > 20, "{compared} settings were compared");
}
