//! What is read, what is written, and that both fit together.

use rotator_domain::Format;
use serde_json::{Value, json};

use super::{read, write};
use crate::ir::{
    Effort, Media, MediaKind, Native, Opaque, OutputShape, Part, PartKind, Reasoning, Request, Role, Search, Source,
    Thinking, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};
use crate::{Asked, Invalid, Json, Losses, ModelTable, UpstreamCall, Writing};

fn parsed(body: &str) -> Result<Request, Invalid> {
    let asked = Asked { model: Some("gemini-2.5-pro".into()), ..Asked::default() };
    read(&asked, body.as_bytes())
}

fn written(request: &Request) -> Result<(UpstreamCall, Vec<String>), Invalid> {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = write(request, &mut writing)?;
    Ok((call, writing.losses.names().to_vec()))
}

fn body_of(request: &Request) -> Value {
    serde_json::from_slice(&written(request).unwrap().0.body).unwrap()
}

fn call(id: &str, name: &str, args: &str) -> Part {
    let input = ToolInput::Arguments(args.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: name.into(), input }))
}

fn result(id: &str, content: Vec<Part>, is_error: Option<bool>) -> Part {
    let result = ToolResult { call_id: id.into(), name: None, content, is_error, is_custom: false };
    Part::new(PartKind::ToolResult(result))
}

fn image() -> Part {
    let source = Source::Base64("AA==".into());
    let mime = Some("image/png".to_owned());
    let media = Media { kind: MediaKind::Image, source, mime, name: None, detail: None, extras: None };
    Part::media(media)
}

fn from(format: Format, model: &str, turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::new(format, model.into()) }
}

const WHOLE: &str = r#"{
    "systemInstruction": {"parts": [{"text": "s"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
            {"fileData": {"fileUri": "https://youtu.be/x"}, "videoMetadata": {"fps": 2.50}}]},
        {"role": "model", "parts": [{"text": "t", "thought": true, "thoughtSignature": "EqQB"},
            {"functionCall": {"id": "1", "name": "A", "args": {"n": 12345678901234567890123}}, "thoughtSignature": "EqQC"},
            {"functionCall": {"id": "2", "name": "A", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "A", "response": {"output": "x"}}},
            {"functionResponse": {"id": "2", "name": "A", "response": {"error": "y"}}}]},
        {"role": "model", "parts": [{"executableCode": {"language": "PYTHON", "code": "1"}}]},
        {"role": "user", "parts": [{"text": "b"}]}
    ],
    "tools": [{"functionDeclarations": [{"name": "A", "description": "d", "behavior": "BLOCKING",
        "parameters": {"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "nullable": true}}}},
        {"name": "B", "parametersJsonSchema": {"$schema": "x", "type": ["object"], "maximum": 1.0}}]},
        {"googleSearch": {}}, {"codeExecution": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}, "retrievalConfig": {"languageCode": "de"}},
    "generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 40, "presencePenalty": 0.1, "frequencyPenalty": -0.1,
        "seed": 7, "maxOutputTokens": 100, "stopSequences": ["x"], "candidateCount": 2, "responseLogprobs": true,
        "logprobs": 3, "responseMimeType": "application/json", "responseJsonSchema": {"type": "object"},
        "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": true}, "responseModalities": ["TEXT"]},
    "safetySettings": [{"category": "C", "threshold": "BLOCK_NONE"}],
    "cachedContent": "cachedContents/c", "labels": {"a_b": "c"}, "serviceTier": "flex", "store": false
}"#;

