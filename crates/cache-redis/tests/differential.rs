//! The script does what the domain's rotation does, whatever clients, upstreams and operators do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod steps;

use std::collections::HashMap;

use futures_util::future::join_all;
use proptest::prelude::{TestCaseError, prop_assert_eq};
use proptest::test_runner::{Config, TestRunner};
use rotator_cache_redis::{Connections, RedisOptions, RedisRotation, RedisUrl, TimeSource};
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::{Checkpoint, Ending, KeyState, Lease, Next, PickRequest, Rotation, RotationPolicy};
use rotator_domain::{KeyId, LimitReading, LimitScope, Reading, Resource, ServiceId, Timestamp, Verdict};
use rotator_test_services::Redis;

use self::steps::{Case, Step, Upstream, key_of};

/// Both, before the same clients.
struct Both<'a> {
    redis: &'a RedisRotation,
    service_id: ServiceId,
    domain: Rotation,
    policy: RotationPolicy,
    keys: Vec<u8>,
    now: i64,
    held: Vec<Held>,
    upstream: Upstream,
    /// When requests that each key served began, and when those that have ended did.
    served: HashMap<KeyId, Vec<i64>>,
    ended: HashMap<KeyId, Vec<i64>>,
}

/// A lease of both.
struct Held {
    domain: Lease,
    redis: Lease,
    /// What the upstream said, once it has.
    is_served: Option<bool>,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn sorted(mut checkpoints: Vec<Checkpoint>) -> Vec<Checkpoint> {
    checkpoints.sort_by_key(|kept| (kept.key, kept.model.clone(), kept.until, kept.since, kept.state.name()));
    checkpoints
}

impl Both<'_> {
    async fn publish(&mut self) {
        let keys: Vec<_> = self.keys.iter().enumerate().filter_map(|(place, kind)| key_of(place, *kind)).collect();
        self.domain.publish(self.policy.clone(), keys.clone());
        let pool = Pool { service_id: self.service_id, policy: self.policy.clone(), keys };
        self.redis.publish_pool(pool).await.unwrap();
    }

