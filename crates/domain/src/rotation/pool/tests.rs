//! The pool's rules, one by one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::rotation::{Glob, KeyReport, KeyState, Learning};
use crate::{LimitReading, LimitScope, Reading, Resource, Verdict};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn plain(count: i64) -> Vec<PoolKey> {
    (1..=count).map(|id| PoolKey::plain(KeyId(id))).collect()
}

fn pool(keys: Vec<PoolKey>) -> Rotation {
    with_policy(RotationPolicy::default(), keys)
}

fn with_policy(policy: RotationPolicy, keys: Vec<PoolKey>) -> Rotation {
    let mut pool = Rotation::with_seed(1);
    pool.publish(policy, keys);
    pool
}

fn with_strategy(strategy: Strategy, keys: Vec<PoolKey>) -> Rotation {
    with_policy(RotationPolicy { strategy, ..RotationPolicy::default() }, keys)
}

fn request(now: i64) -> PickRequest<'static> {
    PickRequest { model: None, tried: &[], session: None, is_pinned: false, tokens: 0, now: at(now) }
}

fn lease(pool: &mut Rotation, request: &PickRequest<'_>) -> Lease {
    match pool.pick(request) {
        Next::Lease(lease) => lease,
        none => panic!("{none:?}"),
    }
}

/// Picks and gives back at once, `count` times.
fn picks(pool: &mut Rotation, now: i64, count: usize) -> Vec<i64> {
    let pick = |_| match pool.pick(&request(now)) {
        Next::Lease(lease) => {
            pool.settle(&lease, None, at(now));
            lease.key.0
        }
        Next::None { .. } => 0,
    };
    (0..count).map(pick).collect()
}

fn answer(pool: &mut Rotation, lease: &Lease, verdict: Verdict, now: i64) -> Learning {
    let learning = pool.learn(lease, &Reading::plain(verdict), at(now));
    pool.settle(lease, None, at(now));
    learning
}

fn limited(seconds: u64) -> Verdict {
    Verdict::CoolDown { after: Some(Duration::from_secs(seconds)), scope: LimitScope::Model }
}

fn of_key(pool: &Rotation, key: i64, now: i64) -> KeyReport {
    pool.reports(at(now)).into_iter().find(|report| report.key == KeyId(key)).unwrap()
}

#[test]
fn keys_take_turns_exactly_and_those_passed_over_keep_their_place() {
    let mut pool = pool(plain(3));
    assert_eq!(picks(&mut pool, 0, 7), [1, 2, 3, 1, 2, 3, 1]);
    let tried = [KeyId(2)];
    let skipped = lease(&mut pool, &PickRequest { tried: &tried, ..request(0) });
    assert_eq!(skipped.key, KeyId(3));
    assert_eq!(picks(&mut pool, 0, 3), [2, 1, 3]);
}

#[test]
fn an_empty_pool_and_one_that_was_tried_whole_have_nobody() {
    assert_eq!(pool(Vec::new()).pick(&request(0)), Next::None { retry_at: None, is_busy: false });
    let tried: Vec<KeyId> = (1..=100).map(KeyId).collect();
    let mut pool = pool(plain(100));
    let next = pool.pick(&PickRequest { tried: &tried, ..request(0) });
    assert_eq!(next, Next::None { retry_at: None, is_busy: false });
    assert_eq!(lease(&mut pool, &PickRequest { tried: &tried[1..], ..request(0) }).key, KeyId(1));
}

#[test]
fn a_limited_key_rests_until_its_time_and_then_lets_one_probe_through() {
    let mut pool = pool(plain(2));
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, limited(30), 0);
    assert_eq!(picks(&mut pool, 29_999, 3), [2, 2, 2]);
    let report = of_key(&pool, 1, 1000);
    assert_eq!((report.state, report.since, report.until), (KeyState::Cooling, Some(at(0)), Some(at(30_000))));

    // Its time has come: while one request shows whether it serves, the others go elsewhere.
    let second = lease(&mut pool, &request(30_000));
    let probe = lease(&mut pool, &request(30_000));
    assert_eq!((second.key, probe.key), (KeyId(2), KeyId(1)));
    assert_eq!(picks(&mut pool, 30_001, 2), [2, 2]);
    assert_eq!(answer(&mut pool, &probe, Verdict::Healthy, 30_002), Learning::Nothing);
    let mut after = picks(&mut pool, 30_003, 4);
    after.sort_unstable();
    assert_eq!(after, [1, 1, 2, 2]);
    assert_eq!(of_key(&pool, 1, 30_003).state, KeyState::Active);
}

