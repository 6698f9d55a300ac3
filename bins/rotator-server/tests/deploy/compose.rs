//! The files for Docker Compose.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::{edition, root, words, yaml};
use crate::server::{PORT, PROGRAM, checked, has_command};

const LIGHTWEIGHT: &str = "docker-compose.yml";
const ENTERPRISE: &str = "docker-compose.enterprise.yml";

/// The variables of the server. What Compose puts in is the profile.
fn variables(service: &Value, profile: &str) -> BTreeMap<String, String> {
    let put_in = |value: &Value| value.as_str().unwrap().replace("${COMPOSE_PROFILES:?mysql or postgres}", profile);
    let variables = service["environment"].as_object().unwrap();
    variables.iter().map(|(name, value)| (name.clone(), put_in(value))).collect()
}

/// What holds for the server of both.
fn check_server(document: &Value) -> String {
    let service = &document["services"]["rotator"];
    let edition = edition(service["image"].as_str().unwrap());
    let build = &service["build"];
    assert_eq!(build["args"]["EDITION"], edition);
    assert!(root().join("deploy").join(build["context"].as_str().unwrap()).join("Cargo.toml").is_file());
    assert!(root().join(build["dockerfile"].as_str().unwrap()).is_file());
    let [check, program, command] = words(&service["healthcheck"]["test"])[..] else { panic!("{service}") };
    assert_eq!((check, program), ("CMD", PROGRAM));
    assert!(has_command(command), "{command}");
    let [port] = words(&service["ports"])[..] else { panic!("{service}") };
    assert!(port.starts_with("127.0.0.1:") && port.ends_with(&format!(":{PORT}")), "{port}");
    assert_eq!((&service["read_only"], &service["user"]), (&Value::Bool(true), &"65532:65532".into()));
    let [volume] = words(&service["volumes"])[..] else { panic!("{service}") };
    let (name, place) = volume.split_once(':').unwrap();
    assert_eq!(place, "/data");
    assert!(document["volumes"].as_object().unwrap().contains_key(name));
    edition.to_owned()
}

#[test]
fn one_server_keeps_everything_in_its_volume() {
    let document = yaml(LIGHTWEIGHT);
    assert_eq!(check_server(&document), "lightweight");
    let said = checked(&variables(&document["services"]["rotator"], "")).unwrap();
    for line in ["listens on      0.0.0.0:8000", "database        sqlite:", "/data/master.key"] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn nodes_find_their_database_and_their_redis() {
    let document = yaml(ENTERPRISE);
    assert_eq!(check_server(&document), "enterprise");
    let services = document["services"].as_object().unwrap();
    for profile in ["mysql", "postgres"] {
        assert_eq!(words(&services[profile]["profiles"]), [profile], "the database is called as its profile is");
        let variables = variables(&services["rotator"], profile);
        assert!(services.contains_key(&variables["DB_HOST"]) && services.contains_key(&variables["REDIS_HOST"]));
        let own = &services[profile]["environment"];
        let prefix = profile.to_uppercase();
        let database = if profile == "mysql" { "DATABASE" } else { "DB" };
        for (theirs, ours) in [("USER", "DB_USER"), (database, "DB_NAME"), ("PASSWORD_FILE", "DB_PASSWORD_FILE")] {
            assert_eq!(own[format!("{prefix}_{theirs}")], variables[ours], "{profile}: {theirs}");
        }
        let Some(said) = checked(&variables) else { continue };
        for line in [&format!("database        {profile}:"), "redis           prefix", "master key      set"] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }
}

#[test]
fn every_secret_is_a_file_that_is_made() {
    let document = yaml(ENTERPRISE);
    let secrets = document["secrets"].as_object().unwrap();
    let text = crate::files::text(ENTERPRISE);
    let made = text.split("for name in ").nth(1).unwrap().split(';').next().unwrap();
    for (name, secret) in secrets {
        assert_eq!(secret["file"], format!("secrets/{name}"));
        assert!(made.split(' ').any(|made| made == name), "{name} is made by nobody");
    }
    for (service, settings) in document["services"].as_object().unwrap() {
        let given = words(&settings["secrets"]);
        assert!(given.iter().all(|name| secrets.contains_key(*name)), "{service}");
        // Wherever one is read it is given, and the other way round.
        let read: Vec<&str> = given
            .iter()
            .copied()
            .filter(|name| settings.to_string().contains(&format!("/run/secrets/{name}")))
            .collect();
        assert_eq!(read, given, "{service}");
        let mentioned = settings.to_string().matches("/run/secrets/").count();
        assert!(mentioned >= given.len() && (mentioned == 0) == given.is_empty(), "{service}");
        assert!(settings["healthcheck"]["test"].is_array(), "{service}");
    }
}
