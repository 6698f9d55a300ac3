//! The pool's rules under whatever clients and upstreams do.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::{Just, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;

use super::*;
use crate::rotation::{KeyState, Learning};
use crate::{LimitScope, Reading, Verdict};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// What a random client does.
#[derive(Clone, Debug)]
enum Step {
    Pick { model: usize, session: Option<u64>, tokens: u32 },
    Answer { which: usize, verdict: Verdict },
    Leave { which: usize },
    Wait { millis: i64 },
    Publish { keys: Vec<bool> },
}

fn verdicts() -> impl Generator<Value = Verdict> {
    let wait = prop_oneof![Just(None), (0_u64..100_000).prop_map(|millis| Some(Duration::from_millis(millis)))];
    let scope = prop_oneof![Just(LimitScope::Model), Just(LimitScope::Key)];
    (wait, scope, 0..10).prop_map(|(after, scope, kind)| match kind {
        0..4 => Verdict::Healthy,
        4 | 5 => Verdict::CoolDown { after, scope },
        6 => Verdict::OutOfQuota { after, scope },
        7 => Verdict::Dead,
        8 => Verdict::UpstreamFault { after },
        _ => Verdict::ClientFault,
    })
}

fn steps() -> impl Generator<Value = Step> {
    prop_oneof![
        5 => (0_usize..3, prop::option::of(0_u64..3), 0_u32..50)
            .prop_map(|(model, session, tokens)| Step::Pick { model, session, tokens }),
        4 => (any::<usize>(), verdicts()).prop_map(|(which, verdict)| Step::Answer { which, verdict }),
        1 => any::<usize>().prop_map(|which| Step::Leave { which }),
        2 => (0_i64..40_000).prop_map(|millis| Step::Wait { millis }),
        1 => prop::collection::vec(any::<bool>(), 6).prop_map(|keys| Step::Publish { keys }),
    ]
}

fn key_of(id: i64) -> PoolKey {
    let group = (id > 4).then(|| QuotaGroup("g".to_owned()));
    let limits = Limits { max_concurrency: Some(2), requests_per_minute: Some(5), ..Limits::default() };
    PoolKey {
        tier: u8::from(id % 3 == 0),
        weight: 1 + u32::from(id % 2 == 0),
        group,
        limits,
        ..PoolKey::plain(KeyId(id))
    }
}

proptest! {
    #[test]
    fn whatever_clients_and_upstreams_do_the_rules_hold(
        kind in 0_usize..5,
        steps in prop::collection::vec(steps(), 1..150),
    ) {
        let policy = RotationPolicy { strategy: Strategy::ALL[kind], has_affinity: true, ..RotationPolicy::default() };
        let mut pool = Rotation::with_seed(1);
        pool.publish(policy.clone(), (1..=6).map(key_of).collect());
        let (mut held, mut now): (Vec<(Lease, Option<Verdict>)>, i64) = (Vec::new(), 0);
        let mut sent: HashMap<KeyId, Vec<i64>> = HashMap::new();
        let mut until: HashMap<KeyId, Timestamp> = HashMap::new();
        for step in steps {
            match step {
                Step::Pick { model, session, tokens } => {
                    let model = ["a", "b", "c"][model];
                    let before = pool.reports(at(now));
                    let next = pool.pick(&PickRequest { model: Some(model), tried: &[], session, is_pinned: false, tokens, now: at(now) });
                    if let Next::Lease(lease) = next {
                        let report = before.iter().find(|report| report.key == lease.key);
                        prop_assert!(report.is_some(), "not a member");
                        let report = report.unwrap();
                        prop_assert!(report.state != KeyState::Dead);
                        // A state of another model is none of this one.
                        let concerns = report.model.as_deref().is_none_or(|other| other == model);
                        prop_assert!(report.state == KeyState::Active || !concerns, "{report:?} for {model}");
                        prop_assert!(report.in_flight < 2, "full");
                        let times = sent.entry(lease.key).or_default();
                        times.retain(|then| *then > now - 60_000);
                        times.push(now);
                        prop_assert!(times.len() <= 5 + 5, "{times:?}");
                        held.push((lease, None));
                    }
                }
                Step::Answer { which, verdict } if !held.is_empty() => {
                    let which = which % held.len();
                    let (lease, told) = &mut held[which];
                    if told.is_none() {
                        let learning = pool.learn(lease, &Reading::plain(verdict), at(now));
                        if verdict.is_refusal() && let Some(times) = sent.get_mut(&lease.key) {
                            times.pop();
                        }
                        if let Learning::Cooling(cooling) = learning {
                            prop_assert!(cooling.until.as_millis() <= now + 6 * 3_600_000, "lost for ever: {cooling:?}");
                            let latest = until.entry(lease.key).or_insert(cooling.until);
                            *latest = (*latest).max(cooling.until);
                        }
                        *told = Some(verdict);
                    }
                }
                Step::Leave { which } if !held.is_empty() => {
                    let (lease, _) = held.swap_remove(which % held.len());
                    pool.settle(&lease, None, at(now));
                }
                Step::Wait { millis } => now += millis,
                Step::Publish { keys } => {
                    let kept = keys.iter().zip(1..).filter(|(kept, _)| **kept).map(|(_, id)| key_of(id));
                    pool.publish(policy.clone(), kept.collect());
                    sent.clear();
                }
                _ => {}
            }
        }
        for (lease, _) in held.drain(..) {
            pool.settle(&lease, None, at(now));
        }
        // All was given back.
        pool.publish(policy, (1..=6).map(key_of).collect());
        prop_assert!(pool.reports(at(now)).iter().all(|report| report.in_flight == 0));
        prop_assert!(pool.members.values().all(|member| member.bucket.reserved_tokens() == 0));
        // Nobody is lost for ever: long after, every key that a test finds good serves again.
        now += 24 * 3_600_000;
        for key in pool.due_probes(at(now)) {
            pool.learn_probe(key, &Reading::plain(Verdict::Healthy), at(now));
        }
        let mut served: Vec<i64> = Vec::new();
        for _ in 0..200 {
            now += 15_000;
            let tried: Vec<KeyId> = served.iter().map(|key| KeyId(*key)).collect();
            let next = pool.pick(&PickRequest { model: Some("a"), tried: &tried, session: None, is_pinned: false, tokens: 1, now: at(now) });
            if let Next::Lease(lease) = next {
                pool.learn(&lease, &Reading::plain(Verdict::Healthy), at(now));
                pool.settle(&lease, Some(1), at(now));
                served.push(lease.key.0);
            }
        }
        served.sort_unstable();
        served.dedup();
        prop_assert_eq!(served, (1..=6).collect::<Vec<_>>());
    }
}