#[test]
fn a_probe_that_its_client_leaves_is_followed_by_another() {
    let mut pool = pool(plain(1));
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, limited(1), 0);
    let probe = lease(&mut pool, &request(1000));
    assert_eq!(pool.pick(&request(1001)), Next::None { retry_at: None, is_busy: true });
    pool.settle(&probe, None, at(1002));
    assert_eq!(lease(&mut pool, &request(1003)).key, KeyId(1));
}

#[test]
fn when_all_rest_the_first_return_is_told_and_cooldowns_never_shrink() {
    let mut pool = pool(plain(2));
    let (one, two) = (lease(&mut pool, &request(0)), lease(&mut pool, &request(0)));
    answer(&mut pool, &one, limited(90), 0);
    answer(&mut pool, &two, limited(30), 0);
    assert_eq!(pool.pick(&request(1)), Next::None { retry_at: Some(at(30_000)), is_busy: false });
    assert!(matches!(answer(&mut pool, &one, limited(1), 1), Learning::Cooling(held) if held.until == at(90_000)));
    assert_eq!(pool.pick(&request(2)), Next::None { retry_at: Some(at(30_000)), is_busy: false });
}

#[test]
fn a_request_that_found_every_key_limited_hears_when_the_first_returns() {
    let mut pool = pool(plain(2));
    for seconds in [90, 30] {
        let lease = lease(&mut pool, &request(0));
        answer(&mut pool, &lease, limited(seconds), 0);
    }
    let tried = [KeyId(1), KeyId(2)];
    let next = pool.pick(&PickRequest { tried: &tried, ..request(1) });
    assert_eq!(next, Next::None { retry_at: Some(at(30_000)), is_busy: false });
}

#[test]
fn a_limit_of_one_model_leaves_the_others_alone_and_one_of_the_key_none() {
    let mut pool = pool(plain(1));
    let of = |model| PickRequest { model: Some(model), ..request(0) };
    let first = lease(&mut pool, &of("a"));
    answer(&mut pool, &first, limited(30), 0);
    assert!(matches!(pool.pick(&of("a")), Next::None { retry_at: Some(_), .. }));
    let second = lease(&mut pool, &of("b"));
    let verdict = Verdict::CoolDown { after: Some(Duration::from_secs(60)), scope: LimitScope::Key };
    answer(&mut pool, &second, verdict, 0);
    for model in ["a", "b", "c"] {
        assert_eq!(pool.pick(&of(model)), Next::None { retry_at: Some(at(60_000)), is_busy: false }, "{model}");
    }
}

#[test]
fn a_quota_group_cools_together_and_no_other_key_does() {
    let grouped = |id, group: &str| PoolKey { group: Some(QuotaGroup(group.to_owned())), ..PoolKey::plain(KeyId(id)) };
    let mut pool = pool(vec![grouped(1, "a"), grouped(2, "a"), grouped(3, "b"), PoolKey::plain(KeyId(4))]);
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, limited(30), 0);
    assert_eq!(picks(&mut pool, 1, 4), [3, 4, 3, 4]);
    let states: Vec<KeyState> = pool.reports(at(1)).iter().map(|report| report.state).collect();
    assert_eq!(states, [KeyState::Cooling, KeyState::Cooling, KeyState::Active, KeyState::Active]);
}

