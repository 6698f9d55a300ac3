//! Joining a base URL's path and the action that the client asks for.

/// The version segments that stand in the base URL of one SDK and in the action of another.
const VERSIONS: [&str; 2] = ["v1", "v1beta"];

/// Joins the two with one slash; a version that ends the base and begins the action is written once. The action's
/// percent-encoding is untouched; an empty action gives the base path.
#[must_use]
pub fn join_path(base_path: &str, action: &str) -> String {
    if action.is_empty() {
        return base_path.to_owned();
    }
    let base = base_path.trim_end_matches('/');
    let action = action.strip_prefix('/').unwrap_or(action);
    let (first, rest) = action.split_at(action.find('/').unwrap_or(action.len()));
    let last = base.rsplit('/').next().unwrap_or_default();
    if VERSIONS.contains(&first) && first == last { format!("{base}{rest}") } else { format!("{base}/{action}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_version_is_written_once() {
        let cases = [
            ("/v1", "/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/", "chat/completions", "/v1/chat/completions"),
            ("/", "/v1/messages", "/v1/messages"),
            ("/v1beta", "/v1beta/models/m:generateContent", "/v1beta/models/m:generateContent"),
            ("/v1", "/v1beta/models", "/v1/v1beta/models"),
            ("/openai/v1", "/v1", "/openai/v1"),
            ("/av1", "/v1/x", "/av1/v1/x"),
            ("/v1", "/v1x/y", "/v1/v1x/y"),
            ("/v1", "/models/a%2Fb%20c", "/v1/models/a%2Fb%20c"),
            ("/v1", "", "/v1"),
            ("/v1", "/", "/v1/"),
            ("/v1", "//x", "/v1//x"),
        ];
        for (base, action, expected) in cases {
            assert_eq!(join_path(base, action), expected, "{base} + {action}");
        }
    }
}
