//! The public items of a crate as its sources say them, one block an item.
//!
//! It is read from the text, so that it needs no special compiler, and so it knows less than one: what is behind a feature is left out,
//! auto traits (`Send`, `Sync`) are not seen, and of an item that a macro makes, the macro is shown.

mod modules;
mod shown;

use std::collections::BTreeMap;

use syn::{Item, Type, UseTree};

use self::modules::{Module, is_public};

/// The items by the path under which others find them, with what is shown of each.
type Found = BTreeMap<String, Vec<String>>;

/// The public items of the crate in this folder of the checkout.
///
/// # Panics
/// When a source file cannot be read.
#[must_use]
pub fn public_api(folder: &str) -> String {
    let root = Module::root(folder);
    let mut found = Found::new();
    walk(&root, &root, "", &mut found);
    implementations(&root, &mut found);
    let mut text = String::new();
    for (path, mut lines) in found {
        let first = lines.remove(0);
        lines.sort();
        lines.dedup();
        text.push_str(&format!("{path}: {first}\n"));
        text.extend(lines.iter().map(|line| format!("    {line}\n")));
    }
    text
}

/// Finds what a module shows to others.
fn walk(root: &Module, module: &Module, prefix: &str, found: &mut Found) {
    for item in &module.items {
        match item {
            Item::Mod(below) if is_public(&below.vis) => {
                if let Some(child) = module.child(&below.ident.to_string()) {
                    walk(root, child, &format!("{prefix}{}::", below.ident), found);
                }
            }
            Item::Use(used) if is_public(&used.vis) => follow(root, module, &used.tree, &mut Vec::new(), prefix, found),
            item => {
                if let Some((name, visibility)) = shown::name(item)
                    && is_public(visibility)
                {
                    found.insert(format!("{prefix}{name}"), shown::lines(item));
                }
            }
        }
    }
}

/// Finds what a `pub use` shows to others.
fn follow<'a>(
    root: &'a Module,
    module: &'a Module,
    tree: &UseTree,
    path: &mut Vec<String>,
    prefix: &str,
    found: &mut Found,
) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            follow(root, module, &step.tree, path, prefix, found);
            path.pop();
        }
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| follow(root, module, tree, path, prefix, found));
        }
        UseTree::Name(name) => show(root, module, path, &name.ident.to_string(), None, prefix, found),
        UseTree::Rename(name) => {
            show(root, module, path, &name.ident.to_string(), Some(&name.rename.to_string()), prefix, found);
        }
        UseTree::Glob(_) => {
            if let Some(target) = module.at(root, path) {
                walk(root, target, prefix, found);
            }
        }
    }
}

/// Shows the item at a path, wherever it is defined.
fn show(
    root: &Module,
    module: &Module,
    path: &[String],
    name: &str,
    renamed: Option<&str>,
    prefix: &str,
    found: &mut Found,
) {
    let shown_as = format!("{prefix}{}", renamed.unwrap_or(name));
    let Some(target) = module.at(root, path) else {
        found.insert(shown_as, vec![format!("use {}::{name}", path.join("::"))]);
        return;
    };
    if let Some(child) = target.child(name) {
        walk(root, child, &format!("{shown_as}::"), found);
        return;
    }
    match target.defined(name) {
        Some(item) => {
            found.insert(shown_as, shown::lines(item));
        }
        None => {
            // A module may have it from another one, or from a macro.
            match target.import(name) {
                Some((further, original)) => {
                    show(root, target, &further, &original, Some(renamed.unwrap_or(name)), prefix, found);
                }
                None => {
                    found.insert(shown_as, target.made_by_macro(name));
                }
            }
        }
    }
}

/// Adds what is implemented for the items that were found, wherever in the crate it is.
fn implementations(module: &Module, found: &mut Found) {
    for item in &module.items {
        let Item::Impl(implementation) = item else { continue };
        let Type::Path(of) = implementation.self_ty.as_ref() else { continue };
        let Some(name) = of.path.segments.last().map(|segment| segment.ident.to_string()) else { continue };
        let lines = shown::implementation(implementation);
        for (path, known) in &mut *found {
            if path.rsplit("::").next() == Some(name.as_str()) {
                known.extend(lines.iter().cloned());
            }
        }
    }
    module.children().for_each(|child| implementations(child, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_through_every_way_that_leads_to_them() {
        let api = public_api("crates/reference/tests/sample");
        let expected = "\
Made: made by `thing!`
Opaque: struct Opaque
    impl Clone
    pub fn open(&self) -> u8
Renamed: fn hidden(text: &str) -> Option<u8>
Shape: enum Shape
    Circle { radius: u8 }
    Square(u8, u8)
    derive Debug
Speaks: trait Speaks: Send
    fn loud(&self) -> bool (has a default)
    fn say<'a>(&'a self, text: &'a str) -> Result<(), String>
inner::LIMIT: const LIMIT: usize
inner::Pair: struct Pair<T>
    pub first: T
Path: use std::path::Path
";
        let sorted = |text: &str| {
            let mut blocks: Vec<String> = text.replace("\n    ", "\u{1}").lines().map(str::to_owned).collect();
            blocks.sort();
            blocks.join("\n").replace('\u{1}', "\n    ")
        };
        assert_eq!(sorted(&api), sorted(expected));
    }
}