    async fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let now = at(self.now);
        match step {
            Step::Pick { at_once, model, session, is_pinned, tokens, tried } => {
                let model = model.map(|model| format!("m-{model}"));
                let tried: Vec<KeyId> = tried.iter().filter_map(|place| key_of(*place, 1)).map(|key| key.id).collect();
                let (session, is_pinned, tokens) = (*session, *is_pinned, *tokens);
                let request = PickRequest { model: model.as_deref(), tried: &tried, session, is_pinned, tokens, now };
                for redis in join_all((0..*at_once).map(|_| self.redis.pick(self.service_id, request))).await {
                    match (self.domain.pick(&request), redis.unwrap()) {
                        (Next::Lease(domain), Next::Lease(redis)) => {
                            prop_assert_eq!((domain.key, domain.is_probe()), (redis.key, redis.is_probe()));
                            self.held.push(Held { domain, redis, is_served: None });
                        }
                        (domain, redis) => prop_assert_eq!(domain, redis),
                    }
                }
            }
            Step::Learn { which, reading } if !self.held.is_empty() => {
                let Held { domain, redis, .. } = &self.held[which % self.held.len()];
                let redis = self.redis.learn(self.service_id, redis, reading, now).await.unwrap();
                prop_assert_eq!(self.domain.learn(domain, reading, now), redis);
            }
            Step::Serve { which } if !self.held.is_empty() => {
                let which = which % self.held.len();
                let reading = self.serve(which);
                let Held { domain, redis, .. } = &self.held[which];
                let redis = self.redis.learn(self.service_id, redis, &reading, now).await.unwrap();
                prop_assert_eq!(self.domain.learn(domain, &reading, now), redis);
            }
            Step::Settle { which, at_once, reading, used } => {
                let count = self.held.len().min(*at_once);
                let ended: Vec<Held> = (0..count).map(|_| self.held.swap_remove(which % self.held.len())).collect();
                let ending = Ending { reading: reading.clone(), used: *used };
                for Held { domain, is_served, .. } in &ended {
                    if *is_served == Some(true) {
                        self.ended.entry(domain.key).or_default().push(self.now);
                    }
                    self.domain.end(domain, &ending, now);
                }
                // A second time does nothing, also at the same time.
                for _ in 0..2 {
                    let twice = ended.iter().chain(ended.first());
                    let settling =
                        twice.map(|held| self.redis.settle(self.service_id, &held.redis, ending.clone(), now));
                    join_all(settling).await.into_iter().for_each(Result::unwrap);
                }
            }
            Step::Probe { place, reading } => {
                let Some(key) = key_of(*place, 1).map(|key| key.id) else { return Ok(()) };
                let redis = self.redis.learn_probe(self.service_id, key, reading.as_ref(), now).await.unwrap();
                match reading {
                    Some(reading) => prop_assert_eq!(self.domain.learn_probe(key, reading, now), redis),
                    None => self.domain.put_off_probe(key, now),
                }
            }
            Step::Publish { keys, strategy } => {
                self.keys.clone_from(keys);
                if let Some(strategy) = strategy {
                    self.policy.strategy = *strategy;
                }
                self.publish().await;
            }
            Step::Restart => {
                let kept = self.domain.checkpoints(now);
                self.domain = Rotation::with_seed(1);
                self.held.clear();
                self.redis.retire_pool(self.service_id).await.unwrap();
                self.publish().await;
                self.domain.restore(&kept, now);
                self.redis.restore(self.service_id, &kept, now).await.unwrap();
            }
            Step::Wait { millis } => self.now += millis,
            Step::Learn { .. } | Step::Serve { .. } => {}
        }
        Ok(())
    }

    /// What the upstream says of a request: it counts those that it serves, and for a while those that have ended.
    fn serve(&mut self, which: usize) -> Reading {
        let key = self.held[which].domain.key;
        if self.held[which].is_served.is_some() {
            return Reading::plain(Verdict::ClientFault);
        }
        let running = self.held.iter().filter(|held| held.domain.key == key && held.is_served == Some(true)).count();
        let lately = |times: Option<&Vec<i64>>, length| {
            times.map_or(0, |times| times.iter().filter(|then| **then > self.now - length).count())
        };
        let at_once = running + lately(self.ended.get(&key), self.upstream.lateness);
        let in_minute = lately(self.served.get(&key), 60_000);
        let is_served = at_once < self.upstream.at_once && in_minute < self.upstream.in_minute;
        self.held[which].is_served = Some(is_served);
        if is_served {
            self.served.entry(key).or_default().push(self.now);
        }
        let after = self.upstream.tells.and_then(|(_, after)| after);
        let limited = Verdict::CoolDown { after, scope: LimitScope::Model };
        let left = if is_served { self.upstream.in_minute - in_minute - 1 } else { 0 };
        let limits = self.upstream.tells.map(|(resets_after, _)| LimitReading {
            resource: Resource::Requests,
            limit: u64::try_from(self.upstream.in_minute).ok(),
            remaining: u64::try_from(left).ok(),
            resets_after: Some(resets_after),
        });
        let verdict = if is_served { Verdict::Healthy } else { limited };
        Reading { limits: limits.into_iter().collect(), ..Reading::plain(verdict) }
    }

    async fn compare(&self) -> Result<(), TestCaseError> {
        let now = at(self.now);
        let redis = self.redis.checkpoints(self.service_id, now).await.unwrap();
        prop_assert_eq!(sorted(self.domain.checkpoints(now)), sorted(redis));
        // Of two states that are equally bad either may be told.
        let told =
            |reports: Vec<rotator_domain::rotation::KeyReport>| -> Vec<(KeyId, KeyState, Option<Timestamp>, u32)> {
                reports.into_iter().map(|report| (report.key, report.state, report.until, report.in_flight)).collect()
            };
        let domain = self.domain.reports(now);
        let ids: Vec<KeyId> = domain.iter().map(|report| report.key).collect();
        let redis = self.redis.reports(self.service_id, &ids, now).await.unwrap();
        prop_assert_eq!(told(domain), told(redis));
        let due = self.redis.due_probes(self.service_id, now).await.unwrap();
        prop_assert_eq!(self.domain.due_probes(now), due);
        Ok(())
    }
}

async fn run(redis: &RedisRotation, service_id: ServiceId, case: &Case) -> Result<(), TestCaseError> {
    let domain = Rotation::with_seed(1);
    let (policy, keys) = (case.policy.clone(), case.keys.clone());
    let mut both = Both {
        redis,
        service_id,
        domain,
        policy,
        keys,
        now: case.begin,
        held: Vec::new(),
        upstream: case.upstream,
        served: HashMap::new(),
        ended: HashMap::new(),
    };
    both.publish().await;
    for (number, step) in case.steps.iter().enumerate() {
        let failed = |error: TestCaseError| TestCaseError::fail(format!("step {number}, {step:?}: {error}"));
        both.step(step).await.map_err(failed)?;
        if number % 8 == 0 {
            both.compare().await.map_err(failed)?;
        }
    }
    both.compare().await?;
    redis.retire_pool(service_id).await.unwrap();
    Ok(())
}

/// Runs many cases before one Redis.
fn compare_all(cases: impl proptest::strategy::Strategy<Value = Case>, usual: u32) {
    let server = Redis::start().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let options = RedisOptions {
        time: TimeSource::Caller,
        command_timeout: std::time::Duration::from_secs(10),
        ..RedisOptions::new(RedisUrl::new(server.url()))
    };
    let redis = RedisRotation::new(Connections::new(&options).unwrap(), &options, "node");
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    let config = Config { cases: number, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let last = std::cell::Cell::new(0);
    let result = TestRunner::new(config).run(&cases, |case| {
        last.set(last.get() + 1);
        runtime.block_on(run(&redis, ServiceId(last.get()), &case))
    });
    assert!(server.command("DBSIZE").unwrap() == ":0\r\n" || result.is_err(), "a retired pool leaves nothing behind");
    result.unwrap();
}

#[test]
fn the_script_does_what_the_domain_does() {
    compare_all(steps::cases(), 60);
}

#[test]
fn the_script_learns_what_the_domain_learns() {
    compare_all(steps::limited_cases(), 30);
}
