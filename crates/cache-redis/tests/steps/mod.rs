//! What random clients, upstreams and operators do.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::{Just, any, prop, prop_oneof};
use proptest::strategy::Strategy as Generator;
use rotator_domain::rotation::{Glob, Limits, PoolKey, QuotaGroup, RotationPolicy, Strategy};
use rotator_domain::{KeyId, LimitReading, LimitScope, Reading, Resource, Verdict};

/// How many keys there may be.
const KEYS: usize = 8;
const STRATEGIES: [Strategy; 4] =
    [Strategy::RoundRobin, Strategy::Weighted, Strategy::LeastInFlight, Strategy::FillFirst];

/// A pool, and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) policy: RotationPolicy,
    /// Of each key, how it is; 0 where it is none of the pool.
    pub(crate) keys: Vec<u8>,
    pub(crate) begin: i64,
    pub(crate) steps: Vec<Step>,
    pub(crate) upstream: Upstream,
}

/// What an upstream takes of each key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upstream {
    pub(crate) at_once: usize,
    pub(crate) in_minute: usize,
    /// For how many milliseconds a request that has ended still counts.
    pub(crate) lateness: i64,
    /// What it tells, if it does: when its minute begins anew, and to those that it refuses how long to wait.
    pub(crate) tells: Option<(Duration, Option<Duration>)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Several requests that come at once.
    Pick {
        at_once: usize,
        model: Option<u32>,
        session: Option<u64>,
        is_pinned: bool,
        tokens: u32,
        tried: Vec<usize>,
    },
    Learn {
        which: usize,
        reading: Reading,
    },
    /// The upstream answers by its limits.
    Serve {
        which: usize,
    },
    /// Requests end, several at once; what the answer of each said is told then or was told before.
    Settle {
        which: usize,
        at_once: usize,
        reading: Option<Reading>,
        used: Option<u64>,
    },
    Probe {
        place: usize,
        reading: Option<Reading>,
    },
    Publish {
        keys: Vec<u8>,
        strategy: Option<Strategy>,
    },
    Restart,
    Wait {
        millis: i64,
    },
}

/// The key in a place; its kind says how it may be used.
pub(crate) fn key_of(place: usize, kind: u8) -> Option<PoolKey> {
    if kind == 0 {
        return None;
    }
    // Ids are as large as they come, and not in order.
    let id = [7, 1, (1 << 53) - 1, 20, 3, 1_000_000_000_000_007, 100_000, 12][place % KEYS];
    let limits = match (place, kind) {
        (0, 1) => Limits { requests_per_minute: Some(5), ..Limits::default() },
        (1, _) => Limits { max_concurrency: Some(2), ..Limits::default() },
        (2, 1 | 2) => Limits { tokens_per_minute: Some(100), requests_per_day: Some(30), ..Limits::default() },
        _ => Limits::default(),
    };
    let group = match (place, kind) {
        (3 | 4, 1 | 2) => Some("g"),
        (5, 1) => Some("ä\":x"),
        _ => None,
    };
    let models: &[&str] = match (place, kind) {
        (6, 1) => &["M-1*", "*-2"],
        (6, 2) => &["*0*"],
        (7, 3) => &["other"],
        _ => &[],
    };
    Some(PoolKey {
        weight: if kind == 2 { 3 } else { 1 + u32::from(place == 4) },
        tier: u8::from(place == 7 || (place == 1 && kind == 3)),
        limits,
        models: models.iter().map(|glob| Glob::new(*glob)).collect(),
        group: group.map(|group| QuotaGroup(group.to_owned())),
        ..PoolKey::plain(KeyId(id))
    })
}

fn waits() -> impl Generator<Value = Option<Duration>> {
    prop_oneof![Just(None), (0_u64..100_000).prop_map(|millis| Some(Duration::from_millis(millis)))]
}

fn verdicts() -> impl Generator<Value = Verdict> {
    let scope = prop_oneof![3 => Just(LimitScope::Model), 1 => Just(LimitScope::Key)];
    (waits(), scope, 0..20).prop_map(|(after, scope, kind)| match kind {
        0..10 => Verdict::Healthy,
        10..13 => Verdict::CoolDown { after: None, scope },
        13 | 14 => Verdict::CoolDown { after, scope },
        15 => Verdict::OutOfQuota { after, scope },
        16 => Verdict::Dead,
        17 => Verdict::Forbidden,
        18 => Verdict::UpstreamFault { after },
        _ => Verdict::ClientFault,
    })
}

fn limits() -> impl Generator<Value = Vec<LimitReading>> {
    let resource = prop_oneof![
        4 => Just(Resource::Requests),
        2 => Just(Resource::Tokens),
        1 => Just(Resource::InputTokens),
        1 => Just(Resource::OutputTokens),
    ];
    let limit = prop_oneof![Just(None), (1_u64..40).prop_map(Some), (100_u64..200).prop_map(Some)];
    let remaining = prop_oneof![1 => Just(None), 3 => Just(Some(0)), 4 => (0_u64..40).prop_map(Some)];
    let reading = (resource, limit, remaining, waits()).prop_map(|(resource, limit, remaining, resets_after)| {
        LimitReading { resource, limit, remaining, resets_after }
    });
    prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(reading, 1..3)]
}

fn readings() -> impl Generator<Value = Reading> {
    (verdicts(), limits()).prop_map(|(verdict, limits)| Reading { limits, ..Reading::plain(verdict) })
}

