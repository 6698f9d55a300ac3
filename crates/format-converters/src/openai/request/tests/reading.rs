//! Tests of reading requests.

use super::{read_text, saying, with};
use crate::ir::{CacheMark, Effort, PartKind, Thinking, ThinkingMode};
use crate::openai::request::read;
use crate::{Asked, Json};

fn refused(body: &str) -> String {
    read(&Asked::default(), body.as_bytes()).unwrap_err().to_string()
}

#[test]
fn odd_requests_are_told_where() {
    let deep = format!(r#"{{"model":"m","messages":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let cases = [
        ("{", "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "expected an object, found a list"),
        (deep.as_str(), "messages[0]: expected an object, found a list"),
        (r#"{"messages":[]}"#, "model: is missing"),
        (r#"{"model":"m"}"#, "messages: is missing"),
        (r#"{"model":"m","messages":[]}"#, "messages: says nothing"),
        (r#"{"model":"m","messages":[{"role":"user","content":""}]}"#, "messages: says nothing"),
        (r#"{"model":"m","messages":{}}"#, "messages: expected a list, found an object"),
        (r#"{"model":"m","messages":[{"role":"bot","content":"x"}]}"#, "messages[0].role: no message has the role bot"),
        (r#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content: is missing"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":5}]}"#,
            "messages[0].content: expected a string or a list of parts, found another number",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":{}}]}]}"#,
            "messages[0].content[0].text: expected a string, found an object",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"smell"}]}]}"#,
            "messages[0].content[0].type: no part has the type smell",
        ),
        (
            r#"{"model":"m","messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#,
            "messages[0].content[0].type: a part of type image_url does not stand in such a message",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:x,y"}}]}]}"#,
            "messages[0].content[0].image_url.url: a data: URL must hold base64",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"AAAA"}}]}]}"#,
            "messages[0].content[0].file.file_data: expected a data: URL that holds base64",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":"q"},{"role":"tool","tool_call_id":"x","content":"r"}]}"#,
            "messages[1].tool_call_id: no call before it has the id \"x\"",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":""},{"role":"function","name":"f","content":"r"}]}"#,
            "messages[1].tool_call_id: no call before it has the id \"\"",
        ),
        (
            r#"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":{}}}]}]}"#,
            "messages[0].tool_calls[0].function.arguments: expected a string, found an object",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(refused(body), expected);
    }
    let members = [
        (r#""n":0"#, "n: expected a whole number from 1 on, found 0"),
        (r#""stop":5"#, "stop: expected a string or a list of strings, found another number"),
        (r#""max_tokens":-1"#, "max_tokens: expected a whole number from 0 on, found another number"),
        (r#""tool_choice":"some""#, "tool_choice: no choice is called some"),
        (r#""tool_choice":{"type":"function"}"#, "tool_choice.function: is missing"),
        (r#""tools":[{"type":"function"}]"#, "tools[0].function: is missing"),
        (r#""response_format":{"type":"xml"}"#, "response_format.type: no format has the type xml"),
        (r#""reasoning_effort":"huge""#, "reasoning_effort: no effort is called huge"),
        (r#""stream":"yes""#, "stream: expected true or false, found a string"),
    ];
    for (member, expected) in members {
        assert_eq!(refused(&with(member)), expected);
    }
    assert!(read(&Asked::default(), b"{\"model\":\"\xff\"}").unwrap_err().to_string().contains("not UTF-8"));
}

#[test]
fn results_know_the_tools_that_they_are_of() {
    let request = read_text(&saying(
        r#"[{"role":"assistant","tool_calls":[{"id":"1","type":"custom","custom":{"name":"c","input":"x"}}]},{"role":"tool","tool_call_id":"1","content":"","cache_control":{"type":"ephemeral"}}]"#,
    ));
    let part = &request.turns[1].parts[0];
    assert_eq!(part.cache, Some(CacheMark::default()));
    assert!(matches!(&part.kind, PartKind::ToolResult(found) if found.is_custom && found.name.as_deref() == Some("c")));
}

#[test]
fn thinking_is_understood_in_all_its_spellings() {
    let of = |mode, effort, budget, summary: Option<&str>| {
        Some(Thinking { mode, effort, budget, summary: summary.map(str::to_owned), wants_opaque: false })
    };
    let cases = [
        (r#""reasoning_effort":"HIGH""#, of(ThinkingMode::Unsaid, Some(Effort::High), None, None)),
        (r#""reasoning_effort":"none""#, of(ThinkingMode::Disabled, Some(Effort::None), None, None)),
        (r#""reasoning":{"effort":"low"}"#, of(ThinkingMode::Unsaid, Some(Effort::Low), None, Some("auto"))),
        (r#""reasoning":{"max_tokens":9,"exclude":true}"#, of(ThinkingMode::Unsaid, None, Some(9), None)),
        (r#""reasoning":{"enabled":false}"#, of(ThinkingMode::Disabled, None, None, None)),
        (r#""thinking":{"type":"enabled","budget_tokens":9}"#, of(ThinkingMode::Enabled, None, Some(9), Some("auto"))),
        (r#""thinking":{"type":"disabled"}"#, of(ThinkingMode::Disabled, None, None, None)),
        (r#""thinking":true"#, None),
    ];
    for (members, expected) in cases {
        assert_eq!(read_text(&with(members)).thinking, expected, "{members}");
    }
    let extras = read_text(&with(r#""thinking":true"#)).extras;
    assert_eq!(extras.0, [("thinking".to_owned(), Json::from_text("true").unwrap())]);
}
