//! `prices ...`.

use clap::{Args, Subcommand};
use rotator_admin_api::wire::{LongPriceBody, PriceBody};

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// List the prices that hold, in US dollars a million tokens.
    List {
        /// Only those with this in their names.
        model: Option<String>,
        /// Only those from here: api, file or shipped.
        #[arg(long)]
        source: Option<String>,
    },
    /// Set the price of a model, or of all models that a pattern fits.
    Set {
        /// The model's name, or a pattern with `*` for any text.
        model: String,
        #[command(flatten)]
        price: PriceFlags,
    },
    /// Take a price away that was set; what was there before holds again.
    Unset {
        /// The name or the pattern, as it was set.
        model: String,
    },
}

/// A price, in US dollars a million tokens.
#[derive(Debug, Args)]
pub(crate) struct PriceFlags {
    /// Tokens of the prompt.
    #[arg(id = "in", long = "in", value_name = "DOLLARS", allow_negative_numbers = true)]
    input: f64,
    /// Tokens of the answer.
    #[arg(id = "out", long = "out", value_name = "DOLLARS", allow_negative_numbers = true)]
    output: f64,
    /// Tokens of the prompt that were read from a cache; as all others when absent.
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true)]
    cached: Option<f64>,
    /// Tokens of the prompt that were written to a cache; as all others when absent.
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true)]
    cache_written: Option<f64>,
    /// Prompts of more tokens than these have prices of their own.
    #[arg(long, value_name = "TOKENS", requires_all = ["long_in", "long_out"])]
    long_above: Option<u64>,
    /// Tokens of a long prompt.
    #[arg(
        id = "long_in",
        long = "long-in",
        value_name = "DOLLARS",
        requires = "long_above",
        allow_negative_numbers = true
    )]
    long_input: Option<f64>,
    /// Tokens of the answer to a long prompt.
    #[arg(
        id = "long_out",
        long = "long-out",
        value_name = "DOLLARS",
        requires = "long_above",
        allow_negative_numbers = true
    )]
    long_output: Option<f64>,
    /// Tokens of a long prompt that were read from a cache.
    #[arg(long, value_name = "DOLLARS", requires = "long_above", allow_negative_numbers = true)]
    long_cached: Option<f64>,
    /// Tokens of a long prompt that were written to a cache.
    #[arg(long, value_name = "DOLLARS", requires = "long_above", allow_negative_numbers = true)]
    long_cache_written: Option<f64>,
    /// The currency; USD when absent.
    #[arg(long)]
    currency: Option<String>,
}

// === impl PriceFlags ===

impl From<PriceFlags> for PriceBody {
    fn from(flags: PriceFlags) -> Self {
        let PriceFlags { input, output, cached, cache_written, currency, .. } = flags;
        let long = flags.long_above.map(|above| LongPriceBody {
            above,
            input: flags.long_input.unwrap_or_default(),
            cached: flags.long_cached,
            cache_written: flags.long_cache_written,
            output: flags.long_output.unwrap_or_default(),
        });
        Self { currency, input, cached, cache_written, output, long }
    }
}
