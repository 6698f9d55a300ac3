//! The Dockerfile makes the image that `cargo xtask dist` writes.

use std::collections::BTreeMap;

use crate::files::{features, root, text};
use crate::server::{PORT, PROGRAM, checked, has_command};

#[test]
fn the_image_runs_the_server_of_an_edition_as_nobody() {
    let text = text("docker/Dockerfile").replace("\\\n", " ");
    let last = text.rsplit("\nFROM ").next().unwrap();
    let instruction = |name: &str| -> &str {
        let mut found = last.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.next().unwrap_or_else(|| panic!("no {name}")).trim()
    };
    assert!(last.starts_with("scratch\n"));
    assert_eq!(instruction("USER"), "65532:65532");
    assert_eq!(instruction("EXPOSE"), PORT.to_string());
    assert_eq!((instruction("VOLUME"), instruction("WORKDIR")), ("/data", "/data"));
    assert_eq!(instruction("ENTRYPOINT"), format!("[\"{PROGRAM}\"]"));
    let health = instruction("HEALTHCHECK");
    let words: Vec<&str> = health.split('"').collect();
    assert_eq!(words[1], PROGRAM);
    assert!(has_command(words[3]), "{health}");
    let mut variables: BTreeMap<String, String> = instruction("ENV")
        .split_whitespace()
        .map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap())
        .collect();
    // What TLS reads is no setting.
    assert_eq!(variables.remove("SSL_CERT_FILE").unwrap(), "/etc/ssl/certs/ca-certificates.crt");
    let said = checked(&variables).unwrap();
    assert!(said.contains("0.0.0.0:8000") && said.contains("/data/master.key"), "{said}");
    // The image that is written without Docker has the same variables.
    let written = std::fs::read_to_string(root().join("xtask/src/dist/image.rs")).unwrap();
    assert!(variables.keys().all(|name| written.contains(&format!("{name}="))));
}

#[test]
fn what_is_copied_and_named_is_there() {
    let text = text("docker/Dockerfile");
    let arguments: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("ARG EDITION=")).collect();
    assert!(arguments.len() == 2 && arguments.iter().all(|edition| features().iter().any(|name| name == edition)));
    let copied = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    for line in copied {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.pop();
        assert!(words.iter().all(|path| root().join(path).exists()), "{line}");
    }
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(text.contains("--profile dist") && manifest.contains("\n[profile.dist]\n"));
    // The editions that the file's head builds.
    let built: Vec<&str> =
        text.split("--build-arg EDITION=").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
    assert_eq!(built, ["lightweight", "enterprise"]);
}
