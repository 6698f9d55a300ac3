//! The modules of a crate, read from its files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Attribute, Item, ItemMacro, UseTree, Visibility};

use super::shown;
use crate::page::in_checkout;

/// One module: what is in it that others might see, and the modules below.
pub(super) struct Module {
    pub(super) items: Vec<Item>,
    children: BTreeMap<String, Module>,
}

// === impl Module ===

impl Module {
    /// The root of the crate in this folder.
    pub(super) fn root(folder: &str) -> Self {
        let sources = in_checkout(folder).join("src");
        Self::read(&sources.join("lib.rs"), &sources)
    }

    #[expect(clippy::panic, reason = "a test fails by panicking")]
    fn read(file: &Path, folder: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::of(parsed.items, folder)
    }

    /// A module of these items, whose files are in this folder.
    fn of(items: Vec<Item>, folder: &Path) -> Self {
        let mut module = Self { items: Vec::new(), children: BTreeMap::new() };
        for item in items {
            match item {
                Item::Mod(below) if is_conditional(&below.attrs) => {}
                Item::Mod(mut below) => {
                    let name = below.ident.to_string();
                    let within = folder.join(&name);
                    let child = match below.content.take() {
                        Some((_, items)) => Self::of(items, &within),
                        None => Self::read(&file_of(folder, &name), &within),
                    };
                    module.children.insert(name, child);
                    module.items.push(Item::Mod(below));
                }
                // What a macro wraps is mostly an item as it stands.
                Item::Macro(made) => match syn::parse2::<syn::File>(made.mac.tokens.clone()) {
                    Ok(items) if made.ident.is_none() => module.items.extend(items.items),
                    _ => module.items.push(Item::Macro(made)),
                },
                other => module.items.push(other),
            }
        }
        module
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.get(name)
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.children.values()
    }

    /// The module at a path of this crate, seen from this one; nothing where it leads into another crate.
    pub(super) fn at<'a>(&'a self, root: &'a Self, path: &[String]) -> Option<&'a Self> {
        let (first, rest) = path.split_first().map_or((None, path), |(first, rest)| (Some(first.as_str()), rest));
        let (begin, rest) = match first {
            Some("crate") => (root, rest),
            Some("self") | None => (self, rest),
            Some(_) => (self, path),
        };
        rest.iter().try_fold(begin, |module, name| module.child(name))
    }

    /// The item of this name that is defined here.
    pub(super) fn defined(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| shown::name(item).is_some_and(|(own, _)| own == name))
    }

    /// The path and the name of what is brought into this module under a name.
    pub(super) fn import(&self, name: &str) -> Option<(Vec<String>, String)> {
        let uses = self.items.iter().filter_map(|item| match item {
            Item::Use(used) => Some(&used.tree),
            _ => None,
        });
        uses.into_iter().find_map(|tree| leaf(tree, name, Vec::new()))
    }

    /// What is shown of an item that no file defines: the macro whose text names it.
    pub(super) fn made_by_macro(&self, name: &str) -> Vec<String> {
        let is_maker = |made: &&ItemMacro| {
            let text = made.mac.tokens.to_string();
            made.ident.is_none() && text.split_whitespace().any(|word| word == name)
        };
        let macros =
            || self.items.iter().filter_map(|item| if let Item::Macro(made) = item { Some(made) } else { None });
        let Some(maker) = macros().find(is_maker) else { return vec!["not found".to_owned()] };
        let maker = maker.mac.path.to_token_stream().to_string();
        let defined = macros().find(|made| made.ident.as_ref().is_some_and(|ident| *ident == maker));
        let text = defined.map(|made| shown::tidy(&made.mac.tokens.to_string()));
        let mut lines = vec![format!("made by `{maker}!`")];
        lines.extend(text);
        lines
    }
}

pub(super) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether something is there in some builds only.
fn is_conditional(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let beside = folder.join(format!("{name}.rs"));
    if beside.exists() { beside } else { folder.join(name).join("mod.rs") }
}

fn leaf(tree: &UseTree, name: &str, mut path: Vec<String>) -> Option<(Vec<String>, String)> {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            leaf(&step.tree, name, path)
        }
        UseTree::Group(group) => group.items.iter().find_map(|tree| leaf(tree, name, path.clone())),
        UseTree::Name(own) => (own.ident == name).then(|| (path, name.to_owned())),
        UseTree::Rename(own) => (own.rename == name).then(|| (path, own.ident.to_string())),
        UseTree::Glob(_) => None,
    }
}
