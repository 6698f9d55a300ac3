//! The limit headers and errors of OpenAI and of those that speak its format, as tables.

use rotator_domain::{LimitScope, Resource};

use crate::dialect::{DEAD, Dialect, FORBIDDEN, LIMITED, OUT_OF_CREDIT, Rule, Sign, UPSTREAM_FAULT, on};
use crate::gemini;
use crate::limits::{Bucket, COMMON, bucket, quota};

/// OpenAI <https://platform.openai.com/docs/guides/rate-limits>, Groq <https://console.groq.com/docs/rate-limits> (whose
/// requests count by day, but come back gradually), xAI
/// <https://docs.x.ai/docs/key-information/consumption-and-rate-limits> and most others.
static BUCKETS: [Bucket; 2] = [
    bucket(
        Resource::Requests,
        ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
    ),
    bucket(Resource::Tokens, ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]),
];

/// <https://inference-docs.cerebras.ai/support/rate-limits>, and requests alike at SambaNova
/// <https://docs.sambanova.ai/docs/en/models/rate-limits>.
static BUCKETS_BY_WINDOW: [Bucket; 6] = [
    bucket(
        Resource::Requests,
        [
            "x-ratelimit-limit-requests-minute",
            "x-ratelimit-remaining-requests-minute",
            "x-ratelimit-reset-requests-minute",
        ],
    ),
    bucket(
        Resource::Requests,
        ["x-ratelimit-limit-requests-hour", "x-ratelimit-remaining-requests-hour", "x-ratelimit-reset-requests-hour"],
    ),
    quota(
        Resource::Requests,
        ["x-ratelimit-limit-requests-day", "x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day"],
    ),
    bucket(
        Resource::Tokens,
        ["x-ratelimit-limit-tokens-minute", "x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"],
    ),
    bucket(
        Resource::Tokens,
        ["x-ratelimit-limit-tokens-hour", "x-ratelimit-remaining-tokens-hour", "x-ratelimit-reset-tokens-hour"],
    ),
    quota(
        Resource::Tokens,
        ["x-ratelimit-limit-tokens-day", "x-ratelimit-remaining-tokens-day", "x-ratelimit-reset-tokens-day"],
    ),
];

/// <https://docs.mistral.ai/deployment/laplateforme/tier>, the names as in
/// <https://github.com/mistralai/client-ts/issues/169>, and the older ones by size.
static MISTRAL_BUCKETS: [Bucket; 6] = [
    bucket(Resource::Requests, ["x-ratelimit-limit-req-minute", "x-ratelimit-remaining-req-minute", ""]),
    bucket(
        Resource::Tokens,
        ["x-ratelimit-limit-tokens-minute", "x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"],
    ),
    quota(Resource::Tokens, ["x-ratelimit-limit-tokens-month", "x-ratelimit-remaining-tokens-month", ""]),
    bucket(Resource::Tokens, ["ratelimitbysize-limit", "ratelimitbysize-remaining", "ratelimitbysize-reset"]),
    bucket(Resource::Tokens, ["x-ratelimitbysize-limit-minute", "x-ratelimitbysize-remaining-minute", ""]),
    quota(Resource::Tokens, ["x-ratelimitbysize-limit-month", "x-ratelimitbysize-remaining-month", ""]),
];

/// <https://docs.together.ai/docs/rate-limits>; its requests are in the common headers.
static TOGETHER_BUCKETS: [Bucket; 1] =
    [bucket(Resource::Tokens, ["x-tokenlimit-limit", "x-tokenlimit-remaining", "x-tokenlimit-reset"])];

/// <https://docs.fireworks.ai/guides/quotas_usage/rate-limits>
static FIREWORKS_BUCKETS: [Bucket; 3] = [
    bucket(Resource::InputTokens, ["x-ratelimit-limit-tokens-prompt", "x-ratelimit-remaining-tokens-prompt", ""]),
    bucket(
        Resource::InputTokens,
        ["x-ratelimit-limit-tokens-cache-adjusted-prompt", "x-ratelimit-remaining-tokens-cache-adjusted-prompt", ""],
    ),
    bucket(
        Resource::OutputTokens,
        ["x-ratelimit-limit-tokens-generated", "x-ratelimit-remaining-tokens-generated", ""],
    ),
];

/// OpenAI's errors <https://developers.openai.com/api/docs/guides/error-codes>. The words are the vendor's alone, so that
/// they hold for all who use its format.
pub(crate) static RULES: [Rule; 18] = [
    on(&[], Sign::Word("insufficient_quota"), OUT_OF_CREDIT),
    on(&[], Sign::Word("billing_hard_limit_reached"), OUT_OF_CREDIT),
    on(&[], Sign::Word("billing_not_active"), OUT_OF_CREDIT),
    on(&[], Sign::Word("credit_balance_exhausted"), OUT_OF_CREDIT),
    on(&[], Sign::Word("organization_spend_limit_exceeded"), OUT_OF_CREDIT),
    on(&[], Sign::Word("project_spend_limit_exceeded"), OUT_OF_CREDIT),
    on(&[], Sign::Word("organization_usage_limit_exceeded"), OUT_OF_CREDIT),
    on(&[401, 403], Sign::Word("invalid_api_key"), DEAD),
    on(&[401, 403], Sign::Word("account_deactivated"), DEAD),
    on(&[401, 403], Sign::Word("deactivated_workspace"), DEAD),
    // A header of the client's names somebody else's organization or project.
    on(&[401, 403], Sign::Word("mismatched_organization"), FORBIDDEN),
    on(&[401, 403], Sign::Word("invalid_organization"), FORBIDDEN),
    on(&[401, 403], Sign::Word("mismatched_project"), FORBIDDEN),
    // A key that may do some things only was asked for another.
    on(&[401, 403], Sign::Holds("Missing scopes"), FORBIDDEN),
    on(&[401, 403], Sign::Word("missing_scope"), FORBIDDEN),
    // More than the key's whole minute: it may be enough on a larger plan, and no waiting helps.
    on(&[429], Sign::Begins("Request too large"), FORBIDDEN),
    on(&[429], Sign::Begins("The engine is currently overloaded"), UPSTREAM_FAULT),
    on(&[429], Sign::Word("server_is_overloaded"), UPSTREAM_FAULT),
];

