//! What is shown of an item: its head, then what of it others can use.

use quote::ToTokens;
use syn::{
    Attribute, Fields, Generics, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, ItemTrait, TraitItem, Visibility,
};

use super::modules::is_public;

/// The name and the visibility of an item that has both.
pub(super) fn name(item: &Item) -> Option<(String, &Visibility)> {
    let (ident, visibility) = match item {
        Item::Const(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Fn(item) => (&item.sig.ident, &item.vis),
        Item::Static(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        _ => return None,
    };
    Some((ident.to_string(), visibility))
}

/// The lines of an item, its head first.
pub(super) fn lines(item: &Item) -> Vec<String> {
    match item {
        Item::Const(item) => vec![format!("const {}: {}", item.ident, text(&item.ty))],
        Item::Static(item) => vec![format!("static {}: {}", item.ident, text(&item.ty))],
        Item::Fn(item) => vec![text(&item.sig)],
        Item::Type(item) => vec![format!("type {}{} = {}", item.ident, generics(&item.generics), text(&item.ty))],
        Item::Struct(item) => of_struct(item),
        Item::Enum(item) => of_enum(item),
        Item::Trait(item) => of_trait(item),
        other => vec![text(other)],
    }
}

/// What an `impl` offers: its public items, or that a trait is implemented.
pub(super) fn implementation(of: &ItemImpl) -> Vec<String> {
    if let Some((negative, path, _)) = &of.trait_ {
        let not = if negative.is_some() { "!" } else { "" };
        return vec![format!("impl{} {not}{}{}", generics(&of.generics), text(path), conditions(&of.generics))];
    }
    let offered = of.items.iter().filter_map(|item| match item {
        ImplItem::Fn(own) if is_public(&own.vis) => Some(format!("pub {}", text(&own.sig))),
        ImplItem::Const(own) if is_public(&own.vis) => Some(format!("pub const {}: {}", own.ident, text(&own.ty))),
        ImplItem::Type(own) if is_public(&own.vis) => Some(format!("pub type {} = {}", own.ident, text(&own.ty))),
        _ => None,
    });
    offered.collect()
}

fn of_struct(item: &ItemStruct) -> Vec<String> {
    let mut lines = vec![head("struct", &item.ident.to_string(), &item.generics, &item.attrs)];
    lines.extend(derived(&item.attrs));
    let public = item.fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis));
    lines.extend(public.map(|(number, field)| {
        let name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
        format!("pub {name}: {}", text(&field.ty))
    }));
    lines
}

fn of_enum(item: &ItemEnum) -> Vec<String> {
    let mut lines = vec![head("enum", &item.ident.to_string(), &item.generics, &item.attrs)];
    lines.extend(derived(&item.attrs));
    lines.extend(item.variants.iter().map(|variant| {
        let kinds = |fields: &Fields| {
            let told = fields.iter().map(|field| match &field.ident {
                Some(ident) => format!("{ident}: {}", text(&field.ty)),
                None => text(&field.ty),
            });
            told.collect::<Vec<_>>().join(", ")
        };
        match &variant.fields {
            Fields::Unit => variant.ident.to_string(),
            Fields::Named(_) => format!("{} {{ {} }}", variant.ident, kinds(&variant.fields)),
            Fields::Unnamed(_) => format!("{}({})", variant.ident, kinds(&variant.fields)),
        }
    }));
    lines
}

fn of_trait(item: &ItemTrait) -> Vec<String> {
    let mut first = head("trait", &item.ident.to_string(), &item.generics, &item.attrs);
    if !item.supertraits.is_empty() {
        first.push_str(&format!(": {}", text(&item.supertraits)));
    }
    let own = item.items.iter().map(|item| match item {
        TraitItem::Fn(own) => {
            let default = if own.default.is_some() { " (has a default)" } else { "" };
            format!("{}{default}", text(&own.sig))
        }
        TraitItem::Const(own) => format!("const {}: {}", own.ident, text(&own.ty)),
        TraitItem::Type(own) => format!("type {}: {}", own.ident, text(&own.bounds)),
        other => text(other),
    });
    std::iter::once(first).chain(own).collect()
}

fn head(kind: &str, name: &str, of: &Generics, attributes: &[Attribute]) -> String {
    let closed = attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"));
    let mark = if closed { "non_exhaustive " } else { "" };
    format!("{mark}{kind} {name}{}{}", generics(of), conditions(of))
}

fn generics(of: &Generics) -> String {
    if of.params.is_empty() { String::new() } else { format!("<{}>", text(&of.params)) }
}

fn conditions(of: &Generics) -> String {
    of.where_clause.as_ref().map(|clause| format!(" {}", text(clause))).unwrap_or_default()
}

fn derived(attributes: &[Attribute]) -> Vec<String> {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let lists = derives.filter_map(|attribute| attribute.meta.require_list().ok());
    lists
        .flat_map(|list| {
            list.tokens.to_string().split(',').map(|name| format!("derive {}", tidy(name.trim()))).collect::<Vec<_>>()
        })
        .collect()
}

fn text(tokens: &impl ToTokens) -> String {
    tidy(&tokens.to_token_stream().to_string())
}

/// Tokens as people write them: without the spaces that stand between all of them.
pub(super) fn tidy(tokens: &str) -> String {
    let mut text = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    for (spaced, close) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        ("( ", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
        (" ,", ","),
        (",)", ")"),
        (" ;", ";"),
        (" :", ":"),
        (" (", "("),
        ("->(", "-> ("),
        (",(", ", ("),
        ("=(", "= ("),
        (" !", "!"),
    ] {
        text = text.replace(spaced, close);
    }
    text
}