#[test]
fn a_dead_key_is_not_used_and_tested_ever_more_rarely_until_it_works() {
    let mut pool = pool(plain(2));
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, Verdict::Dead, 0);
    assert_eq!(picks(&mut pool, 1_000_000_000, 2), [2, 2]);
    assert!(pool.due_probes(at(59_999)).is_empty());
    let (mut now, mut waits) = (60_000, Vec::new());
    for _ in 0..11 {
        assert_eq!(pool.due_probes(at(now)), [KeyId(1)]);
        let Learning::Out { probe_at, .. } = pool.learn_probe(KeyId(1), &Reading::plain(Verdict::Dead), at(now)) else {
            panic!("it is not out");
        };
        waits.push((probe_at.as_millis() - now) / 60_000);
        now = probe_at.as_millis();
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    assert_eq!((of_key(&pool, 1, now).state, of_key(&pool, 1, now).since), (KeyState::Dead, Some(at(0))));
    pool.learn_probe(KeyId(1), &Reading::plain(Verdict::UpstreamFault { after: None }), at(now));
    assert_eq!((pool.due_probes(at(now)).len(), of_key(&pool, 1, now).state), (0, KeyState::Dead));
    pool.learn_probe(KeyId(1), &Reading::plain(Verdict::Healthy), at(now));
    assert_eq!(picks(&mut pool, now, 2).iter().sum::<i64>(), 3);
}

#[test]
fn credit_that_is_used_up_takes_the_whole_quota_group_out() {
    let grouped = |id| PoolKey { group: Some(QuotaGroup("a".to_owned())), ..PoolKey::plain(KeyId(id)) };
    let mut pool = pool(vec![grouped(1), grouped(2), PoolKey::plain(KeyId(3))]);
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, Verdict::OutOfQuota { after: None, scope: LimitScope::Key }, 0);
    assert_eq!(picks(&mut pool, 0, 2), [3, 3]);
    assert_eq!(of_key(&pool, 2, 0).state, KeyState::Exhausted);
    assert_eq!(pool.due_probes(at(60_000)), [KeyId(1), KeyId(2)]);
}

#[test]
fn nobody_is_blamed_for_the_clients_or_the_upstreams_fault() {
    let mut pool = pool(plain(1));
    for verdict in [Verdict::ClientFault, Verdict::Forbidden, Verdict::UpstreamFault { after: None }] {
        let one = lease(&mut pool, &request(0));
        assert_eq!(answer(&mut pool, &one, verdict, 0), Learning::Nothing);
    }
    let left = lease(&mut pool, &request(0));
    pool.settle(&left, None, at(0));
    assert_eq!(
        of_key(&pool, 1, 0),
        KeyReport { key: KeyId(1), state: KeyState::Active, model: None, since: None, until: None, in_flight: 0 }
    );
}

#[test]
fn declared_limits_hold_for_requests_tokens_days_and_requests_in_flight() {
    let limits = |limits| vec![PoolKey { limits, ..PoolKey::plain(KeyId(1)) }];
    let mut per_minute = pool(limits(Limits { requests_per_minute: Some(2), ..Limits::default() }));
    assert_eq!(picks(&mut per_minute, 0, 3), [1, 1, 0]);
    assert_eq!(per_minute.pick(&request(1)), Next::None { retry_at: Some(at(60_200)), is_busy: false });
    assert_eq!(picks(&mut per_minute, 60_200, 1), [1]);

    let mut per_day = pool(limits(Limits { requests_per_day: Some(1), ..Limits::default() }));
    assert_eq!(picks(&mut per_day, 0, 2), [1, 0]);
    assert_eq!(picks(&mut per_day, 86_400_000, 1), [1]);

    let mut tokens = pool(limits(Limits { tokens_per_minute: Some(100), ..Limits::default() }));
    let sized = |tokens, now| PickRequest { tokens, ..request(now) };
    let first = lease(&mut tokens, &sized(80, 0));
    assert!(matches!(tokens.pick(&sized(30, 1)), Next::None { retry_at: Some(_), .. }));
    lease(&mut tokens, &sized(20, 1));
    // The answer used less than was reserved.
    tokens.settle(&first, Some(10), at(2));
    lease(&mut tokens, &sized(70, 3));

    let mut at_once = pool(limits(Limits { max_concurrency: Some(1), ..Limits::default() }));
    let only = lease(&mut at_once, &request(0));
    assert_eq!(at_once.pick(&request(0)), Next::None { retry_at: None, is_busy: true });
    at_once.settle(&only, None, at(1));
    lease(&mut at_once, &request(1));
}