#[test]
fn a_request_that_was_read_and_written_reads_the_same() {
    let request = parsed(WHOLE).unwrap();
    let (call, losses) = written(&request).unwrap();
    assert_eq!((call.path.as_str(), call.query), ("/v1beta/models/gemini-2.5-pro:generateContent", None));
    assert_eq!(losses, Vec::<String>::new());
    let again = parsed(str::from_utf8(&call.body).unwrap()).unwrap();
    assert_eq!(again, request);
    let text = String::from_utf8(call.body.to_vec()).unwrap();
    for kept in [r#""args":{"n": 12345678901234567890123}"#, r#"{"fps": 2.50}"#, r#""maximum": 1.0"#, r#"{"a_b": "c"}"#]
    {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn both_spellings_say_the_same() {
    let snake = r#"{"system_instruction":"s","contents":{"parts":{"inline_data":{"mime_type":"image/png","data":"AA=="}}},
        "tools":{"function_declarations":[{"name":"A","parameters_json_schema":{"any_of":[]}}]},
        "tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":["A"]}},
        "generation_config":{"max_output_tokens":5,"thinking_config":{"thinking_level":"LOW"},"speech_config":{"voice_config":1}},
        "safety_settings":[]}"#;
    let camel = r#"{"systemInstruction":{"parts":[{"text":"s"}]},
        "contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}],
        "tools":[{"functionDeclarations":[{"name":"A","parametersJsonSchema":{"any_of":[]}}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["A"]}},
        "generationConfig":{"maxOutputTokens":5,"thinkingConfig":{"thinkingLevel":"low"},"speechConfig":{"voice_config":1}},
        "safetySettings":[]}"#;
    let request = parsed(snake).unwrap();
    assert_eq!(request, parsed(camel).unwrap());
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("A".into())));
    assert_eq!(request.thinking.as_ref().unwrap().effort, Some(Effort::Low));
    let names: Vec<&str> = request.extras.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["generation_config.speech_config", "safety_settings"]);
}

#[test]
fn the_vendors_schema_is_read_as_json_schema() {
    let Tool::Function { parameters, .. } = &parsed(WHOLE).unwrap().tools[0] else { panic!() };
    let expected = r#"{"type":"object","properties":{"n":{"type":["integer","null"]}}}"#;
    assert_eq!(parameters.as_ref().unwrap().get(), expected);
    let body = r#"{"contents":[],"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"STRING"}}}"#;
    let OutputShape::Schema { schema, .. } = parsed(body).unwrap().output else { panic!() };
    assert_eq!(schema.get(), r#"{"type":"string"}"#);
}

#[test]
fn what_comes_in_pieces_of_a_stream_is_one_turn() {
    let body = r#"{"contents":[{"role":"model","parts":[{"text":"a","thought":true}]},
        {"role":"model","parts":[{"text":"b","thought":true},{"text":"","thought":true,"thoughtSignature":"EqQB"}]},
        {"role":"model","parts":[{"text":"c"}]}]}"#;
    let request = parsed(body).unwrap();
    assert_eq!((request.turns.len(), request.turns[0].parts.len()), (1, 2));
    let thought = &request.turns[0].parts[0];
    assert!(matches!(&thought.kind, PartKind::Reasoning(reasoning) if reasoning.sections == ["ab"]));
    assert_eq!(thought.opaque.as_ref().unwrap().value, "EqQB");
}

