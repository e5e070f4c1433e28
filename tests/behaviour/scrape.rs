//! A real Prometheus that scrapes a real server.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener as StdListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use breaker_runtime::{CircuitBreaker, Settings, registry, web};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::*;

/// A Prometheus that ends with this, and its directory.
struct Prometheus {
    process: Child,
    directory: PathBuf,
    address: String,
}

impl Prometheus {
    /// Scrapes `target`. Where it is not installed, this says so, and fails where it has to be.
    fn start(target: &str) -> Option<Self> {
        let directory = env::temp_dir().join(format!("breaker-scrape-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: breakers\n  \
             metrics_path: /breakers/metrics\n  static_configs: [{{targets: ['{target}']}}]\n"
        );
        fs::write(directory.join("prometheus.yml"), config).unwrap();
        let free = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let spawned = Command::new("prometheus")
            .current_dir(&directory)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"])
            .arg(format!("--web.listen-address={free}"))
            .stderr(Stdio::inherit())
            .spawn();
        match spawned {
            Ok(process) => Some(Self { process, directory, address: format!("http://{free}") }),
            Err(error) if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none() => {
                eprintln!("not checked: prometheus is not installed (Debian: apt-get install prometheus)");
                None
            }
            Err(error) => panic!("prometheus: {error}"),
        }
    }

    /// The values that a query finds; nothing while it does not answer.
    async fn ask(&self, query: &str) -> Vec<f64> {
        let encoded = query.bytes().fold(String::new(), |all, byte| format!("{all}%{byte:02X}"));
        let Ok(answer) = reqwest::get(format!("{}/api/v1/query?query={encoded}", self.address)).await else {
            return Vec::new();
        };
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
        let found = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        found.iter().map(|sample| sample["value"][1].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Waits until a query finds at least one series, with a value; meanwhile there are calls to be seen.
    async fn finds_something(&self, query: &str, call: impl Fn()) {
        for _ in 0..600 {
            call();
            if self.ask(query).await.iter().any(|value| !value.is_nan()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing for {query}");
    }

    /// Waits until a query finds this.
    async fn finds(&self, query: &str, expected: &[f64]) {
        let mut found = Vec::new();
        for _ in 0..600 {
            found = self.ask(query).await;
            if found == expected {
                return;
            }
            // Another program has to get there; what it finds does not depend on when.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{query}: {found:?}, not {expected:?}");
    }
}

/// What the dashboard asks, as Grafana fills it in.
fn queries_of_the_dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(include_str!("../../examples/prometheus/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let asked = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let all: Vec<String> = asked
        .chain(dashboard["annotations"]["list"].as_array().unwrap())
        .map(|asked| {
            asked["expr"].as_str().unwrap().replace("$__rate_interval", "1m").replace("$name", "(?s:scraped.*)")
        })
        .collect();
    assert!(all.len() >= 14 && all.iter().all(|query| !query.contains('$')), "{all:?}");
    all
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[tokio::test]
async fn prometheus_sees_a_breaker_open_and_close() {
    static SCRAPED: CircuitBreaker =
        CircuitBreaker::new("scraped <\"\n\\>", Settings::new().consecutive(2).latency(true))
            .note("read by Prometheus");
    static BUSY: CircuitBreaker =
        CircuitBreaker::new("scraped and busy", Settings::new().failure_rate(0.9).latency(true));
    registry::add(&SCRAPED);
    registry::add(&BUSY);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let app = Router::new().nest("/breakers", web::router());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let Some(prometheus) = Prometheus::start(&target) else { return };

    let own = r#"name="scraped <\"\n\\>""#;
    prometheus.finds(&format!("circuit_breaker_state{{{own},state=\"closed\"}}"), &[1.0]).await;
    (0..2).for_each(|_| fail(&SCRAPED));
    rejected(&SCRAPED);
    prometheus.finds(&format!("circuit_breaker_state{{{own},state=\"open\"}}"), &[1.0]).await;
    prometheus.finds(&format!("circuit_breaker_trips_total{{{own}}}"), &[1.0]).await;
    prometheus.finds(&format!("circuit_breaker_rejected_calls_total{{{own},reason=\"open\"}}"), &[1.0]).await;
    prometheus.finds(&format!("circuit_breaker_call_duration_seconds_count{{{own}}}"), &[2.0]).await;
    prometheus.finds(&format!("circuit_breaker_info{{{own},note=\"read by Prometheus\"}}"), &[1.0]).await;
    for query in queries_of_the_dashboard() {
        prometheus.finds_something(&query, || succeed(&BUSY)).await;
    }
    SCRAPED.close();
    prometheus.finds(&format!("circuit_breaker_state{{{own},state=\"closed\"}}"), &[1.0]).await;
    prometheus.finds("up{job=\"breakers\"}", &[1.0]).await;
    server.abort();
}