#[test]
fn what_an_upstream_tells_of_its_limits_is_kept_to() {
    let mut pool = pool(plain(2));
    let tell = |pool: &mut Rotation, lease: &Lease, remaining, seconds| {
        let limit = LimitReading {
            resource: Resource::Requests,
            limit: Some(10),
            remaining: Some(remaining),
            resets_after: Some(Duration::from_secs(seconds)),
        };
        pool.learn(lease, &Reading { limits: vec![limit], ..Reading::plain(Verdict::Healthy) }, at(0));
        pool.settle(lease, None, at(0));
    };
    let (one, two) = (lease(&mut pool, &request(0)), lease(&mut pool, &request(0)));
    tell(&mut pool, &one, 1, 20);
    tell(&mut pool, &two, 0, 50);
    assert_eq!(picks(&mut pool, 1, 2), [1, 0]);
    assert_eq!(pool.pick(&request(2)), Next::None { retry_at: Some(at(20_000)), is_busy: false });
    assert_eq!(picks(&mut pool, 50_000, 2).iter().sum::<i64>(), 3);
}

#[test]
fn lower_tiers_are_used_first_and_models_keep_to_their_keys() {
    let key = |id, tier, models: &[&str]| PoolKey {
        tier,
        models: models.iter().map(|glob| Glob::new(*glob)).collect(),
        ..PoolKey::plain(KeyId(id))
    };
    let mut pool = pool(vec![key(1, 1, &[]), key(2, 0, &["small-*"]), key(3, 0, &["small-*", "big"])]);
    let of = |model| PickRequest { model: Some(model), ..request(0) };
    let small: Vec<i64> = (0..4).map(|_| lease(&mut pool, &of("small-1")).key.0).collect();
    assert_eq!(small, [2, 3, 2, 3]);
    let big = lease(&mut pool, &of("big"));
    assert_eq!(big.key, KeyId(3));
    answer(&mut pool, &big, limited(30), 0);
    assert_eq!(lease(&mut pool, &of("big")).key, KeyId(1), "the next tier steps in");
    assert_eq!(lease(&mut pool, &of("other")).key, KeyId(1));
}

#[test]
fn every_strategy_has_its_order() {
    let weighted = |id, weight| PoolKey { weight, ..PoolKey::plain(KeyId(id)) };
    let mut pool = with_strategy(Strategy::Weighted, vec![weighted(1, 3), weighted(2, 1)]);
    let order = picks(&mut pool, 0, 400);
    assert_eq!(order.iter().filter(|key| **key == 1).count(), 300);
    assert!(order.windows(4).all(|four| four.contains(&2)), "it is not smooth");

    let mut pool = with_strategy(Strategy::FillFirst, plain(3));
    assert_eq!(picks(&mut pool, 0, 3), [1, 1, 1]);
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, limited(30), 0);
    assert_eq!(picks(&mut pool, 1, 2), [2, 2]);
    assert_eq!(picks(&mut pool, 61_000, 2), [1, 1]);

    let mut pool = with_strategy(Strategy::LeastInFlight, plain(3));
    let (one, _two) = (lease(&mut pool, &request(0)), lease(&mut pool, &request(0)));
    let three = lease(&mut pool, &request(0));
    pool.settle(&three, None, at(0));
    assert_eq!(lease(&mut pool, &request(0)).key, three.key);
    pool.settle(&one, None, at(0));
    assert_eq!(lease(&mut pool, &request(0)).key, one.key);

    let mut pool = with_strategy(Strategy::Random, plain(10));
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for key in picks(&mut pool, 0, 10_000) {
        *counts.entry(key).or_default() += 1;
    }
    assert!(counts.len() == 10 && counts.values().all(|count| (700..1300).contains(count)), "{counts:?}");
}

#[test]
fn a_session_keeps_its_key_while_that_can_serve() {
    let mut pool = with_policy(RotationPolicy { has_affinity: true, ..RotationPolicy::default() }, plain(3));
    let of = |session, now| PickRequest { session: Some(session), ..request(now) };
    let keys: Vec<i64> = (0..6).map(|turn| lease(&mut pool, &of(turn % 2, 0)).key.0).collect();
    assert_eq!(keys, [1, 2, 1, 2, 1, 2]);
    let mine = lease(&mut pool, &of(0, 0));
    answer(&mut pool, &mine, limited(30), 0);
    let moved = lease(&mut pool, &of(0, 1)).key;
    assert_ne!(moved, KeyId(1));
    assert_eq!(lease(&mut pool, &of(0, 40_000)).key, moved, "it stays where it moved to");
}

