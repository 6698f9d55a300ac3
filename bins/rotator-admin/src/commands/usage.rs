//! `usage`.

use std::collections::BTreeSet;

use rotator_admin_api::wire::{UsageGroup, UsageReport};
use rotator_domain::Figure;

use super::logs::dollars;
use crate::api::Api;
use crate::args::{Dimension, UsageArgs};
use crate::error::CliError;
use crate::names::Names;
use crate::output::{Output, table_of, write_line};

/// What a model is called that was not named, and a key that had no part.
const NONE: &str = "-";

pub(super) async fn run(api: &Api, arguments: UsageArgs, output: Output) -> Result<(), CliError> {
    let is_csv = arguments.csv;
    let mut by: BTreeSet<Dimension> = arguments.by.iter().copied().collect();
    if by.contains(&Dimension::Key) {
        // A key belongs to one service, by which its name is found.
        by.insert(Dimension::Service);
    }
    let query = query(api, arguments, &by).await?;
    let report: UsageReport = api.ask("usage", &query).await?;
    let mut names = Names::new(api);
    let mut places = Vec::with_capacity(report.groups.len());
    for group in &report.groups {
        places.push(place(&mut names, group, &by).await?);
    }
    let dimensions: Vec<&str> = by.iter().map(|dimension| dimension.name()).collect();
    if is_csv {
        return write_csv(&dimensions, &places, &report.groups);
    }
    output.show(&report, || {
        let head =
            dimensions.into_iter().chain(["requests", "errors", "attempts", "input", "output", "cost", "mean time"]);
        let rows =
            places.iter().zip(&report.groups).map(|(place, group)| [place.clone(), columns(group).into()].concat());
        let shown = table_of(head, rows);
        let cut = if report.is_cut { "\nThere are more; say --limit to see them." } else { "" };
        format!("{shown}\nFrom {} until {}.{cut}", report.since, report.until)
    })
}

async fn query(
    api: &Api,
    arguments: UsageArgs,
    by: &BTreeSet<Dimension>,
) -> Result<Vec<(&'static str, String)>, CliError> {
    let UsageArgs { span, subject, grain, limit, .. } = arguments;
    let by = by.iter().map(|dimension| dimension.name()).collect::<Vec<_>>().join(",");
    let mut query = subject.into_query(api).await?;
    query.extend(span.into_query());
    query.push(("by", by));
    query.extend(grain.map(|grain| ("grain", grain)));
    query.extend(limit.map(|limit| ("limit", limit.to_string())));
    Ok(query)
}

/// What a group's figures are of, in words.
async fn place(names: &mut Names<'_>, group: &UsageGroup, by: &BTreeSet<Dimension>) -> Result<Vec<String>, CliError> {
    let mut place = Vec::with_capacity(by.len());
    for dimension in by {
        place.push(match dimension {
            Dimension::Time => group.at.clone().unwrap_or_default(),
            Dimension::Service => match group.service {
                Some(service) => names.service(service).await?,
                None => String::new(),
            },
            Dimension::Key => match (group.service, group.key.flatten()) {
                (Some(service), Some(key)) => names.key(service, key).await?,
                _ => NONE.to_owned(),
            },
            Dimension::Client => names.client(group.client.flatten()).await?,
            Dimension::Model => group.model.clone().flatten().unwrap_or_else(|| NONE.to_owned()),
        });
    }
    Ok(place)
}

fn figure(group: &UsageGroup, name: &str) -> u64 {
    group.figures.get(name).copied().unwrap_or_default()
}

fn columns(group: &UsageGroup) -> [String; 7] {
    let figure = |name| figure(group, name);
    let errors: u64 =
        group.figures.iter().filter(|(name, _)| name.starts_with("errors_")).map(|(_, count)| count).sum();
    let mean = figure("duration_millis").checked_div(figure("requests"));
    let unpriced = if figure("unpriced") > 0 { " and more" } else { "" };
    [
        figure("requests").to_string(),
        errors.to_string(),
        figure("attempts").to_string(),
        figure("input_tokens").to_string(),
        figure("output_tokens").to_string(),
        format!("{}{unpriced}", dollars(figure("cost_nanodollars"))),
        mean.map(|mean| format!("{mean} ms")).unwrap_or_default(),
    ]
}

fn write_csv(dimensions: &[&str], places: &[Vec<String>], groups: &[UsageGroup]) -> Result<(), CliError> {
    let names = Figure::ALL.map(Figure::name);
    let head = dimensions.iter().chain(&names).map(|name| field(name));
    write_line(&head.collect::<Vec<_>>().join(","))?;
    for (place, group) in places.iter().zip(groups) {
        let figures = names.iter().map(|name| figure(group, name).to_string());
        let fields = place.iter().map(|text| field(text)).chain(figures);
        write_line(&fields.collect::<Vec<_>>().join(","))?;
    }
    Ok(())
}

/// A field of CSV (RFC 4180, section 2).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        for (text, expected) in
            [("a b", "a b"), ("a,b", "\"a,b\""), ("say \"a\"", "\"say \"\"a\"\"\""), ("a\nb", "\"a\nb\""), ("", "")]
        {
            assert_eq!(field(text), expected);
        }
    }
}
