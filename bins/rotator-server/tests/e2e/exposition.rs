//! The metrics page, read as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

use openmetrics_parser::openmetrics::parse_openmetrics;
use openmetrics_parser::{MetricNumber, OpenMetricsType, OpenMetricsValue, Sample};

use crate::server::Server;

type Parsed = openmetrics_parser::MetricsExposition<OpenMetricsType, OpenMetricsValue>;

/// A page that was valid.
pub(crate) struct Exposition {
    parsed: Parsed,
}

// === impl Exposition ===

impl Exposition {
    /// The metrics of a server, which must be right in every way that a parser can tell.
    pub(crate) async fn of(server: &Server) -> Self {
        let answer = server.get("/metrics").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert_eq!(answer.headers["content-type"], content_type);
        Self::read(&answer.text())
    }

    pub(crate) fn read(text: &str) -> Self {
        let parsed = parse_openmetrics(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(text.ends_with("# EOF\n"), "{text}");
        let exposition = Self { parsed };
        exposition.is_sound(text);
        exposition
    }

    /// What the parser leaves unsaid: everything is described, once, and named as its type and unit want it.
    fn is_sound(&self, text: &str) {
        let described = |word: &str| -> Vec<&str> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("# ")?.strip_prefix(word)?.strip_prefix(' '));
            lines.map(|rest| rest.split(' ').next().unwrap()).collect()
        };
        for word in ["HELP", "TYPE"] {
            let names: BTreeSet<&str> = described(word).into_iter().collect();
            assert_eq!(names.len(), described(word).len(), "{word} twice");
            assert!(self.parsed.families.keys().all(|family| names.contains(family.as_str())), "no {word}: {text}");
        }
        for family in self.parsed.families.values() {
            let name = family.family_name.as_str();
            assert!(name.starts_with("rotator_") || name.starts_with("process_"), "{name}");
            assert!(!name.ends_with("_total"), "{name}");
            assert!(family.help.ends_with('.'), "{name}: {}", family.help);
            let names_unit = ["seconds", "bytes", "dollars"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")));
            let is_histogram = matches!(family.family_type, OpenMetricsType::Histogram);
            let unit = names_unit.filter(|_| !is_histogram).unwrap_or_default();
            assert_eq!(unit, family.unit, "{name}");
            for label in family.get_label_names() {
                let known = ["service", "outcome", "status", "kind", "state", "version", "features"];
                assert!(known.contains(&label.as_str()), "{name}: {label}");
            }
            for sample in family.iter_samples() {
                if let OpenMetricsValue::Histogram(histogram) = &sample.value {
                    let counts: Vec<f64> = histogram.buckets.iter().map(|bucket| float(&bucket.count)).collect();
                    let bounds: Vec<f64> = histogram.buckets.iter().map(|bucket| bucket.upper_bound).collect();
                    assert!(counts.is_sorted() && bounds.is_sorted(), "{name}: {counts:?} {bounds:?}");
                    assert_eq!((bounds[0], bounds[bounds.len() - 1]), (0.005, f64::INFINITY), "{name}");
                    assert_eq!(histogram.count.map(|count| count as f64), counts.last().copied(), "{name}");
                }
            }
        }
    }

    /// What queries may name, with its labels.
    pub(crate) fn names(&self) -> BTreeMap<String, Vec<String>> {
        let mut names = BTreeMap::new();
        for family in self.parsed.families.values().filter(|family| family.iter_samples().next().is_some()) {
            let (name, labels) = (&family.family_name, family.get_label_names().to_vec());
            match family.family_type {
                OpenMetricsType::Counter => drop(names.insert(format!("{name}_total"), labels)),
                OpenMetricsType::Histogram => {
                    let with_bound = labels.iter().cloned().chain(["le".to_owned()]).collect();
                    names.insert(format!("{name}_bucket"), with_bound);
                    names.insert(format!("{name}_sum"), labels.clone());
                    names.insert(format!("{name}_count"), labels);
                }
                _ => drop(names.insert(name.clone(), labels)),
            }
        }
        names
    }

    /// The samples of a family that have these values of labels, added up; of histograms their counts.
    pub(crate) fn sum(&self, family: &str, labels: &[(&str, &str)]) -> f64 {
        let family = self.parsed.families.get(family).unwrap_or_else(|| panic!("no {family}"));
        let has = |sample: &&Sample<OpenMetricsValue>| {
            let own = sample.get_labelset().ok();
            let value = |name: &str| own.as_ref().and_then(|own| own.get_label_value(name));
            labels.iter().all(|(name, expected)| value(name) == Some(expected))
        };
        family.iter_samples().filter(has).map(|sample| number(&sample.value)).sum()
    }
}

fn number(value: &OpenMetricsValue) -> f64 {
    match value {
        OpenMetricsValue::Counter(counter) => float(&counter.value),
        OpenMetricsValue::Gauge(gauge) => float(gauge),
        OpenMetricsValue::Histogram(histogram) => histogram.count.unwrap() as f64,
        other => panic!("{other:?}"),
    }
}

fn float(number: &MetricNumber) -> f64 {
    match number {
        MetricNumber::Float(float) => *float,
        MetricNumber::Int(int) => *int as f64,
    }
}