fn pools() -> impl Generator<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![1 => Just(0_u8), 4 => Just(1), 2 => Just(2), 1 => Just(3)], KEYS)
}

fn picks(models: u32) -> impl Generator<Value = Step> {
    let model = prop::option::weighted(0.8, 0..models);
    let tried = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0..KEYS, 0..KEYS)];
    let session = prop::option::of(prop_oneof![0_u64..3, Just(u64::MAX)]);
    let tokens = prop_oneof![Just(0_u32), 0_u32..60, Just(500)];
    (model, session, prop::bool::weighted(0.1), tokens, tried, at_once()).prop_map(
        |(model, session, is_pinned, tokens, tried, at_once)| Step::Pick {
            at_once,
            model,
            session,
            is_pinned,
            tokens,
            tried,
        },
    )
}

fn at_once() -> impl Generator<Value = usize> {
    prop_oneof![3 => Just(1_usize), 1 => 2_usize..6]
}

fn settles() -> impl Generator<Value = Step> {
    let reading = prop::option::of(readings());
    let used = prop::option::of(0_u64..200);
    (any::<usize>(), at_once(), reading, used).prop_map(|(which, at_once, reading, used)| Step::Settle {
        which,
        at_once,
        reading,
        used,
    })
}

fn steps(models: u32) -> impl Generator<Value = Step> {
    let wait = prop_oneof![4 => 0_i64..50, 3 => 0_i64..3_000, 2 => 0_i64..40_000, 1 => 0_i64..200_000];
    prop_oneof![
        10 => picks(models),
        7 => (any::<usize>(), readings()).prop_map(|(which, reading)| Step::Learn { which, reading }),
        6 => settles(),
        1 => (0..KEYS, prop::option::of(readings())).prop_map(|(place, reading)| Step::Probe { place, reading }),
        1 => (pools(), prop::option::weighted(0.3, prop::sample::select(&STRATEGIES[..])))
            .prop_map(|(keys, strategy)| Step::Publish { keys, strategy }),
        6 => wait.prop_map(|millis| Step::Wait { millis }),
    ]
}

/// Clients of an upstream that enforces limits, and tells them or not: much is learned, and of few keys.
fn limited_steps() -> impl Generator<Value = Step> {
    let pick = at_once().prop_map(|at_once| Step::Pick {
        at_once,
        model: Some(0),
        session: None,
        is_pinned: false,
        tokens: 5,
        tried: Vec::new(),
    });
    let wait = prop_oneof![6 => 0_i64..30, 4 => 0_i64..700, 2 => 0_i64..6_000, 1 => 0_i64..40_000, 1 => Just(61_000)];
    prop_oneof![
        6 => pick,
        8 => any::<usize>().prop_map(|which| Step::Serve { which }),
        5 => (any::<usize>(), at_once())
            .prop_map(|(which, at_once)| Step::Settle { which, at_once, reading: None, used: Some(4) }),
        4 => wait.prop_map(|millis| Step::Wait { millis }),
    ]
}

/// A pool of one or two keys, or of a quota group, before such an upstream.
pub(crate) fn limited_cases() -> impl Generator<Value = Case> {
    let resets = prop_oneof![(0_u64..60_000), Just(60_500), Just(61_500)].prop_map(Duration::from_millis);
    let after = prop::option::of((0_u64..4_000).prop_map(Duration::from_millis));
    let tells = prop::option::of((resets, after));
    let lateness = prop_oneof![Just(0_i64), 0_i64..300];
    let at_once = prop_oneof![1_usize..6, Just(20)];
    let in_minute = prop_oneof![1_usize..30, 40_usize..80];
    let upstream = (at_once, in_minute, lateness, tells).prop_map(|(at_once, in_minute, lateness, tells)| Upstream {
        at_once,
        in_minute,
        lateness,
        tells,
    });
    let keys = prop_oneof![
        2 => Just(vec![3_u8]),
        1 => Just(vec![3, 0, 0, 0, 0, 0, 3]),
        1 => Just(vec![0, 0, 0, 2, 2]),
    ];
    (upstream, keys, prop::collection::vec(limited_steps(), 100..900)).prop_map(|(upstream, keys, steps)| {
        let policy = RotationPolicy::default();
        Case { policy, keys, begin: 1_760_000_000_000, steps, upstream }
    })
}

/// Mostly few models, so that each sees much; sometimes more than have a lane at once.
pub(crate) fn cases() -> impl Generator<Value = Case> {
    let begin = prop_oneof![Just(0_i64), Just(1_760_000_000_000)];
    let some_steps = prop_oneof![1_u32..4, Just(250)].prop_flat_map(|models| {
        let restart = prop_oneof![60 => steps(models), 1 => Just(Step::Restart)];
        prop::collection::vec(restart, 1..400)
    });
    (0..STRATEGIES.len(), any::<bool>(), prop::option::of(2_u32..20), pools(), begin, some_steps).prop_map(
        |(strategy, has_affinity, limit, keys, begin, steps)| {
            let group = Limits { requests_per_minute: Some(4), max_concurrency: Some(3), ..Limits::default() };
            let groups = BTreeMap::from([(QuotaGroup("g".to_owned()), group)]);
            let limits = Limits { requests_per_minute: limit, ..Limits::default() };
            let policy = RotationPolicy { strategy: STRATEGIES[strategy], has_affinity, limits, groups };
            let upstream = Upstream { at_once: 2, in_minute: 10, lateness: 0, tells: None };
            Case { policy, keys, begin, steps, upstream }
        },
    )
}