#[test]
fn a_pinned_request_waits_for_its_own_key() {
    let mut pool = pool(plain(3));
    let of = |is_pinned, now| PickRequest { session: Some(7), is_pinned, ..request(now) };
    let first = lease(&mut pool, &of(false, 0));
    assert_eq!([lease(&mut pool, &of(false, 0)).key, lease(&mut pool, &of(true, 0)).key], [KeyId(2); 2]);
    let own = lease(&mut pool, &of(true, 0));
    answer(&mut pool, &own, limited(30), 0);
    assert_eq!(pool.pick(&of(true, 1)), Next::None { retry_at: Some(at(30_000)), is_busy: false });
    let tried = [KeyId(2)];
    let again = PickRequest { tried: &tried, ..of(true, 1) };
    assert_eq!(pool.pick(&again), Next::None { retry_at: Some(at(30_000)), is_busy: false });
    // A key that is gone for good cannot be waited for.
    answer(&mut pool, &own, Verdict::Dead, 2);
    assert_ne!(lease(&mut pool, &of(true, 3)).key, KeyId(2));
    answer(&mut pool, &first, Verdict::Healthy, 4);
}

#[test]
fn publishing_keeps_places_and_states_and_forgets_who_left() {
    let mut pool = pool(plain(3));
    let first = lease(&mut pool, &request(0));
    answer(&mut pool, &first, limited(30), 0);
    pool.publish(RotationPolicy::default(), plain(4).into_iter().filter(|key| key.id != KeyId(2)).collect());
    assert_eq!(picks(&mut pool, 1, 3), [3, 4, 3]);
    assert_eq!(pool.reports(at(1)).len(), 3);
    pool.publish(RotationPolicy { strategy: Strategy::FillFirst, ..RotationPolicy::default() }, plain(4));
    assert_eq!(picks(&mut pool, 2, 2), [2, 2]);
    assert_eq!(of_key(&pool, 1, 2).state, KeyState::Cooling);
}

#[test]
fn nobody_loses_its_place_when_the_strategy_changes() {
    for (before, after) in Strategy::ALL.into_iter().flat_map(|one| Strategy::ALL.map(|other| (one, other))) {
        let mut pool = with_strategy(before, plain(3));
        let first = lease(&mut pool, &request(0)).key.0;
        pool.publish(RotationPolicy { strategy: after, ..RotationPolicy::default() }, plain(4));
        let mut tried = vec![KeyId(first)];
        while let Next::Lease(lease) = pool.pick(&PickRequest { tried: &tried.clone(), ..request(1) }) {
            tried.push(lease.key);
        }
        assert_eq!(tried.len(), 4, "from {before:?} to {after:?}");
    }
}

#[test]
fn a_restart_keeps_cooldowns_and_dead_keys() {
    let mut before = pool(plain(3));
    let of = |model, now| PickRequest { model: Some(model), ..request(now) };
    let (one, two) = (lease(&mut before, &of("a", 0)), lease(&mut before, &of("a", 0)));
    answer(&mut before, &one, limited(30), 0);
    answer(&mut before, &two, Verdict::Dead, 0);
    let kept = before.checkpoints(at(1));
    let mut after = pool(plain(3));
    after.restore(&kept, at(1000));
    assert_eq!(after.checkpoints(at(1000)), kept);
    assert_eq!(lease(&mut after, &of("a", 1000)).key, KeyId(3));
    assert_eq!(after.due_probes(at(60_000)), [KeyId(2)]);
    let (third, returned) = (lease(&mut after, &of("a", 30_000)), lease(&mut after, &of("a", 30_000)));
    assert_eq!((third.key, third.is_probe), (KeyId(3), false));
    assert_eq!((returned.key, returned.is_probe), (KeyId(1), true));
}

