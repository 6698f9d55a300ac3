//! Made-up requests: whatever a client of a format can say.

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use rotator_domain::Format;
use rotator_format_converters::Json;
use rotator_format_converters::ir::{
    CacheMark, Caching, Effort, Extras, LogProbs, Media, MediaKind, Opaque, OutputShape, Part, PartKind, Reasoning,
    Request, Role, Sampling, Source, State, Thinking, ThinkingMode, Tier, ToolCall, ToolInput, ToolResult, Turn,
};
use serde_json::Number;

mod tools;

/// One white pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
/// The names of the tools.
const TOOLS: [&str; 4] = ["read_file", "get-weather", "mcp__tracker__get", "a"];

/// A request of a client of this format to one of these models.
pub(crate) fn request(format: Format, model: impl Strategy<Value = &'static str>) -> impl Strategy<Value = Request> {
    let talk = (turns(format), tools::tools(format), tools::choice(), of(Just(false)));
    let making = (output(), sampling(format), stop(format), of(1_u64..70_000), thinking(format), answers(format));
    let rest = (
        of("[a-z@.]{1,80}"),
        of(Just(r#"{"k":"v"}"#)),
        tier(),
        caching(format),
        weighted(0.1, Just(true)),
        extras(format),
    );
    (model, any::<bool>(), talk, making, rest).prop_map(
        move |(model, stream, (turns, tools, choice, parallel_calls), making, rest)| {
            let (output, sampling, stop, max_tokens, thinking, (choices, log_probs, verbosity)) = making;
            let (user, metadata, tier, caching, store, extras) = rest;
            let tool_choice = choice.filter(|_| !tools.is_empty()).map(|choice| tools::fitting(choice, &tools));
            let can_label = matches!(format, Format::OpenAi | Format::OpenAiResponses | Format::Gemini);
            let metadata = metadata.filter(|_| can_label).and_then(Json::from_text);
            let store = store.filter(|_| format != Format::Anthropic);
            let mut request = Request {
                stream,
                turns,
                tool_choice,
                output,
                sampling,
                stop,
                max_tokens,
                thinking,
                choices,
                log_probs,
                verbosity,
                user: user.filter(|_| format != Format::Gemini),
                metadata,
                tier,
                caching,
                extras,
                parallel_calls: parallel_calls.filter(|_| !tools.is_empty()),
                tools,
                state: State { store, ..State::default() },
                ..Request::new(format, model.into())
            };
            answer_calls(&mut request);
            request
        },
    )
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    let odd =
        vec!["Zürich 🌤", "a\n\nb", "\"q\" \\ {}", "<tag attr='x'>", "\u{7f}\u{200d}日本", "[1]", "{\"k\":1}", "null"];
    prop_oneof!["[a-z][a-z ]{0,8}[a-z]", select(odd).prop_map(str::to_owned)]
}

/// Arguments as models write them: an object, with numbers that no float holds and white space that stays.
pub(crate) fn arguments() -> impl Strategy<Value = String> {
    let written = vec![
        "{}",
        r#"{"city":"Zürich 🌤","n":9007199254740993}"#,
        r#"{ "z": 1.50, "a": [1e400, -0.0, {"x": null}] }"#,
        r#"{"id":123456789012345678901234567890,"\u00e9":"\u0041\n"}"#,
        r#"{"input":"text"}"#,
    ];
    select(written).prop_map(str::to_owned)
}

fn turns(format: Format) -> impl Strategy<Value = Vec<Turn>> {
    let instructions = vec(vec(text().prop_map(Part::text), 1..3), 0..3);
    let late = weighted(0.2, vec(text().prop_map(Part::text), 1..2));
    let name = weighted(0.1, Just("ada".to_owned())).prop_map(move |name| name.filter(|_| format == Format::OpenAi));
    let round = (vec(users(format), 1..4), name, models(format), late);
    (instructions, vec(round, 1..4), vec(users(format), 1..3), cache(format)).prop_map(
        move |(instructions, rounds, last, mark)| {
            let has_late = matches!(format, Format::OpenAi | Format::OpenAiResponses);
            let mut turns: Vec<Turn> = instructions.into_iter().map(|parts| Turn::new(Role::System, parts)).collect();
            for (parts, name, answer, late) in rounds {
                turns.push(Turn { name, ..Turn::new(Role::User, parts) });
                // Results follow their calls at once.
                let has_calls = answer.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
                turns.push(Turn::new(Role::Assistant, answer));
                let late = late.filter(|_| has_late && !has_calls);
                turns.extend(late.map(|parts| Turn::new(Role::System, parts)));
            }
            turns.push(Turn::new(Role::User, last));
            if let Some(part) = turns.first_mut().and_then(|turn| turn.parts.first_mut()) {
                part.cache = mark;
            }
            turns
        },
    )
}

fn cache(format: Format) -> impl Strategy<Value = Option<CacheMark>> {
    let ttl = select(vec![None, Some("1h".to_owned())]);
    let has_ttl = matches!(format, Format::OpenAi | Format::Anthropic);
    let mark = ttl.prop_map(move |ttl| CacheMark { ttl: ttl.filter(|_| has_ttl) });
    of(mark).prop_map(move |mark| mark.filter(|_| format != Format::Gemini))
}

fn users(format: Format) -> BoxedStrategy<Part> {
    let said = (text(), cache(format)).prop_map(|(text, cache)| Part { cache, ..Part::text(text) });
    prop_oneof![6 => said, 2 => (media(format), cache(format)).prop_map(|(media, cache)| {
        Part { cache, ..Part::new(PartKind::Media(Box::new(media))) }
    })]
    .boxed()
}

fn media(format: Format) -> BoxedStrategy<Media> {
    let plain = |kind, source, mime: Option<&str>| Media {
        kind,
        source,
        mime: mime.map(str::to_owned),
        name: None,
        detail: None,
        extras: None,
    };
    let has_detail = matches!(format, Format::OpenAi | Format::OpenAiResponses);
    let detail = select(vec![None, Some("low"), Some("high")]);
    let image = select(vec![Source::Base64(PNG.into()), Source::Url("https://a.example/b.png".into())]);
    let image = (image, detail).prop_map(move |(source, detail)| {
        let mime = matches!(source, Source::Base64(_)).then_some("image/png");
        let detail = detail.filter(|_| has_detail).map(str::to_owned);
        Media { detail, ..plain(MediaKind::Image, source, mime) }
    });
    let name = of(Just("terms".to_owned())).prop_map(move |name| name.filter(|_| format != Format::Gemini));
    let document = select(vec![
        (Source::Base64("JVBERi0xLjQK".into()), "application/pdf"),
        (Source::Text("Grüezi".into()), "text/plain"),
        (Source::Url("https://a.example/b.pdf".into()), "application/pdf"),
    ]);
    let document = (document, name).prop_map(move |((source, mime), name)| {
        // A format without documents at a URL, or in words, has the other one.
        let (source, mime) = match source {
            Source::Url(_) | Source::Text(_) if format == Format::OpenAi => {
                (Source::Base64("JVBE".into()), "application/pdf")
            }
            source => (source, mime),
        };
        Media { name, ..plain(MediaKind::Document, source, Some(mime)) }
    });
    let audio = plain(MediaKind::Audio, Source::Base64("UklGRiQ=".into()), Some("audio/wav"));
    match format {
        Format::OpenAi | Format::Gemini => prop_oneof![8 => image, 4 => document, 1 => Just(audio)].boxed(),
        Format::OpenAiResponses | Format::Anthropic => prop_oneof![2 => image, 1 => document].boxed(),
    }
}

/// What the model said: thoughts, then texts, then calls.
fn models(format: Format) -> impl Strategy<Value = Vec<Part>> {
    let has_refusals = matches!(format, Format::OpenAi | Format::OpenAiResponses);
    let refusal = weighted(0.1, text()).prop_map(move |text| text.filter(|_| has_refusals));
    let calls = vec((select(&TOOLS[..]), arguments(), weighted(0.2, text()), signature(format)), 0..4);
    (of(thought(format)), vec(text(), 1..3), refusal, calls).prop_map(move |(thought, texts, refusal, calls)| {
        let mut parts: Vec<Part> = thought.into_iter().collect();
        match refusal {
            Some(refusal) => parts.push(Part::new(PartKind::Refusal(refusal))),
            None => parts.extend(texts.into_iter().map(Part::text)),
        }
        parts.extend(calls.into_iter().map(|(name, arguments, free, opaque)| {
            let free = free.filter(|_| matches!(format, Format::OpenAi | Format::OpenAiResponses));
            let input = free.map_or(ToolInput::Arguments(arguments), ToolInput::Text);
            let call = ToolCall { id: String::new(), name: name.to_owned(), input };
            let opaque = opaque.filter(|_| format == Format::Gemini);
            Part { opaque, ..Part::new(PartKind::ToolCall(call)) }
        }));
        parts
    })
}

/// A signature of an upstream of this format, which Chat Completions has no place for.
fn signature(format: Format) -> impl Strategy<Value = Option<Opaque>> {
    let value = "[A-Za-z0-9]{4,6}".prop_map(|text| format!("{text}/+=="));
    of(value).prop_map(move |value| value.filter(|_| format != Format::OpenAi).map(|value| Opaque::new(format, value)))
}

fn thought(format: Format) -> impl Strategy<Value = Part> {
    (vec(text(), 1..3), signature(format), any::<bool>()).prop_map(move |(mut sections, opaque, is_hidden)| {
        if format != Format::OpenAiResponses {
            sections.truncate(1);
        }
        let opaque =
            opaque.map(|opaque| Opaque { id: (format == Format::OpenAiResponses).then(|| "rs_1".into()), ..opaque });
        if is_hidden && opaque.is_some() {
            sections.clear();
        }
        let is_redacted = format == Format::Anthropic && sections.is_empty();
        let opaque = opaque.map(|opaque| Opaque { is_redacted, ..opaque });
        let is_summary = matches!(format, Format::OpenAiResponses | Format::Gemini);
        Part { opaque, ..Part::new(PartKind::Reasoning(Reasoning { sections, is_summary })) }
    })
}

/// Gives the calls ids and answers them in the user's next turn, first of all.
fn answer_calls(request: &mut Request) {
    let mut number = 0_usize;
    let mut results = Vec::new();
    for turn in &mut request.turns {
        match turn.role {
            Role::Assistant => {
                for part in &mut turn.parts {
                    let PartKind::ToolCall(call) = &mut part.kind else { continue };
                    number += 1;
                    // Some vendors' ids hold what others' may not.
                    let odd = if number.is_multiple_of(3) && request.format == Format::OpenAi { ":" } else { "_" };
                    call.id = format!("call{odd}{number}");
                    let is_custom = matches!(call.input, ToolInput::Text(_));
                    results.push(result(number, request.format, call.id.clone(), call.name.clone(), is_custom));
                }
            }
            Role::User => {
                turn.parts.splice(0..0, results.drain(..));
            }
            Role::System | Role::Developer => {}
        }
    }
}

/// The result of a call, of one kind after the other.
fn result(number: usize, format: Format, call_id: String, name: String, is_custom: bool) -> Part {
    let image = || Media {
        kind: MediaKind::Image,
        source: Source::Base64(PNG.into()),
        mime: Some("image/png".into()),
        name: None,
        detail: None,
        extras: None,
    };
    let has_media = matches!(format, Format::OpenAiResponses | Format::Anthropic) && !is_custom;
    let content = match number % 6 {
        0 => vec![],
        1 => vec![Part::text("21° ☀")],
        2 => vec![Part::text(r#"{"ok":true,"id":9007199254740993}"#)],
        3 if format != Format::Gemini => vec![Part::text("one"), Part::text("two")],
        4 if has_media => vec![Part::text("seen"), Part::new(PartKind::Media(Box::new(image())))],
        5 if has_media => vec![Part::new(PartKind::Media(Box::new(image())))],
        _ => vec![Part::text("done")],
    };
    let is_error = (number % 4 == 1 && matches!(format, Format::Anthropic | Format::Gemini)).then_some(true);
    Part::new(PartKind::ToolResult(ToolResult { call_id, name: Some(name), content, is_error, is_custom }))
}

fn output() -> impl Strategy<Value = OutputShape> {
    let schema = |schema: &str, description: Option<&str>| OutputShape::Schema {
        name: Some("person".into()),
        description: description.map(str::to_owned),
        schema: Json::from_text(schema).unwrap(),
        strict: Some(true),
    };
    let closed =
        r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}"#;
    let limited = r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"additionalProperties":false}"#;
    prop_oneof![
        4 => Just(OutputShape::Text),
        1 => Just(OutputShape::JsonObject),
        2 => select(vec![schema(closed, None), schema(closed, Some("A person.")), schema(limited, None)]),
    ]
}

fn sampling(format: Format) -> impl Strategy<Value = Sampling> {
    let number = |most: u32| {
        of((0..=most).prop_map(|tenths| Number::from_f64(f64::from(tenths) / 10.0)).prop_map(Option::unwrap))
    };
    let most = if format == Format::Anthropic { 10 } else { 20 };
    let whole = of((1_u64..100).prop_map(Number::from));
    (number(most), number(9), whole.clone(), number(20), number(20), whole).prop_map(
        move |(temperature, top_p, top_k, presence, frequency, seed)| {
            let has_k = matches!(format, Format::Anthropic | Format::Gemini);
            let has_rest = matches!(format, Format::OpenAi | Format::Gemini);
            Sampling {
                temperature,
                top_p,
                top_k: top_k.filter(|_| has_k),
                presence_penalty: presence.filter(|_| has_rest),
                frequency_penalty: frequency.filter(|_| has_rest),
                seed: seed.filter(|_| has_rest),
            }
        },
    )
}

fn stop(format: Format) -> impl Strategy<Value = Vec<String>> {
    let most = match format {
        Format::OpenAi => 4,
        Format::OpenAiResponses => 0,
        Format::Anthropic | Format::Gemini => 6,
    };
    let text = prop_oneof![8 => "[A-Z]{1,4}", 1 => Just("\n".to_owned())];
    vec(text, 0..=most)
        .prop_map(move |texts| texts.into_iter().filter(|text| format != Format::Anthropic || text != "\n").collect())
}

fn thinking(format: Format) -> impl Strategy<Value = Option<Thinking>> {
    let has_effort = matches!(format, Format::OpenAi | Format::OpenAiResponses);
    let effort = select(&Effort::ALL[..]).prop_map(|effort| {
        let mode = if effort == Effort::None { ThinkingMode::Disabled } else { ThinkingMode::Enabled };
        Thinking { mode, effort: Some(effort), ..Thinking::default() }
    });
    let budget = (1_024_u64..40_000).prop_map(|budget| Thinking {
        mode: ThinkingMode::Enabled,
        budget: Some(budget),
        ..Thinking::default()
    });
    let off = Just(Thinking { mode: ThinkingMode::Disabled, ..Thinking::default() });
    let said = if has_effort { effort.boxed() } else { prop_oneof![4 => budget, 1 => off].boxed() };
    of(said)
}

fn answers(format: Format) -> impl Strategy<Value = (Option<u32>, Option<LogProbs>, Option<String>)> {
    let log_probs = of((1_u32..5).prop_map(|top| LogProbs { top: Some(top) }));
    (weighted(0.1, Just(2_u32)), log_probs, of(Just("low".to_owned()))).prop_map(
        move |(choices, log_probs, verbosity)| {
            let is_vendors = matches!(format, Format::OpenAi | Format::OpenAiResponses);
            let has_several = matches!(format, Format::OpenAi | Format::Gemini);
            (
                choices.filter(|_| has_several),
                log_probs.filter(|_| format != Format::Anthropic),
                verbosity.filter(|_| is_vendors),
            )
        },
    )
}

fn tier() -> impl Strategy<Value = Option<Tier>> {
    of(select(vec![Tier::Auto, Tier::Standard, Tier::Flex, Tier::Priority]))
}

fn caching(format: Format) -> impl Strategy<Value = Caching> {
    (of(Just("key".to_owned())), of(Just("24h".to_owned())), weighted(0.2, Just(CacheMark::default()))).prop_map(
        move |(key, retention, mark)| {
            let is_vendors = matches!(format, Format::OpenAi | Format::OpenAiResponses);
            Caching {
                key: key.filter(|_| is_vendors),
                retention: retention.filter(|_| is_vendors),
                mark: mark.filter(|_| matches!(format, Format::OpenAi | Format::Anthropic)),
                content: None,
            }
        },
    )
}

fn extras(format: Format) -> impl Strategy<Value = Extras> {
    let (name, value) = match format {
        Format::OpenAi => ("logit_bias", r#"{"50256":-100}"#),
        Format::OpenAiResponses => ("truncation", r#""auto""#),
        Format::Anthropic => ("container", r#""c_1""#),
        Format::Gemini => ("safety_settings", r#"[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}]"#),
    };
    weighted(0.3, Just(())).prop_map(move |is_there| {
        Extras(is_there.and_then(|()| Json::from_text(value)).map(|json| (name.to_owned(), json)).into_iter().collect())
    })
}
