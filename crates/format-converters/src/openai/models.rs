//! Lists of models: those of the vendor.

pub(super) use crate::openai_vendor::models::{call, read, read_page, write, write_page};