/// <https://docs.x.ai/docs/key-information/debugging>, the messages as in
/// <https://github.com/continuedev/continue/issues/10373>: it calls a bad key a bad request.
static XAI_RULES: [Rule; 3] = [
    on(&[400], Sign::Begins("Incorrect API key provided"), DEAD),
    on(&[402, 403, 429], Sign::Holds("used all available credits"), OUT_OF_CREDIT),
    on(&[403], Sign::Holds("doesn't have any credits"), OUT_OF_CREDIT),
];

/// <https://platform.moonshot.ai/docs/api/chat#error-information>
static MOONSHOT_RULES: [Rule; 2] = [
    on(&[], Sign::Word("exceeded_current_quota_error"), OUT_OF_CREDIT),
    on(&[429], Sign::Word("engine_overloaded_error"), UPSTREAM_FAULT),
];

/// <https://docs.fireworks.ai/guides/inference-error-codes>: an account that is not paid for fails a precondition.
static FIREWORKS_RULES: [Rule; 1] = [on(&[412], Sign::Holds("is suspended"), OUT_OF_CREDIT)];

/// <https://inference-docs.cerebras.ai/support/error>: its queue is full for everybody.
static CEREBRAS_RULES: [Rule; 1] = [on(&[429], Sign::Word("queue_exceeded"), UPSTREAM_FAULT)];

/// <https://docs.bigmodel.cn/cn/api/api-code>: the account is locked, or has nothing left.
static ZHIPU_RULES: [Rule; 2] =
    [on(&[401, 403, 429], Sign::Word("1112"), DEAD), on(&[402, 403, 429], Sign::Word("1113"), OUT_OF_CREDIT)];

/// <https://help.aliyun.com/zh/model-studio/error-code>: its `insufficient_quota` is the limit of a minute.
static QWEN_RULES: [Rule; 2] = [
    on(&[429], Sign::Word("insufficient_quota"), LIMITED),
    on(&[400, 402, 403], Sign::Word("Arrearage"), OUT_OF_CREDIT),
];

/// <https://docs.siliconflow.cn/cn/faqs/error-code>
static SILICONFLOW_RULES: [Rule; 1] = [on(&[403], Sign::Word("30001"), OUT_OF_CREDIT)];

/// OpenAI, and what most others copy of it.
pub(crate) static OPENAI: Dialect = Dialect { buckets: &[&BUCKETS], ..COMPATIBLE_BASE };

/// Servers of which only the format is known. Google's own errors come through its, and others', OpenAI format.
pub(crate) static COMPATIBLE: Dialect = COMPATIBLE_BASE;

pub(crate) static CEREBRAS: Dialect =
    Dialect { buckets: &[&BUCKETS, &BUCKETS_BY_WINDOW], rules: &[&CEREBRAS_RULES, &RULES], ..COMPATIBLE_BASE };
pub(crate) static FIREWORKS: Dialect =
    Dialect { buckets: &[&BUCKETS, &FIREWORKS_BUCKETS], rules: &[&FIREWORKS_RULES, &RULES], ..COMPATIBLE_BASE };
pub(crate) static MISTRAL: Dialect = Dialect { buckets: &[&COMMON, &BUCKETS, &MISTRAL_BUCKETS], ..COMPATIBLE_BASE };
pub(crate) static MOONSHOT: Dialect = Dialect { rules: &[&MOONSHOT_RULES, &RULES], ..COMPATIBLE_BASE };
pub(crate) static QWEN: Dialect = Dialect { rules: &[&QWEN_RULES, &RULES], ..COMPATIBLE_BASE };
pub(crate) static SAMBANOVA: Dialect = Dialect { buckets: &[&BUCKETS, &BUCKETS_BY_WINDOW], ..COMPATIBLE_BASE };
pub(crate) static SILICONFLOW: Dialect = Dialect { rules: &[&SILICONFLOW_RULES, &RULES], ..COMPATIBLE_BASE };
pub(crate) static TOGETHER: Dialect = Dialect { buckets: &[&COMMON, &TOGETHER_BUCKETS], ..COMPATIBLE_BASE };
pub(crate) static XAI: Dialect = Dialect { rules: &[&XAI_RULES, &RULES], ..COMPATIBLE_BASE };
pub(crate) static ZHIPU: Dialect = Dialect { rules: &[&ZHIPU_RULES, &RULES], ..COMPATIBLE_BASE };

const COMPATIBLE_BASE: Dialect = Dialect {
    buckets: &[&COMMON, &BUCKETS],
    rules: &[&RULES, &gemini::RULES],
    own: gemini::quota,
    scope: LimitScope::Model,
};
