//! What the holder of a client key may do.

use rotator_domain::metering::{Span, Unit};
use rotator_domain::rotation::Glob;
use rotator_domain::{Budget, ClientLimits, ClientPolicy, check_client_policy};
use serde::{Deserialize, Serialize};

use crate::error::CorruptRow;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct ClientColumn {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpm: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpm: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_concurrency: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    budgets: Vec<BudgetColumn>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BudgetColumn {
    unit: String,
    amount: u64,
    period: String,
}

/// A policy as its column holds it; nothing where it allows everything.
pub(in crate::entity) fn write_client_policy(policy: &ClientPolicy) -> Result<Option<String>, serde_json::Error> {
    if *policy == ClientPolicy::default() {
        return Ok(None);
    }
    let ClientPolicy { services, models, sources, limits } = policy;
    let texts = |globs: &[Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
    let column = ClientColumn {
        services: texts(services),
        models: texts(models),
        sources: sources.iter().map(ToString::to_string).collect(),
        rpm: limits.requests_per_minute,
        rpd: limits.requests_per_day,
        tpm: limits.tokens_per_minute,
        tpd: limits.tokens_per_day,
        max_concurrency: limits.concurrent,
        budgets: limits.budgets.iter().map(BudgetColumn::from).collect(),
    };
    serde_json::to_string(&column).map(Some)
}

/// Reads the column of a policy.
pub(in crate::entity) fn read_client_policy(
    table: &'static str,
    id: i64,
    text: Option<&str>,
) -> Result<ClientPolicy, CorruptRow> {
    let Some(text) = text else {
        return Ok(ClientPolicy::default());
    };
    let column: ClientColumn = serde_json::from_str(text).map_err(|error| CorruptRow::new(table, id, error))?;
    let sources = column.sources.iter().map(|source| source.parse());
    let budgets = column.budgets.iter().map(|budget| budget.read().ok_or("a budget of an unknown kind"));
    let globs = |texts: Vec<String>| texts.into_iter().map(Glob::new).collect();
    let policy = ClientPolicy {
        services: globs(column.services),
        models: globs(column.models),
        sources: sources.collect::<Result<_, String>>().map_err(|error| CorruptRow::new(table, id, error))?,
        limits: ClientLimits {
            requests_per_minute: column.rpm,
            requests_per_day: column.rpd,
            tokens_per_minute: column.tpm,
            tokens_per_day: column.tpd,
            concurrent: column.max_concurrency,
            budgets: budgets.collect::<Result<_, _>>().map_err(|error| CorruptRow::new(table, id, error))?,
        },
    };
    check_client_policy(&policy).map_err(|error| CorruptRow::new(table, id, error))?;
    Ok(policy)
}

// === impl BudgetColumn ===

impl BudgetColumn {
    fn read(&self) -> Option<Budget> {
        let (unit, period) = (Unit::from_name(&self.unit)?, Span::from_name(&self.period)?);
        Some(Budget { unit, amount: self.amount, period })
    }
}

impl From<&Budget> for BudgetColumn {
    fn from(budget: &Budget) -> Self {
        let (unit, period) = (budget.unit.name().to_owned(), budget.period.name().to_owned());
        Self { unit, amount: budget.amount, period }
    }
}
