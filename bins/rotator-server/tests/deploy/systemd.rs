//! The unit for systemd.

use crate::files::text;
use crate::server::{PROGRAM, knows};

#[test]
fn the_unit_starts_the_server_where_it_was_put_and_knows_how_it_ends() {
    let unit = text("systemd/rotator-server.service");
    let settings: Vec<(&str, &str)> =
        unit.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
    let is_set = |name: &str, value: &str| settings.contains(&(name, value));
    assert!(is_set("ExecStart", PROGRAM));
    // What a bad setting ends with.
    assert!(is_set("RestartPreventExitStatus", "64"));
    assert!(is_set("WorkingDirectory", "/var/lib/rotator-server") && is_set("StateDirectory", "rotator-server"));
    for hardening in
        ["NoNewPrivileges", "DynamicUser", "PrivateDevices", "RestrictNamespaces", "MemoryDenyWriteExecute"]
    {
        assert!(is_set(hardening, "yes"), "{hardening}");
    }
    // The variable of the example.
    let (_, example) = unit.split_once("Environment=").unwrap();
    let (variable, file) = example.lines().next().unwrap().split_once('=').unwrap();
    assert!(knows(variable), "{variable}");
    let credential = file.strip_prefix("%d/").unwrap();
    assert!(unit.contains(&format!("LoadCredential={credential}:")));
}
