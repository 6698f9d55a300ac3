//! The list of what a program is made of, as CycloneDX 1.6 has it (ECMA-424).

use serde_json::{Value, json};

use super::origin::Origin;
use super::others::Other;
use super::packages::{Id, Package, Packages};
use super::{Edition, NAME, digest};

/// The list of an edition. Macros, which are in no program, are told to be left out of it.
pub(super) fn document(edition: &Edition, origin: &Origin, packages: &Packages, others: &[Other]) -> Value {
    let program = json!({
        "type": "application",
        "bom-ref": reference(&packages.root),
        "name": format!("{NAME}-{}", edition.name),
        "version": origin.version,
        "description": edition.title,
        "licenses": [{"expression": origin.licence}],
        "properties": [{"name": "revision", "value": origin.revision}],
    });
    let crates = packages.all.iter().filter(|(id, _)| **id != packages.root);
    let crates = crates.map(|(id, package)| component(id, package));
    let components: Vec<Value> = crates.chain(others.iter().map(of_other)).collect();
    let needs = |(id, package): (&Id, &Package)| {
        let mut on: Vec<String> = package.needs.iter().map(reference).collect();
        if *id == packages.root {
            on.extend(others.iter().map(|other| other.url.clone()));
        }
        json!({"ref": reference(id), "dependsOn": on})
    };
    let dependencies: Vec<Value> = packages.all.iter().map(needs).collect();
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(&format!("{} {} {components:?}", edition.name, origin.revision)),
        "version": 1,
        "metadata": {
            "timestamp": origin.created(),
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "cargo xtask dist", "version": origin.version}]},
            "component": program,
        },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(id: &Id, package: &Package) -> Value {
    let (name, version) = id;
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(id),
        "name": name,
        "version": version,
        "scope": if package.is_macro { "excluded" } else { "required" },
        "licenses": [{"expression": package.licence}],
    });
    if !package.is_own {
        component["purl"] = json!(reference(id));
    }
    if let Some(description) = &package.description {
        component["description"] = json!(description);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{"type": "vcs", "url": repository}]);
    }
    component
}

fn of_other(other: &Other) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": other.url,
        "name": other.name,
        "scope": "required",
        "purl": other.url,
        "licenses": [{"expression": other.licence}],
    });
    if !other.version.is_empty() {
        component["version"] = json!(other.version);
    }
    component
}

/// A package URL (ECMA-427). In a version a plus, which separates what it was built of, is written as its code.
fn reference((name, version): &Id) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// A UUID that the same text gives again: of version 8, which leaves it to whoever makes it (RFC 9562).
fn serial_number(text: &str) -> String {
    let sum = digest(text.as_bytes());
    let [first, second, third, fourth, fifth] = [0..8, 8..12, 13..16, 17..20, 20..32].map(|part| &sum[part]);
    format!("urn:uuid:{first}-{second}-8{third}-8{fourth}-{fifth}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;
    use crate::dist::EDITIONS;
    use crate::dist::others::LicenceText;

    fn package(is_own: bool, is_macro: bool, needs: &[&Id]) -> Package {
        Package {
            licence: "MIT".to_owned(),
            description: None,
            repository: Some("https://example.org/one".to_owned()),
            folder: PathBuf::new(),
            is_own,
            is_macro,
            needs: needs.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>(),
        }
    }

    /// A program that stands on a crate, a macro and a package of npm.
    fn example() -> Value {
        let id = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let (server, one, two) = (id("rotator-server", "0.1.0"), id("one", "1.0.0+zlib"), id("two", "2.0.0"));
        let mut packages = Packages { root: server.clone(), ..Packages::default() };
        packages.all.insert(server.clone(), package(true, false, &[&one, &two]));
        packages.all.insert(one.clone(), package(false, false, &[&two]));
        packages.all.insert(two, package(false, true, &[]));
        let others = [Other {
            url: "pkg:npm/%40vue/shared@3.5.0".to_owned(),
            name: "@vue/shared".to_owned(),
            version: "3.5.0".to_owned(),
            licence: "MIT".to_owned(),
            text: LicenceText::Elsewhere,
        }];
        document(&EDITIONS[0], &Origin::example(), &packages, &others)
    }

    #[test]
    fn everything_has_what_the_schema_requires() {
        let list = example();
        let named = |value: &Value, names: &[&str]| {
            let is_text = |name: &&str| value[*name].as_str().is_some_and(|text| !text.is_empty());
            assert!(names.iter().all(is_text), "{names:?} of {value}");
        };
        named(&list, &["bomFormat", "specVersion", "serialNumber"]);
        let metadata = &list["metadata"];
        named(metadata, &["timestamp"]);
        named(&metadata["lifecycles"][0], &["phase"]);
        named(&metadata["tools"]["components"][0], &["type", "name"]);
        named(&metadata["component"]["properties"][0], &["name", "value"]);
        let components = list["components"].as_array().unwrap();
        for component in components.iter().chain([&metadata["component"]]) {
            named(component, &["type", "name", "bom-ref", "version"]);
            // An expression stands alone.
            let [licence] = component["licenses"].as_array().unwrap().as_slice() else { panic!("{component}") };
            named(licence, &["expression"]);
            for reference in component["externalReferences"].as_array().into_iter().flatten() {
                named(reference, &["type", "url"]);
            }
        }
    }

    #[test]
    fn every_reference_is_of_something_that_is_listed_once() {
        let list = example();
        assert_eq!(
            (&list["bomFormat"], &list["specVersion"], &list["version"]),
            (&json!("CycloneDX"), &json!("1.6"), &json!(1))
        );
        assert_eq!(list["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
        let components = list["components"].as_array().unwrap();
        let program = &list["metadata"]["component"];
        let listed: Vec<&Value> = components.iter().chain([program]).map(|component| &component["bom-ref"]).collect();
        assert_eq!(listed.iter().filter_map(|reference| reference.as_str()).collect::<BTreeSet<_>>().len(), 4);
        for dependency in list["dependencies"].as_array().unwrap() {
            let on = dependency["dependsOn"].as_array().unwrap();
            assert!(on.iter().chain([&dependency["ref"]]).all(|reference| listed.contains(&reference)), "{dependency}");
        }
        let purls: Vec<&Value> = components.iter().map(|component| &component["purl"]).collect();
        assert_eq!(purls, ["pkg:cargo/one@1.0.0%2Bzlib", "pkg:cargo/two@2.0.0", "pkg:npm/%40vue/shared@3.5.0"]);
        assert_eq!((&components[0]["scope"], &components[1]["scope"]), (&json!("required"), &json!("excluded")));
        // The schema's pattern of a serial number.
        let serial = list["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
        let lengths: Vec<usize> = serial.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(list, example());
    }
}
