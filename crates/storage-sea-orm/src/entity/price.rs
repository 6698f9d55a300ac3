//! The table `prices`.

use rotator_domain::rotation::Glob;
use rotator_domain::{PriceOverride, Timestamp, TokenPrice};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use crate::error::CorruptRow;

const TABLE: &str = "prices";

/// What models cost. Of `long` there is all or nothing but what need not be there.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "prices")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) pattern: String,
    pub(crate) input: i64,
    pub(crate) cached: Option<i64>,
    pub(crate) cache_written: Option<i64>,
    pub(crate) output: i64,
    pub(crate) long_above: Option<i64>,
    pub(crate) long_input: Option<i64>,
    pub(crate) long_cached: Option<i64>,
    pub(crate) long_cache_written: Option<i64>,
    pub(crate) long_output: Option<i64>,
    pub(crate) updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&PriceOverride> for ActiveModel {
    fn from(price: &PriceOverride) -> Self {
        let PriceOverride { pattern, price, long, updated_at } = price;
        let (above, long) = (long.map(|(above, _)| number(above)), long.map(|(_, price)| price));
        Self {
            pattern: Set(pattern.as_str().to_owned()),
            input: Set(number(price.input)),
            cached: Set(price.cached.map(number)),
            cache_written: Set(price.cache_written.map(number)),
            output: Set(number(price.output)),
            long_above: Set(above),
            long_input: Set(long.map(|price| number(price.input))),
            long_cached: Set(long.and_then(|price| price.cached).map(number)),
            long_cache_written: Set(long.and_then(|price| price.cache_written).map(number)),
            long_output: Set(long.map(|price| number(price.output))),
            updated_at: Set(updated_at.as_millis()),
        }
    }
}

fn number(price: u64) -> i64 {
    i64::try_from(price).unwrap_or(i64::MAX)
}

// === impl PriceOverride ===

impl TryFrom<Model> for PriceOverride {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let corrupt = || CorruptRow::new(TABLE, 0, "a price is 0 or more");
        let read = |price: i64| u64::try_from(price).map_err(|_| corrupt());
        let price = |input, cached: Option<i64>, cache_written: Option<i64>, output| {
            Ok(TokenPrice {
                input: read(input)?,
                cached: cached.map(read).transpose()?,
                cache_written: cache_written.map(read).transpose()?,
                output: read(output)?,
            })
        };
        let long = match (row.long_above, row.long_input, row.long_output) {
            (Some(above), Some(input), Some(output)) => {
                Some((read(above)?, price(input, row.long_cached, row.long_cache_written, output)?))
            }
            _ => None,
        };
        Ok(Self {
            price: price(row.input, row.cached, row.cache_written, row.output)?,
            pattern: Glob::new(row.pattern),
            long,
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}
