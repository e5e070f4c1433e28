//! Breakers that are configured by a service: one thread asks it for a text, over HTTP, and puts in force what it says.
//!
//! `cargo run --bin config_service` starts such a service, takes it through an outage, and prints what the program with
//! the breaker makes of that. While the service is down or talks nonsense, what was said last stays in force.

use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use breaker_runtime::config::Source;
use breaker_runtime::{CircuitBreakerError, Event, circuit_breaker, registry};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A service that is asked over HTTP.
struct Service {
    http: reqwest::blocking::Client,
    url: String,
}

impl Service {
    fn at(url: String) -> reqwest::Result<Self> {
        // A limit of its own: the thread that asks has nothing else to do, but an outage should be told of.
        let http = reqwest::blocking::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        Ok(Self { http, url })
    }
}

impl Source for Service {
    fn origin(&self) -> String {
        self.url.clone()
    }

    fn read(&mut self) -> Result<String> {
        Ok(self.http.get(&self.url).send()?.error_for_status()?.text()?)
    }
}

#[circuit_breaker(name = "pricing", threshold = 3)]
fn fetch_price() -> std::result::Result<u32, CircuitBreakerError> {
    Ok(499)
}

/// What the service answers; `None` while it is down.
type Answer = Option<&'static str>;

async fn answer(State(answer): State<watch::Receiver<Answer>>) -> std::result::Result<&'static str, StatusCode> {
    let answer = *answer.borrow();
    answer.ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

#[tokio::main]
async fn main() -> Result<()> {
    let (say, answers) = watch::channel(Some("[breaker.pricing]\nthreshold = 5\n"));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/breakers.toml", listener.local_addr()?);
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/breakers.toml", get(answer)).with_state(answers)).await
    });
    // A client that waits may not be made, or used, on a thread of tokio's.
    tokio::task::spawn_blocking(move || tour(url, &say)).await?
}

fn tour(url: String, say: &watch::Sender<Answer>) -> Result<()> {
    let (told, heard) = mpsc::channel();
    registry::listen(Arc::new(move |event: &Event| {
        let _ = told.send(event.clone());
    }))?;

    let watch = registry::watch_source(Service::at(url)?, Duration::from_millis(100))?;
    told_of(&heard, "the program starts")?;

    say.send(Some("[breaker.pricing]\nthreshold = 10\nreset = \"5s\"\n"))?;
    told_of(&heard, "somebody changes it")?;

    say.send(None)?;
    told_of(&heard, "the service is down")?;

    say.send(Some("[breaker.pricing]\nthreshold = \"many\"\n"))?;
    told_of(&heard, "it is up, with a mistake")?;
    println!("in force all the while: {}\n", fetch_price_breaker().settings());

    say.send(Some("[breaker.pricing]\nthreshold = 20\n"))?;
    told_of(&heard, "the mistake is mended")?;
    println!("a price: {}", fetch_price()?);
    watch.end();
    Ok(())
}

/// Prints what is told until a configuration was taken or refused.
fn told_of(heard: &Receiver<Event>, what: &str) -> Result<()> {
    println!("{what}:");
    loop {
        let event = heard.recv_timeout(Duration::from_secs(10))?;
        println!("  {event}");
        if let Event::Configured(_) | Event::ConfigRefused(_) = event {
            println!();
            return Ok(());
        }
    }
}
