//! `top`: services and keys as they change.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::Event;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::api::Api;
use crate::args::TopArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::top::feed::{Feed, Told};
use crate::top::terminal::{Input, Screen, failed};
use crate::top::{Known, Theme, Top, Wish};

/// How long until times are counted down on the screen.
const TICK: Duration = Duration::from_millis(500);
/// How long `--once` looks: rates are counted from when somebody looks.
const LOOKING: Duration = Duration::from_secs(3);

pub(super) async fn run(api: Api, arguments: TopArgs, output: Output) -> Result<(), CliError> {
    let TopArgs { service, once } = arguments;
    let service = match service {
        Some(service) => Some(api.service(&service).await?.id),
        None => None,
    };
    let api = Arc::new(api);
    if once {
        return look_once(&api, service, output).await;
    }
    if !std::io::stdout().is_terminal() {
        return Err(CliError::Usage("top needs a terminal; --once prints what there is".to_owned()));
    }
    watch(&api, service).await
}

async fn look_once(api: &Arc<Api>, service: Option<i64>, output: Output) -> Result<(), CliError> {
    let mut feed = Feed::new(Arc::clone(api), service);
    let (mut known, began) = (Known::default(), Instant::now());
    loop {
        let left = LOOKING.saturating_sub(began.elapsed());
        let told = match tokio::time::timeout(left, feed.next()).await {
            Ok(told) => told,
            Err(_) if known.is_whole() => break,
            // A large pool takes its time.
            Err(_) => feed.next().await,
        };
        match told {
            Told::Connected => {}
            Told::Update(update) => known.take_up(*update, Instant::now()),
            Told::Lost(why) => return Err(CliError::Server(why)),
            Told::Failed(error) => return Err(error),
        }
    }
    output.show(&known.seen(), || known.text(service, Instant::now()))
}

async fn watch(api: &Arc<Api>, service: Option<i64>) -> Result<(), CliError> {
    let mut feed = Feed::new(Arc::clone(api), service);
    let mut top = Top::new(api.server(), service);
    // What is wrong from the beginning is told before the terminal is taken.
    match feed.next().await {
        Told::Failed(error) => return Err(error),
        told => take_up(&mut top, told)?,
    }
    let theme = Theme { has_colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) };
    let mut ended = signal(SignalKind::terminate()).map_err(|error| failed(&error))?;
    let mut screen = Screen::open()?;
    let mut input = Input::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        screen.terminal.draw(|frame| top.draw(frame, theme, Instant::now())).map_err(|error| failed(&error))?;
        tokio::select! {
            _ = ticks.tick() => {}
            _ = ended.recv() => return Ok(()),
            told = feed.next() => match told {
                Told::Failed(CliError::NotFound(why)) if top.open().is_some() => {
                    top.leave(why);
                    feed = Feed::new(Arc::clone(api), None);
                }
                told => take_up(&mut top, told)?,
            },
            event = input.next() => match event {
                None => return Ok(()),
                Some(Event::Key(key)) => match top.on_key(key) {
                    Wish::Nothing => {}
                    Wish::Watch => feed = Feed::new(Arc::clone(api), top.open()),
                    Wish::Quit => return Ok(()),
                },
                // A new size is drawn at once.
                Some(_) => {}
            },
        }
    }
}

fn take_up(top: &mut Top, told: Told) -> Result<(), CliError> {
    match told {
        Told::Connected => top.connected(),
        Told::Update(update) => top.take_up(*update, Instant::now()),
        Told::Lost(why) => top.lost(why),
        Told::Failed(error) => return Err(error),
    }
    Ok(())
}
