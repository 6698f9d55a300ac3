//! Which key is next: the policy of a pool as pure state, without a clock and without randomness of its own.
//!
//! [`Rotation`] is one service's pool. A request takes a [`Lease`] with [`Rotation::pick`], tells what the answer said with
//! [`Rotation::learn`] and gives the lease back with [`Rotation::settle`]. State is kept for each key, and for each (key,
//! model): a [`Bucket`] with its cooldown, what the upstream told of its limits and what was learned of them. Keys of one
//! quota group share a bucket for each model besides.

mod breaker;
mod bucket;
mod census;
mod course;
mod glob;
mod lane;
mod learned;
mod member;
mod policy;
mod pool;
mod report;
mod sessions;
mod told;
mod window;

pub use breaker::{Breaker, Passage};
pub use bucket::{Bucket, Cooling, CoolingReason, Room};
pub use census::{Census, PoolStanding};
pub use course::{AttemptPolicy, Attempted, Course, Step, WaitPolicy};
pub use glob::Glob;
pub use member::{DEAD_PROBE_FIRST, DEAD_PROBE_LONGEST, OutReason};
pub use policy::{KeyPolicy, Limits, PoolKey, QuotaGroup, RotationPolicy, Strategy};
pub use pool::{Lease, Next, PickRequest, Rotation};
pub use report::{Checkpoint, Ending, KeyReport, KeyState, Learning};
pub use window::Window;
