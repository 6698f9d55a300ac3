//! What a PromQL query asks for.

use std::iter::Peekable;
use std::str::Chars;

/// A metric that a query names, and the labels that it is chosen by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    pub(crate) labels: Vec<String>,
}

/// Words that are no metrics although nothing is called with them.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];
/// Functions that may have a list of labels before what they are called with.
const AGGREGATIONS: [&str; 8] = ["sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile"];
/// Words before a list of labels.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// What Grafana makes of a metric and a label.
const LABEL_VALUES: &str = "label_values";

/// All selectors of a query. Its brackets and quotation marks must match.
pub(crate) fn selectors(query: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = query.chars().peekable();
    let mut depth = 0_i32;
    let mut of_grafana = false;
    while let Some(next) = rest.next() {
        match next {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                assert!(depth >= 0, "{query}");
            }
            '"' => drop(until(&mut rest, '"', query)),
            '[' => drop(until(&mut rest, ']', query)),
            '$' => drop(word(&mut rest, String::new())),
            // The label that follows a metric of Grafana's own function.
            ',' if of_grafana => drop(until(&mut rest, ')', query)),
            digit if digit.is_ascii_digit() => drop(word(&mut rest, String::new())),
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                let word = word(&mut rest, letter.to_string());
                skip_spaces(&mut rest);
                if GROUPINGS.contains(&word.as_str()) {
                    if rest.next_if_eq(&'(').is_some() {
                        until(&mut rest, ')', query);
                    }
                } else if rest.peek() == Some(&'(') {
                    of_grafana = word == LABEL_VALUES;
                } else if !OPERATORS.contains(&word.as_str()) && !AGGREGATIONS.contains(&word.as_str()) {
                    let matchers = rest.next_if_eq(&'{').map(|_| matched_labels(&mut rest, query));
                    found.push(Selector { metric: word, labels: matchers.unwrap_or_default() });
                }
            }
            _ => {}
        }
    }
    assert!(depth == 0 || of_grafana, "{query}");
    found
}

fn word(rest: &mut Peekable<Chars<'_>>, mut word: String) -> String {
    while let Some(next) = rest.next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | ':' | '.')) {
        word.push(next);
    }
    word
}

fn until(rest: &mut Peekable<Chars<'_>>, end: char, query: &str) -> String {
    let mut passed = String::new();
    loop {
        match rest.next() {
            Some(next) if next == end => return passed,
            Some(next) => passed.push(next),
            None => panic!("{query}: no {end}"),
        }
    }
}

fn skip_spaces(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| next.is_whitespace()).is_some() {}
}

fn matched_labels(rest: &mut Peekable<Chars<'_>>, query: &str) -> Vec<String> {
    let mut labels = Vec::new();
    loop {
        match rest.next() {
            Some('}') => return labels,
            Some('"') => drop(until(rest, '"', query)),
            Some(letter) if letter.is_ascii_alphabetic() => labels.push(word(rest, letter.to_string())),
            Some(_) => {}
            None => panic!("{query}: no }}"),
        }
    }
}

#[test]
fn metrics_are_told_from_functions_groupings_and_labels() {
    let query = r#"histogram_quantile(0.95, sum by (le, service) (rate(a_bucket{x="b{c}",y=~"$d"}[5m])))
        / on (instance) group_left 2 * e{z!="f"} > 0.5e3 and g offset 1h or label_replace(h, "i", "$1", "j", "(.*)")"#;
    let found: Vec<(String, Vec<String>)> =
        selectors(query).into_iter().map(|Selector { metric, labels }| (metric, labels)).collect();
    let expected = [("a_bucket", &["x", "y"][..]), ("e", &["z"]), ("g", &[]), ("h", &[])];
    let expected = expected.map(|(metric, labels)| (metric.to_owned(), labels.iter().map(|&l| l.to_owned()).collect()));
    assert_eq!(found, expected);
    let of_grafana = selectors("label_values(a_total, service)");
    assert_eq!(of_grafana, [Selector { metric: "a_total".to_owned(), labels: Vec::new() }]);
}
