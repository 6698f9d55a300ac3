//! Servers of which nothing is known.

use rotator_llm_adapters::plain_reading;

use super::*;

fn plain(status: u16, fields: &[(&'static str, &str)]) -> Reading {
    let status = StatusCode::from_u16(status).unwrap();
    // A body of somebody else's format says nothing.
    let body = br#"{"error":{"code":"invalid_api_key","message":"Please try again in 5s"}}"#;
    plain_reading(&Answer { status, headers: &headers(fields), body, now: NOW })
}

#[test]
fn every_status_has_a_verdict() {
    let limited = Verdict::CoolDown { after: None, scope: LimitScope::Key };
    let cases = [
        (101, Verdict::Healthy),
        (200, Verdict::Healthy),
        (304, Verdict::Healthy),
        (400, CLIENT_FAULT),
        (401, DEAD),
        (402, OUT_OF_CREDIT),
        (403, FORBIDDEN),
        (404, CLIENT_FAULT),
        (408, CLIENT_FAULT),
        (413, CLIENT_FAULT),
        (422, CLIENT_FAULT),
        (429, limited),
        (499, CLIENT_FAULT),
        (500, FAULT),
        (503, FAULT),
        (529, FAULT),
        (999, FAULT),
    ];
    for (status, expected) in cases {
        assert_eq!(plain(status, &[]), Reading::plain(expected), "{status}");
    }
}

#[test]
fn the_common_headers_are_read_for_the_whole_key() {
    let after = |seconds| Verdict::CoolDown { after: Some(Duration::from_secs(seconds)), scope: LimitScope::Key };
    let empty = [("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1768507230")];
    let expected = vec![limit(Resource::Requests, Some(60), Some(0), Some(30_000))];
    assert_eq!(plain(429, &empty), Reading { limits: expected.clone(), ..Reading::plain(after(30)) });
    assert_eq!(plain(200, &empty), Reading { limits: expected, ..Reading::plain(Verdict::Healthy) });
    assert_eq!(plain(429, &[("retry-after", "9")]).verdict, after(9));
    assert_eq!(plain(429, &[("ratelimit", "limit=5, remaining=0, reset=7")]).verdict, after(7));
    assert_eq!(plain(503, &[("retry-after", "3")]).verdict, fault(3000));
}
