//! How long the page keeps a browser busy that shows 500 breakers, all of them called, ten of them opening and closing.
//!
//! `cargo bench -p breaker-tests --bench dashboard`

#[expect(dead_code, reason = "most of it is for the tests")]
mod browser;
mod server;

use std::thread;
use std::time::Duration;

use breaker_runtime::{Breakers, CircuitBreaker, Settings, registry, web};
use serde_json::Value;

use browser::Browser;
use server::Server;

const BREAKERS: usize = 450;
const KEYS: u32 = 50;
const FLAPPING: usize = 10;
const WATCHED: Duration = Duration::from_secs(30);

static HOSTS: Breakers = Breakers::new("load::hosts", Settings::new().latency(true));

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("there are threads");
    let settings = Settings::new().consecutive(5).reset(Duration::from_secs(2)).latency(true);
    let breakers: Vec<&'static CircuitBreaker> = (0..BREAKERS)
        .map(|number| {
            let breaker = CircuitBreaker::builder(&format!("load::service_{number:03}")).settings(settings).build();
            let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker.expect("the settings are right")));
            registry::add(breaker);
            breaker
        })
        .collect();
    registry::add_family(&HOSTS);
    thread::spawn(move || call(&breakers));
    runtime.block_on(watch());
}

/// Calls all of them ten times a second. One of ten calls fails; those that flap fail for 5 seconds of each 10.
fn call(breakers: &[&'static CircuitBreaker]) {
    for turn in 0_usize.. {
        for (number, breaker) in breakers.iter().enumerate() {
            let Ok(permit) = breaker.try_acquire() else { continue };
            let down = number < FLAPPING && (turn / 50) % 2 == 1;
            if down || (turn + number) % 10 == 0 { permit.failure() } else { permit.success() }
        }
        for key in 0..KEYS {
            if let Ok(permit) = HOSTS.try_acquire(&key) {
                permit.success();
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}

async fn watch() {
    let Some(browser) = Browser::open().await else { return };
    let server = Server::start(web::router);
    browser.page.goto(&server.page()).await.expect("the page is there");
    // From the first moment on: `buffered` tells of long tasks that were before this.
    let script = r"
        window.long = [];
        new PerformanceObserver((list) => window.long.push(...list.getEntries().map((task) => Math.round(task.duration))))
          .observe({ type: 'longtask', buffered: true });
        window.gap = 0;
        let last = performance.now();
        setInterval(() => {
          const now = performance.now();
          window.gap = Math.max(window.gap, now - last - 10);
          last = now;
        }, 10);";
    browser.ask(script, &[]).await;
    browser.until_true("return document.querySelectorAll('.card').length >= 450").await;
    // The keys of the family, too: all 500 are on the page.
    browser.click_in("load::hosts", ".keys").await;
    tokio::time::sleep(WATCHED).await;
    let script = "return [document.querySelectorAll('.card').length, window.long, Math.round(window.gap),
        performance.getEntriesByType('resource').length, document.getElementById('summary').textContent]";
    let seen: Value = browser.ask(script, &[]).await;
    println!("{} cards after {} s: {}", seen[0], WATCHED.as_secs(), seen[4].as_str().unwrap_or_default());
    println!("tasks above 50 ms, from the first moment on: {} (ms)", seen[1]);
    println!("longest time in which the page did not answer: {} ms", seen[2]);
}