#[test]
fn calls_without_ids_are_named_with_their_results() {
    let body = r#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"A"}},{"functionCall":{"name":"B"}}]},
        {"role":"function","parts":[{"functionResponse":{"name":"B","response":{}}},
            {"functionResponse":{"id":"unknown","name":"A","response":{}}}]}]}"#;
    let request = parsed(body).unwrap();
    let ids: Vec<&str> = request
        .parts()
        .map(|part| match &part.kind {
            PartKind::ToolCall(call) => call.id.as_str(),
            PartKind::ToolResult(result) => result.call_id.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(ids, ["call_1", "call_2", "call_2", "call_1"]);
    let contents = &body_of(&request)["contents"][1]["parts"];
    assert_eq!(contents[0]["functionResponse"]["id"], "call_1", "in the order of the calls");
}

#[test]
fn bad_requests_are_told_with_their_place() {
    let deep = format!(r#"{{"contents":{}}}"#, "[".repeat(10_000) + &"]".repeat(10_000));
    let cases = [
        ("{", "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "expected an object, found a list"),
        ("{}", "contents: is missing"),
        (r#"{"contents":"hi"}"#, "contents: expected a list, found a string"),
        (deep.as_str(), "contents[0]: expected an object, found a list"),
        (r#"{"contents":[{"role":"system","parts":[]}]}"#, "contents[0].role: an unknown role, `system`"),
        (r#"{"contents":[{"parts":[{}]}]}"#, "contents[0].parts[0]: the part holds nothing"),
        (
            r#"{"contents":[{"parts":[{"functionCall":{"name":"A"}}]}]}"#,
            "contents[0].parts[0].functionCall: only the model calls tools",
        ),
        (
            r#"{"contents":[{"parts":[{"functionResponse":{"name":"A","response":{}}}]}]}"#,
            "contents: a functionResponse of `A` answers no functionCall",
        ),
        (
            r#"{"contents":[],"tools":[{"functionDeclarations":[{}]}]}"#,
            "tools[0].functionDeclarations[0].name: is missing",
        ),
        (
            r#"{"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}"#,
            "toolConfig.functionCallingConfig.mode: an unknown mode, `SOME`",
        ),
        (
            r#"{"contents":[],"generationConfig":{"maxOutputTokens":-1}}"#,
            "generationConfig.maxOutputTokens: expected a whole number from 0 on, found another number",
        ),
        (r#"{"contents":[],"labels":5}"#, "labels: expected an object, found another number"),
        (
            r#"{"generateContentRequest":{"contents":5}}"#,
            "generateContentRequest.contents: expected a list, found another number",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(parsed(body).unwrap_err().to_string(), expected);
    }
    let not_utf8 = read(&Asked::default(), b"{\"a\":\xff}").unwrap_err().to_string();
    assert_eq!(not_utf8, "the body is not UTF-8 from byte 5 on");
}

#[test]
fn the_choice_of_tools_goes_both_ways() {
    let allowed = |is_required| ToolChoice::Allowed { names: vec!["A".into(), "B".into()], is_required };
    let cases = [
        (ToolChoice::Auto, json!({"mode": "AUTO"})),
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Required, json!({"mode": "ANY"})),
        (ToolChoice::Named("A".into()), json!({"mode": "ANY", "allowedFunctionNames": ["A"]})),
        (allowed(true), json!({"mode": "ANY", "allowedFunctionNames": ["A", "B"]})),
        (allowed(false), json!({"mode": "VALIDATED", "allowedFunctionNames": ["A", "B"]})),
    ];
    for (choice, expected) in cases {
        let mut request = parsed(WHOLE).unwrap();
        request.extras.0.clear();
        request.tool_choice = Some(choice.clone());
        let body = body_of(&request);
        assert_eq!(body["toolConfig"]["functionCallingConfig"], expected);
        assert_eq!(parsed(&body.to_string()).unwrap().tool_choice, Some(choice));
        request.tools.clear();
        assert_eq!(body_of(&request).get("toolConfig"), None, "there are no functions to choose from");
    }
}

#[test]
fn results_are_objects_in_the_order_of_the_calls_before_all_else() {
    let turns = |model| {
        from(
            Format::OpenAi,
            model,
            vec![
                Turn::new(Role::User, vec![Part::text("q")]),
                Turn::new(Role::Assistant, vec![call("1", "A", ""), call("2", "B", "[1]"), call("3", "C", "{}")]),
                Turn::new(Role::User, vec![Part::text("late"), result("3", vec![Part::text("bad")], Some(true))]),
                Turn::new(Role::User, vec![result("2", vec![Part::text("{\"x\": 1.0}"), image()], None)]),
                Turn::new(Role::User, vec![result("1", vec![Part::text("[1]")], Some(false))]),
            ],
        )
    };
    let body = body_of(&turns("gemini-2.5-pro"));
    let inline = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    let response = |id: &str, name: &str, response: Value| json!({"functionResponse": {"id": id, "name": name, "response": response}});
    let expected = json!([
        response("1", "A", json!({"output": "[1]"})),
        response("2", "B", json!({"x": 1.0})),
        response("3", "C", json!({"error": "bad"})),
        inline,
        {"text": "late"},
    ]);
    assert_eq!(body["contents"][2]["parts"], expected);
    assert_eq!(body["contents"][1]["parts"][1]["functionCall"]["args"], json!({"__unparsed__": "[1]"}));
    let third = body_of(&turns("gemini-3-pro-preview"));
    assert_eq!(third["contents"][2]["parts"][1]["functionResponse"]["parts"], json!([inline]));
    assert_eq!(third["contents"][2]["parts"].as_array().unwrap().len(), 4);
}

#[test]
fn calls_and_results_have_to_fit_together() {
    let ask = || Turn::new(Role::Assistant, vec![call("1", "A", "{}"), call("2", "B", "{}")]);
    let answer = |ids: &[&str]| Turn::new(Role::User, ids.iter().map(|id| result(id, vec![], None)).collect());
    let cases = [
        (vec![ask(), answer(&["1"])], "the call `2` of the tool `B` has no result"),
        (vec![ask(), Turn::new(Role::User, vec![Part::text("a")])], "the call `1` of the tool `A` has no result"),
        (vec![ask(), answer(&["1", "2", "2"])], "the result of `2` answers no call of the turn before it"),
        (vec![answer(&["1"])], "the result of `1` answers no call of the turn before it"),
    ];
    for (turns, expected) in cases {
        let request = from(Format::OpenAi, "gemini-2.5-pro", turns);
        assert_eq!(written(&request).unwrap_err().to_string(), expected);
    }
    assert!(
        written(&from(Format::OpenAi, "gemini-2.5-pro", vec![ask()])).is_ok(),
        "the last calls are yet to be answered"
    );
}

#[test]
fn another_vendors_signature_never_reaches_this_one() {
    let signed = |part: Part, format| Part { opaque: Some(Opaque::new(format, "EqQB".into())), ..part };
    let step = |id: &str, part: Part| {
        let thought = Reasoning { sections: vec!["t".into()], is_summary: false };
        let thought = signed(Part::new(PartKind::Reasoning(thought)), Format::Anthropic);
        let only_opaque = signed(Part::new(PartKind::Reasoning(Reasoning::default())), Format::OpenAiResponses);
        vec![
            Turn::new(Role::Assistant, vec![thought, only_opaque, part, call(&format!("{id}+"), "B", "{}")]),
            Turn::new(Role::User, vec![result(id, vec![], None), result(&format!("{id}+"), vec![], None)]),
        ]
    };
    let conversation = |model| {
        let mut turns = vec![Turn::new(Role::User, vec![Part::text("old")])];
        turns.extend(step("0", call("0", "A", "{}")));
        turns.extend([Turn::new(Role::User, vec![Part::text("new")])]);
        turns.extend(step("1", signed(call("1", "A", "{}"), Format::Anthropic)));
        turns.extend(step("2", signed(call("2", "A", "{}"), Format::Gemini)));
        body_of(&from(Format::Anthropic, model, turns))
    };
    let signatures = |body: &Value| -> Vec<(usize, usize, String)> {
        let contents = body["contents"].as_array().unwrap().iter().enumerate();
        let parts = contents.flat_map(|(turn, content)| {
            content["parts"].as_array().unwrap().iter().enumerate().map(move |(place, part)| (turn, place, part))
        });
        parts.filter_map(|(turn, place, part)| Some((turn, place, part["thoughtSignature"].as_str()?.into()))).collect()
    };
    let third = conversation("gemini-3-pro");
    let dummy = "context_engineering_is_the_way_to_go".to_owned();
    // Turn 2 is [user old, results of 0, new]: the results and the next words of the user are one turn.
    assert_eq!(signatures(&third), [(1, 1, dummy.clone()), (3, 1, dummy), (5, 1, "EqQB".into())]);
    assert_eq!(third["contents"][1]["parts"][0], json!({"text": "t", "thought": true}));
    assert_eq!(signatures(&conversation("gemini-2.5-pro")), [(5, 1, "EqQB".into())]);
}

#[test]
fn what_has_no_place_is_named() {
    let mut request = from(
        Format::OpenAi,
        "gemini-2.0-flash",
        vec![
            Turn { name: Some("n".into()), ..Turn::new(Role::User, vec![Part::text("a")]) },
            Turn::new(Role::Developer, vec![Part::text("late")]),
        ],
    );
    request.parallel_calls = Some(false);
    request.user = Some("u".into());
    request.metadata = Some(Json::empty_object());
    request.verbosity = Some("low".into());
    request.caching.key = Some("k".into());
    request.extras.0.push(("logit_bias".into(), Json::empty_object()));
    request.thinking = Some(Thinking { effort: Some(Effort::High), ..Thinking::default() });
    let search = Search { max_uses: Some(1), allowed_domains: vec!["a.example".into()], ..Search::default() };
    request.tools.push(Tool::Search(search));
    let (call, losses) = written(&request).unwrap();
    let mut losses = losses;
    losses.sort();
    let expected = [
        "allowed_domains",
        "late_system",
        "logit_bias",
        "max_uses",
        "metadata",
        "name",
        "parallel_tool_calls",
        "prompt_cache_key",
        "reasoning_effort",
        "user",
        "verbosity",
    ];
    assert_eq!(losses, expected);
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body["contents"], json!([{"role": "user", "parts": [{"text": "a"}, {"text": "late"}]}]));
    assert_eq!(body["tools"], json!([{"googleSearch": {}}]));
}

#[test]
fn what_only_another_vendor_can_do_is_refused() {
    let native = || Native { format: Format::Anthropic, name: "bash".into(), json: Json::empty_object() };
    let plain = || from(Format::Anthropic, "m", vec![Turn::new(Role::User, vec![Part::text("a")])]);
    let mut tool = plain();
    tool.tools.push(Tool::Native(native()));
    let mut part = plain();
    part.turns.push(Turn::new(Role::Assistant, vec![Part::new(PartKind::Native(native()))]));
    let mut choice = plain();
    let function = Tool::Custom { name: "A".into(), description: None, grammar: None };
    choice.tools.push(function);
    choice.tool_choice = Some(ToolChoice::Native(native()));
    let mut state = plain();
    state.state.previous_response_id = Some("resp_1".into());
    let mut system = plain();
    system.turns.insert(0, Turn::new(Role::System, vec![image()]));
    let cases = [
        (tool, "tools[0]: the tool `bash` has no counterpart in gemini"),
        (part, "`bash` has no counterpart in gemini"),
        (choice, "tool_choice: the choice `bash` has no counterpart in gemini"),
        (state, "previous_response_id: has no counterpart in gemini"),
        (system, "system: instructions are text in gemini"),
    ];
    for (request, expected) in cases {
        assert_eq!(written(&request).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_stream_is_asked_for_in_events() {
    let mut request = from(Format::OpenAi, "tunedModels/t", vec![]);
    request.stream = true;
    let (call, _) = written(&request).unwrap();
    assert_eq!(
        (call.path.as_str(), call.query.as_deref()),
        ("/v1beta/tunedModels/t:streamGenerateContent", Some("alt=sse"))
    );
}

#[test]
fn the_vendors_tools_beside_functions_are_asked_for() {
    let mut request = parsed(WHOLE).unwrap();
    request.extras.0.clear();
    request.tool_choice = None;
    assert_eq!(body_of(&request).get("toolConfig"), None);
    request.model = "gemini-3-pro-preview".into();
    assert_eq!(body_of(&request)["toolConfig"], json!({"includeServerSideToolInvocations": true}));
}

#[test]
fn no_more_than_five_texts_end_an_answer() {
    let stop: Vec<String> = (1..=6).map(|number| number.to_string()).collect();
    let turns = vec![Turn::new(Role::User, vec![Part::text("q")])];
    let request = Request { stop, ..from(Format::Anthropic, "gemini-2.5-pro", turns) };
    assert_eq!(body_of(&request)["generationConfig"]["stopSequences"], json!(["1", "2", "3", "4", "5"]));
    assert_eq!(written(&request).unwrap().1, ["stop"]);
}
