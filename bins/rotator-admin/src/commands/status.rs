//! `status`.

use rotator_admin_api::wire::Status;

use crate::api::Api;
use crate::error::CliError;
use crate::output::{Output, table, yes};

pub(super) async fn run(api: &Api, output: Output) -> Result<(), CliError> {
    let status: Status = api.get("status").await?;
    output.show(&status, || {
        let row = [
            api.server().to_owned(),
            status.version.clone(),
            format!("{} s", status.uptime_seconds),
            yes(status.database),
            status.services.to_string(),
            status.nodes.len().to_string(),
        ];
        table(["server", "version", "up", "database answers", "services", "nodes"], [row])
    })
}
