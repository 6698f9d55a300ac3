//! The unit for systemd.

use std::process::Command;

use crate::files::text;
use crate::server::{PROGRAM, knows};

const UNIT: &str = "systemd/rotator-server.service";

#[test]
fn systemd_takes_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rotator-server.service");
    std::fs::write(&file, text(UNIT).replace(PROGRAM, env!("CARGO_BIN_EXE_rotator-server"))).unwrap();
    // Not everywhere is systemd.
    let Ok(output) = Command::new("systemd-analyze").arg("verify").arg(&file).output() else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("rotator-server"), "{said}");
}

#[test]
fn the_unit_starts_the_server_where_it_was_put_and_knows_how_it_ends() {
    let unit = text(UNIT);
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