#[test]
fn a_quota_that_is_used_up_for_long_is_tried_ever_more_rarely() {
    let silent = Verdict::CoolDown { after: None, scope: LimitScope::Model };
    for at_once in [1, 2, 7] {
        let mut pool = pool(plain(1));
        for turn in 0..40 {
            let held: Vec<Lease> = (0..at_once).map(|_| lease(&mut pool, &request(turn * 500))).collect();
            for lease in &held {
                answer(&mut pool, lease, Verdict::Healthy, turn * 500 + 10);
            }
        }
        let mut refused = 0;
        for turn in 40..40_000 {
            let picked: Vec<Lease> = std::iter::from_fn(|| match pool.pick(&request(turn * 50)) {
                Next::Lease(lease) => Some(lease),
                Next::None { .. } => None,
            })
            .take(at_once)
            .collect();
            for lease in &picked {
                refused += 1;
                answer(&mut pool, lease, silent, turn * 50 + 10);
            }
        }
        assert!(refused < 40, "{refused} requests in half an hour, {at_once} at once");
    }
}

#[test]
fn ten_thousand_keys_take_less_than_a_kibibyte_each() {
    let mut pool = pool(plain(10_000));
    for turn in 0..300_000_i64 {
        let lease = lease(&mut pool, &PickRequest { model: Some("m"), tokens: 100, ..request(turn / 5) });
        pool.learn(&lease, &Reading::plain(Verdict::Healthy), at(turn / 5));
        pool.settle(&lease, Some(90), at(turn / 5));
    }
    let each = pool.state_bytes() / 10_000;
    assert!(each < 1024, "{each} bytes a key");
}

#[test]
fn headers_and_refusals_too_leave_the_state_of_a_key_small() {
    let keys = 100;
    let mut pool = pool(plain(keys));
    let limit = |resource| LimitReading {
        resource,
        limit: Some(500),
        remaining: Some(400),
        resets_after: Some(Duration::from_secs(60)),
    };
    let limits = vec![limit(Resource::Requests), limit(Resource::Tokens)];
    for second in 0..300 {
        for turn in 0..keys {
            let now = second * 1000 + turn;
            let Next::Lease(lease) = pool.pick(&PickRequest { tokens: 100, ..request(now) }) else { continue };
            let verdict = if second % 50 == 49 { limited(1) } else { Verdict::Healthy };
            pool.learn(&lease, &Reading { limits: limits.clone(), ..Reading::plain(verdict) }, at(now));
            pool.settle(&lease, Some(90), at(now));
        }
    }
    let each = pool.state_bytes() / usize::try_from(keys).unwrap();
    assert!(each < 1024, "{each} bytes a key");
}

#[test]
fn what_a_service_without_models_does_not_tell_is_found_out_too() {
    let silent = Verdict::CoolDown { after: None, scope: LimitScope::Key };
    let mut pool = pool(plain(1));
    let (one, two) = (lease(&mut pool, &request(0)), lease(&mut pool, &request(0)));
    for accepted in [&one, &two] {
        pool.learn(accepted, &Reading::plain(Verdict::Healthy), at(10));
    }
    let three = lease(&mut pool, &request(20));
    answer(&mut pool, &three, silent, 30);
    assert!(matches!(pool.pick(&request(40)), Next::None { .. }), "the key is left alone for a moment");
    assert_eq!(pool.pick(&request(5000)), Next::None { retry_at: None, is_busy: true }, "two are as many as it takes");
    pool.settle(&one, None, at(5001));
    lease(&mut pool, &request(6000));
}

#[test]
fn a_refusal_of_the_whole_key_counts_although_its_model_was_forgotten() {
    let mut pool = pool(plain(1));
    let first = lease(&mut pool, &PickRequest { model: Some("first"), ..request(0) });
    for other in 0..64 {
        let held = lease(&mut pool, &PickRequest { model: Some(&format!("m-{other}")), ..request(1) });
        answer(&mut pool, &held, Verdict::Healthy, 2);
    }
    let limited = Verdict::CoolDown { after: Some(Duration::from_secs(30)), scope: LimitScope::Key };
    answer(&mut pool, &first, limited, 3);
    let retry_at = Some(at(30_003));
    assert_eq!(pool.pick(&request(4)), Next::None { retry_at, is_busy: false });
}
