//! That the page which this program's command line fills says what it takes.

use clap::CommandFactory;
use rotator_reference::{check, commands};

use crate::args::Args;

const HEAD: &str = "# rotator-admin

The options of `rotator-admin` itself hold for every command. `ROTATOR_SERVER` and `ROTATOR_TOKEN` are in the [environment](environment.md#others).

";

#[test]
fn the_reference_of_the_commands_is_not_stale() {
    check("docs/reference/rotator-admin.md", &format!("{HEAD}{}", commands(&Args::command())));
}
