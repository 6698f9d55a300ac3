//! What was measured, and its JSON.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::bench::load::median;
use crate::error::TaskError;

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// Small requests, as many as are served.
    Throughput,
    /// Small requests at a fixed rate.
    Latency,
    /// Requests and answers of 64 KB.
    Bodies,
    /// Streams of 1,000 events.
    Events,
    /// Chats in the upstream's format and in another.
    Conversion,
    /// At rest, and with connections that do nothing.
    Memory,
    /// Streams that stay open, with an event a second each.
    Streams,
}

/// Everything that was measured.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Report {
    /// Of the machine, the programs and the plan: names and values.
    pub(super) about: Vec<(String, String)>,
    pub(super) figures: Vec<Figure>,
    /// What is not there, and why.
    pub(super) left_out: Vec<String>,
}

/// One figure of somebody, of each round.
#[derive(Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) part: Part,
    pub(super) who: String,
    pub(super) measure: String,
    pub(super) rounds: Vec<f64>,
}

// === impl Part ===

impl Part {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

// === impl Report ===

impl Report {
    /// Adds what a round gave.
    pub(super) fn add(&mut self, part: Part, who: &str, measure: &str, value: f64) {
        match self.figures.iter_mut().find(|figure| figure.is(part, who, measure)) {
            Some(figure) => figure.rounds.push(value),
            None => {
                let (who, measure) = (who.to_owned(), measure.to_owned());
                self.figures.push(Figure { part, who, measure, rounds: vec![value] });
            }
        }
    }

    /// All rounds of a figure.
    pub(super) fn rounds(&self, part: Part, who: &str, measure: &str) -> Option<&[f64]> {
        let figure = self.figures.iter().find(|figure| figure.is(part, who, measure))?;
        Some(&figure.rounds)
    }

    /// The median of a figure.
    pub(super) fn median(&self, part: Part, who: &str, measure: &str) -> Option<f64> {
        self.rounds(part, who, measure).map(|rounds| median(rounds.to_vec()))
    }

    /// The median of how often one's figure holds another's in the same round: what disturbs a round disturbs both.
    pub(super) fn ratio(&self, part: Part, measure: &str, who: &str, other: &str) -> Option<f64> {
        let (own, others) = (self.rounds(part, who, measure)?, self.rounds(part, other, measure)?);
        Some(median(own.iter().zip(others).map(|(own, other)| own / other).collect()))
    }

    /// Who was measured in a part, in order.
    pub(super) fn who(&self, part: Part) -> Vec<&str> {
        let mut all = Vec::new();
        for figure in self.figures.iter().filter(|figure| figure.part == part) {
            if !all.contains(&figure.who.as_str()) {
                all.push(&figure.who);
            }
        }
        all
    }

    pub(super) fn to_json(&self) -> Value {
        let about: Vec<Value> = self.about.iter().map(|(name, value)| json!([name, value])).collect();
        let figures: Vec<Value> = self.figures.iter().map(Figure::to_json).collect();
        json!({"about": about, "figures": figures, "left_out": self.left_out})
    }

    /// Reads what `to_json` wrote.
    pub(super) fn from_json(text: &str) -> Result<Self, TaskError> {
        let broken = |what: &str| TaskError::Failed(format!("the measurement is broken: {what}"));
        let document: Value = serde_json::from_str(text).map_err(|error| broken(&error.to_string()))?;
        let list = |name: &str| document[name].as_array().ok_or_else(|| broken(name));
        let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
        let about: Option<_> = list("about")?.iter().map(pair).collect();
        let figures: Option<_> = list("figures")?.iter().map(Figure::from_json).collect();
        let left_out: Option<_> = list("left_out")?.iter().map(|line| line.as_str().map(str::to_owned)).collect();
        Ok(Self {
            about: about.ok_or_else(|| broken("about"))?,
            figures: figures.ok_or_else(|| broken("figures"))?,
            left_out: left_out.ok_or_else(|| broken("left_out"))?,
        })
    }
}

// === impl Figure ===

impl Figure {
    fn is(&self, part: Part, who: &str, measure: &str) -> bool {
        self.part == part && self.who == who && self.measure == measure
    }

    fn to_json(&self) -> Value {
        // Ten thousandths are below what can be measured of any of them.
        let rounds: Vec<f64> = self.rounds.iter().map(|value| (value * 10_000.0).round() / 10_000.0).collect();
        json!({"part": self.part.name(), "who": self.who, "measure": self.measure, "rounds": rounds})
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let rounds: Option<Vec<f64>> = value["rounds"].as_array()?.iter().map(Value::as_f64).collect();
        let part = Part::from_str(value["part"].as_str()?, false).ok()?;
        Some(Self { part, who: text("who")?, measure: text("measure")?, rounds: rounds? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::default();
        for (own, other) in [(10.0, 5.0), (30.0, 10.0), (40.0, 10.0)] {
            report.add(Part::Throughput, "a", "cpu_us", own);
            report.add(Part::Throughput, "b", "cpu_us", other);
        }
        report.about.push(("rounds".to_owned(), "3".to_owned()));
        report.left_out.push("c is missing".to_owned());
        report
    }

    #[test]
    fn figures_are_medians_and_ratios_are_of_the_same_round() {
        let report = report();
        assert_eq!(report.median(Part::Throughput, "a", "cpu_us"), Some(30.0));
        assert_eq!(report.ratio(Part::Throughput, "cpu_us", "a", "b"), Some(3.0));
        assert_eq!(report.ratio(Part::Latency, "cpu_us", "a", "b"), None);
        assert_eq!(report.who(Part::Throughput), ["a", "b"]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let report = report();
        assert_eq!(Report::from_json(&report.to_json().to_string()).unwrap(), report);
        for broken in ["", "{}", r#"{"about":[["a"]],"figures":[],"left_out":[]}"#] {
            assert!(Report::from_json(broken).is_err(), "{broken}");
        }
    }
}
