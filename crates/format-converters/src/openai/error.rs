//! Errors: those of the vendor.

pub(super) use crate::openai_vendor::error::{read, render};
