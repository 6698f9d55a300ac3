//! `scale`: how a server with very many services and keys starts, answers and rests.

mod database;
mod measures;

use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use rotator_domain::MasterKey;
use rotator_test_services::Redis;

use self::database::Filled;
use self::measures::Sheet;
use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::{Admin, PASSWORD, Server, client};
use crate::workspace::Workspace;

/// What a server of the size that is promised must keep to.
const START: Duration = Duration::from_secs(10);
const PAGE: Duration = Duration::from_millis(100);
const WRITE: Duration = Duration::from_millis(50);
/// All keys of the large pool are opened for it.
const SEARCH: Duration = Duration::from_secs(1);
/// For how long the server is left alone, to see what it does then.
const REST: Duration = Duration::from_secs(20);

/// What is filled and measured.
#[derive(Args)]
pub(crate) struct ScaleArguments {
    /// How many services.
    #[arg(long, default_value_t = 100_000)]
    services: u32,
    /// How many keys in all.
    #[arg(long, default_value_t = 1_000_000)]
    keys: u32,
    /// How many of them the first service has; the others share the rest evenly.
    #[arg(long, default_value_t = 200_000)]
    largest: u32,
    /// `sqlite`, `mariadb` or `postgres` for an own one, or the URL of an empty database.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// Keep the rotation state in an own Redis, and start twice: before an empty one, and before one that knows the pools.
    #[arg(long)]
    redis: bool,
}

/// Fills a database, starts the release build and measures it; an error where a bound is broken.
pub(crate) fn run(workspace: &Workspace, arguments: &ScaleArguments) -> Result<(), TaskError> {
    let mut build = cargo(workspace);
    build.args(["build", "--release", "--package", "rotator-server", "--features", "enterprise"]);
    process::run(build.args(["--bin", "rotator-server", "--example", "fill"]))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| TaskError::failed("the runtime", error))?;
    runtime.block_on(measure(workspace, arguments))
}

async fn measure(workspace: &Workspace, arguments: &ScaleArguments) -> Result<(), TaskError> {
    let release = workspace.target().join("release");
    let master_key = MasterKey::generate().map_err(|error| TaskError::failed("a master key", error))?.to_hex();
    let counts = [arguments.services, arguments.keys, arguments.largest.min(arguments.keys)];
    let begun = Instant::now();
    let secrets = [("ROTATOR_MASTER_KEY", master_key.expose()), ("ADMIN_PASSWORD", PASSWORD)];
    let filled = Filled::fill(&release.join("examples/fill"), &arguments.database, counts, &secrets)?;
    println!("\nfilled in {:.1} s\n", begun.elapsed().as_secs_f64());

    let redis = arguments.redis.then(Redis::start).transpose();
    let redis = redis.map_err(|error| TaskError::failed("Redis", error))?;
    let redis_url = redis.as_ref().map(Redis::url);
    let start = || {
        let begun = Instant::now();
        let mut command = Command::new(release.join("rotator-server"));
        command.env_clear().envs(secrets).env("DATABASE_URL", filled.url());
        command.envs(redis_url.iter().map(|url| ("REDIS_URL", url)));
        let server = Server::start(&mut command, filled.folder())?;
        Ok::<_, TaskError>((server, begun.elapsed()))
    };
    let mut sheet = Sheet::default();
    let (mut server, took) = start()?;
    sheet.bounded("start", took, START);
    if redis.is_some() {
        drop(server);
        let (again, took) = start()?;
        sheet.bounded("start, Redis knows the pools", took, START);
        server = again;
    }
    sheet.memory("memory after the start", server.id())?;
    let asking = measures::Asking(Admin::login(&client(), &server).await?);
    let large = large_pool(&asking).await?;
    let lists = [
        ("configs, 1,000 a page", "proxy-configs".to_owned(), 1000, arguments.services),
        ("configs, 100 a page", "proxy-configs".to_owned(), 100, arguments.services),
        ("keys of the large pool, 1,000 a page", large.clone(), 1000, counts[2]),
    ];
    for (name, path, limit, count) in lists {
        let first = asking.first_id(&path).await?;
        let (limit, count) = (i64::from(limit), i64::from(count));
        let pages = [("first", first - 1), ("middle", first - 1 + count / 2), ("last", first - 1 + count - limit)];
        for (page, after) in pages {
            let took = asking.get(&format!("{path}?limit={limit}&after={}", after.max(0))).await?;
            sheet.bounded(&format!("{name}: {page}"), took, PAGE);
        }
    }
    sheet.bounded(
        "keys of the large pool that hold a text",
        asking.get(&format!("{large}?limit=50&q=00ab")).await?,
        SEARCH,
    );
    let small = asking.last_config(arguments.services).await?;
    sheet.bounded("keys of a small pool", asking.get(&format!("proxy-configs/{small}/keys")).await?, PAGE);
    sheet.bounded("one config", asking.get(&format!("proxy-configs/{small}")).await?, PAGE);
    sheet.bounded("status", asking.get("status").await?, PAGE);
    sheet.bounded("add a key to a small pool", asking.add_keys(small).await?, WRITE);
    sheet.idle("processor while idle", server.id(), REST).await?;
    sheet.memory("memory at the end", server.id())?;
    sheet.print();
    sheet.verdict()
}

/// The path of the keys of the first service.
async fn large_pool(asking: &measures::Asking) -> Result<String, TaskError> {
    Ok(format!("proxy-configs/{}/keys", asking.first_id("proxy-configs").await?))
}
