//! What is said in one format, told in another one and told back, is the same, or its loss has a name.
//!
//! Conversations and answers are made up, written in a format A, and go from A to B and back to A. [`abilities`] says what each
//! format can say: what both can is kept, and of all else each thing that is missing is named.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use abilities::{Circumstances, Concept, Otherwise};
use facts::{Fact, facts, missing};
use proptest::prelude::*;
use rotator_domain::Format;
use rotator_format_converters::ir::Request;
use trips::{FORMATS, Trip, pairs};

mod abilities;
mod answer_facts;
mod facts;
mod made_up;
mod made_up_answers;
mod signatures;
mod trips;

/// A model that nobody knows: it takes what its format has.
const UNKNOWN: &str = "house-model";
/// Models that take less than their formats have, or want to be told in another way.
const KNOWN: [&str; 9] = [
    "gpt-4.1",
    "gpt-5.1",
    "claude-3-5-haiku",
    "claude-sonnet-4-5",
    "claude-opus-4-8",
    "claude-haiku-5-5",
    "gemini-2.0-flash",
    "gemini-2.5-pro",
    "gemini-3-pro-preview",
];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

/// Each thing that is missing after the trip is named, or stands there in another shape that says the same.
fn check_named(before: &[Fact], trip: &Trip) -> Result<(), TestCaseError> {
    let after = facts(&trip.after);
    for fact in missing(before, &after) {
        let is_named = |names: &[&str]| names.iter().any(|name| trip.losses.iter().any(|lost| lost == name));
        let is_told = match fact.concept.otherwise() {
            Otherwise::Named(names) => is_named(names),
            Otherwise::NamedAsItself => is_named(&[fact.value.as_str()]),
            Otherwise::As(concept) => after.contains(&Fact { concept, value: fact.value.clone() }),
            Otherwise::Reshaped => true,
            Otherwise::Refused => false,
        };
        prop_assert!(is_told, "{fact:?} vanished; named: {:?}\n{}", trip.losses, trip.shown());
    }
    Ok(())
}

/// What both formats can say is kept.
fn check_kept(before: &[Fact], trip: &Trip, a: Format, b: Format) -> Result<(), TestCaseError> {
    let after = facts(&trip.after);
    let circumstances = Circumstances { request: &trip.before };
    for fact in missing(before, &after) {
        let can = |format| circumstances.can_say(format, &fact);
        prop_assert!(!(can(a) && can(b)), "{fact:?} is lost though both can say it\n{}", trip.shown());
    }
    let order =
        |facts: &[Fact]| -> Vec<Fact> { facts.iter().filter(|fact| fact.concept.is_ordered()).cloned().collect() };
    let (before, after) = (order(before), order(&after));
    let kept =
        |of: &[Fact], other: &[Fact]| -> Vec<Fact> { of.iter().filter(|fact| other.contains(fact)).cloned().collect() };
    prop_assert_eq!(kept(&before, &after), kept(&after, &before), "in another order\n{}", trip.shown());
    Ok(())
}

fn check(request: &Request, a: Format, b: Format) -> Result<(), TestCaseError> {
    let Some(trip) = Trip::of_request(request, a, b) else { return Ok(()) };
    let before = facts(&trip.before);
    let can = |fact: &Fact| Circumstances { request: &trip.before }.can_say(b, fact);
    let is_refusable = |fact: &Fact| fact.concept.otherwise() == Otherwise::Refused && !can(fact);
    if trip.refused.is_some() {
        prop_assert!(before.iter().any(is_refusable), "refused: {:?}\n{}", trip.refused, trip.shown());
        return Ok(());
    }
    check_named(&before, &trip)?;
    if request.model == UNKNOWN {
        check_kept(&before, &trip, a, b)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn requests_keep_what_both_can_say_and_lose_nothing_unnamed(
        requests in FORMATS.map(|format| made_up::request(format, Just(UNKNOWN))),
    ) {
        for (request, (a, b)) in pairs(&requests) {
            check(request, a, b)?;
        }
    }

    #[test]
    fn requests_to_models_that_take_less_lose_nothing_unnamed(
        requests in FORMATS.map(|format| made_up::request(format, proptest::sample::select(&KNOWN[..]))),
    ) {
        for (request, (a, b)) in pairs(&requests) {
            check(request, a, b)?;
        }
    }

    #[test]
    fn answers_keep_what_both_can_say(answers in FORMATS.map(made_up_answers::answer)) {
        for (answer, (a, b)) in pairs(&answers) {
            let (before, after) = trips::of_answer(answer, a, b);
            answer_facts::check(&before, &after, a, b)?;
        }
    }

    #[test]
    fn streams_keep_what_both_can_say(answers in FORMATS.map(made_up_answers::answer)) {
        for (answer, (a, b)) in pairs(&answers) {
            let (before, after) = trips::of_stream(answer, a, b);
            answer_facts::check(&before, &after, a, b)?;
        }
    }

    #[test]
    fn signatures_come_back_from_clients_of_other_formats(answers in FORMATS.map(made_up_answers::answer)) {
        for (answer, (upstream, client)) in pairs(&answers) {
            signatures::check(answer, upstream, client)?;
        }
    }
}

#[test]
fn every_concept_has_its_row() {
    for concept in Concept::ALL {
        assert!(FORMATS.into_iter().any(|format| concept.is_said_by(format)) || concept.is_of_one_format());
    }
}
