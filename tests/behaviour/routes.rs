//! Breakers over HTTP: a real server, and a client that asks it.

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};
use breaker_runtime::clock::ManualClock;
use breaker_runtime::{Breakers, CircuitBreaker, CircuitBreakerError, Mode, Settings, registry, web};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::*;

/// A server with the routes under `/breakers`, until this is dropped.
struct Server {
    address: String,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, task }
    }

    async fn of_routes() -> Self {
        Self::start(Router::new().nest("/breakers", web::router())).await
    }

    async fn ask(&self, method: Method, path: &str) -> Response {
        reqwest::Client::new().request(method, format!("{}{path}", self.address)).send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.ask(Method::GET, path).await;
        assert_eq!((response.status().as_u16(), content_type(&response)), (200, "application/json"), "{path}");
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn content_type(response: &Response) -> &str {
    response.headers()["content-type"].to_str().unwrap()
}

fn listed(name: &'static str) -> (&'static CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let settings = Settings::new().consecutive(1).reset(MINUTE);
    let breaker = CircuitBreaker::builder(name).settings(settings).clock(&clock).build().unwrap();
    let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
    registry::add(breaker);
    (breaker, clock)
}

#[tokio::test]
async fn a_breaker_is_found_by_its_name_and_tells_its_history() {
    let server = Server::of_routes().await;
    let (breaker, clock) = listed("routes::one");
    let at = "/breakers/by-name/routes::one";
    assert_eq!(server.json(at).await[0]["state"], "closed");
    fail(breaker);
    clock.advance(SECOND);
    let [now] = <[Value; 1]>::try_from(server.json(at).await.as_array().unwrap().clone()).unwrap();
    assert_eq!((&now["state"], &now["retry_after_seconds"]), (&json!("open"), &json!(59.0)));
    assert_eq!(now["last_trip"]["failures"][0]["text"], "failure");
    let history = server.json(&format!("{at}/history")).await;
    assert_eq!((history.as_array().unwrap().len(), &history[0]["reason"]), (1, &json!("tripped")));
    let all = server.json("/breakers").await;
    assert!(all.as_array().unwrap().iter().any(|one| one["name"] == "routes::one"));
    let health = server.json("/breakers/health").await;
    assert_eq!(health["status"], "degraded");
    assert!(health["open"].as_array().unwrap().contains(&json!("routes::one")), "{health}");
}

#[tokio::test]
async fn keys_of_a_family_are_there_together_and_alone() {
    static FAMILY: Breakers = Breakers::new("routes of a family", Settings::new().consecutive(1));
    registry::add_family(&FAMILY);
    FAMILY.try_acquire("eu & west").unwrap().failure();
    FAMILY.try_acquire("us").unwrap().success();
    let server = Server::of_routes().await;
    let at = "/breakers/by-name/routes%20of%20a%20family";
    let all = server.json(at).await;
    let keys: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["key"]).collect();
    assert_eq!(keys, [&Value::Null, &json!("eu & west"), &json!("us")]);
    assert_eq!(
        (&all[0]["mode"], &all[0]["state"]),
        (&json!("automatic"), &json!("closed")),
        "no key is without a place"
    );
    FAMILY.set_mode(breaker_runtime::Mode::ForcedOpen);
    assert_eq!(server.json(at).await[0]["mode"], "forced_open", "the family's");
    FAMILY.set_mode(breaker_runtime::Mode::Automatic);
    FAMILY.try_acquire("eu & west").unwrap().failure();
    let one = server.json(&format!("{at}?key=eu+%26+west")).await;
    assert_eq!(
        (one.as_array().unwrap().len(), &one[0]["key"], &one[0]["state"]),
        (1, &json!("eu & west"), &json!("open"))
    );
    let health = server.json("/breakers/health").await;
    assert!(health["open"].as_array().unwrap().contains(&json!("routes of a family[eu & west]")), "{health}");
    assert_eq!(server.ask(Method::GET, &format!("{at}?key=asia")).await.status(), 404);
}

#[tokio::test]
async fn keys_without_a_place_and_the_settings_of_a_family_are_told_too() {
    static FULL: Breakers =
        Breakers::new("routes of a full family", Settings::new().consecutive(1)).max_keys(1).overflow_shared();
    registry::add_family(&FULL);
    let server = Server::of_routes().await;
    let at = "/breakers/by-name/routes%20of%20a%20full%20family";
    assert_eq!(server.json(at).await.as_array().unwrap().len(), 1, "without any key");
    FULL.set_settings_by(FULL.settings().reset(2 * MINUTE), "breakers.toml").unwrap();
    FULL.try_acquire("eu").unwrap().failure();
    FULL.try_acquire("us").unwrap().failure();
    let health = server.json("/breakers/health").await;
    assert!(health["open"].as_array().unwrap().contains(&json!("routes of a full family")), "{health}");
    let history = server.json(&format!("{at}/history")).await;
    let told: Vec<&Value> = history.as_array().unwrap().iter().map(|change| &change["reason"]).collect();
    assert_eq!(told, ["settings_set", "overflowed", "tripped", "tripped"]);
}

#[tokio::test]
async fn a_family_is_told_alone_with_its_mode_and_its_overflow() {
    static FULL: Breakers = Breakers::new("routes of a family alone", Settings::new().consecutive(1)).max_keys(1);
    registry::add_family(&FULL);
    let (one, _) = listed("routes::no family");
    let server = Server::of_routes().await;
    let at = "/breakers/by-name/routes%20of%20a%20family%20alone";
    let alone = format!("{at}?family=true");
    FULL.try_acquire("eu").unwrap().failure();
    let all = server.json(at).await;
    assert_eq!((all.as_array().unwrap().len(), &all[0]["overflow_mode"]), (2, &Value::Null));
    assert!(
        all[0].as_object().unwrap().contains_key("overflow_mode") && all[1].get("overflow_mode").is_none(),
        "{all}"
    );
    FULL.try_acquire("us").unwrap().failure();
    let told = server.json(&alone).await;
    let row =
        |told: &Value| (told.as_array().unwrap().len(), told[0]["mode"].clone(), told[0]["overflow_mode"].clone());
    assert_eq!(row(&told), (1, json!("automatic"), json!("metrics_only")));
    assert_eq!(
        (&told[0]["totals"]["failed"], &told[0]["would_be"]),
        (&json!(1), &json!("open")),
        "of keys without a place"
    );
    FULL.set_mode(Mode::ForcedOpen);
    assert_eq!(row(&server.json(&alone).await), (1, json!("forced_open"), json!("forced_open")));
    FULL.set_mode(Mode::Disabled);
    assert_eq!(row(&server.json(&alone).await), (1, json!("disabled"), json!("metrics_only")));

    let (all, own) = (format!("{at}/history"), format!("{at}/history?family=true"));
    let (all, own) = (server.json(&all).await, server.json(&own).await);
    let own = own.as_array().unwrap();
    assert!(own.iter().all(|change| change["key"].is_null()) && own.len() == FULL.history().len(), "{own:?}");
    assert!(all.as_array().unwrap().len() > own.len());
    assert_eq!(server.json(&format!("{at}?family=false")).await.as_array().unwrap().len(), 2);
    assert!(server.json("/breakers/by-name/routes::no%20family").await[0].get("overflow_mode").is_none());
    for path in [
        "/breakers/by-name/routes::no%20family?family=true",
        &format!("{alone}&key=eu"),
        &format!("{alone}&location=x"),
    ] {
        assert_eq!(server.ask(Method::GET, path).await.status(), 404, "{path}");
    }
    assert_eq!(one.history().len(), 0);
}

#[tokio::test]
async fn routes_are_nested_below_parameters_of_the_application() {
    listed("routes::nested");
    let server = Server::start(Router::new().nest("/t/{tenant}/breakers", web::router())).await;
    assert_eq!(server.json("/t/blue/breakers/by-name/routes::nested").await[0]["name"], "routes::nested");
    assert_eq!(server.json("/t/blue/breakers/by-name/routes::nested/history").await, json!([]));
    assert_eq!(server.ask(Method::GET, "/t/blue/breakers/by-name/blue").await.status(), 404);
}

#[tokio::test]
async fn any_name_is_data() {
    let name = "<script>/../x?\n\"%2e&key=y";
    listed(name);
    let server = Server::of_routes().await;
    let encoded = name.bytes().fold(String::new(), |all, byte| format!("{all}%{byte:02X}"));
    assert_eq!(server.json(&format!("/breakers/by-name/{encoded}")).await[0]["name"], name);
    assert_eq!(server.json(&format!("/breakers/by-name/{encoded}/history")).await, json!([]));
    let page = server.ask(Method::GET, "/breakers/metrics").await;
    assert_eq!(content_type(&page), "text/plain; version=0.0.4; charset=utf-8");
    assert!(page.text().await.unwrap().contains(r#"name="<script>/../x?\n\"%2e&key=y""#));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let server = Server::of_routes().await;
    for path in ["/breakers/by-name/nobody", "/breakers/by-name/nobody/history", "/breakers/by-name/%3Cb%3E%0A"] {
        let response = server.ask(Method::GET, path).await;
        assert_eq!((response.status().as_u16(), content_type(&response)), (404, "application/problem+json"), "{path}");
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!((&problem["title"], &problem["status"]), (&json!("Not Found"), &json!(404)));
        assert!(problem["detail"].as_str().unwrap().starts_with("there is no circuit breaker `"), "{problem}");
    }
    for path in ["%FF", "x?key=1&key=2", "x/history?family=perhaps"] {
        let response = server.ask(Method::GET, &format!("/breakers/by-name/{path}")).await;
        assert_eq!((response.status().as_u16(), content_type(&response)), (400, "application/problem+json"), "{path}");
    }
    for (method, path, status) in [
        (Method::POST, "/breakers", 405),
        (Method::DELETE, "/breakers/by-name/x", 405),
        (Method::PUT, "/breakers/health", 405),
        (Method::GET, "/breakers/nowhere", 404),
    ] {
        assert_eq!(server.ask(method.clone(), path).await.status().as_u16(), status, "{method} {path}");
    }
    assert_eq!(server.ask(Method::HEAD, "/breakers/health").await.status(), 200);
}

#[tokio::test]
async fn changes_are_sent_as_they_happen() {
    let server = Server::of_routes().await;
    let mut events = server.ask(Method::GET, "/breakers/events").await;
    assert_eq!(content_type(&events), "text/event-stream");
    let (breaker, _) = listed("routes that\nare sent");
    let mut unread = String::new();
    let event = 'found: loop {
        // Again and again: breakers of other tests change too, and who is too far behind misses some.
        breaker.close();
        fail(breaker);
        unread += std::str::from_utf8(&events.chunk().await.unwrap().unwrap()).unwrap();
        while let Some((event, rest)) = unread.split_once("\n\n") {
            let (event, rest) = (event.to_owned(), rest.to_owned());
            unread = rest;
            if event.contains("routes that") && event.contains("tripped") {
                break 'found event;
            }
        }
    };
    let (kind, data) = event.trim().split_once('\n').unwrap();
    assert_eq!(kind, "event: change");
    let change: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&change["name"], &change["to"]), (&json!("routes that\nare sent"), &json!("open")));
}

#[tokio::test]
async fn a_rejection_is_a_response_with_its_public_line_alone() {
    async fn price(Extension(breaker): Extension<Arc<CircuitBreaker>>) -> Result<String, CircuitBreakerError> {
        breaker.call_async(async { Ok("9.99".to_owned()) }).await
    }
    let clock = ManualClock::new();
    let settings = Settings::new().consecutive(1).reset(MINUTE);
    let breaker = Arc::new(CircuitBreaker::builder("pricing").settings(settings).clock(&clock).build().unwrap());
    let app = Router::new().route("/", get(price)).layer(Extension(Arc::clone(&breaker)));
    let server = Server::start(app).await;
    assert_eq!(server.ask(Method::GET, "/").await.text().await.unwrap(), "9.99");
    admitted(&breaker).failure_with(&"secret of another caller");
    clock.advance(SECOND / 2);
    let response = server.ask(Method::GET, "/").await;
    assert_eq!((response.status().as_u16(), content_type(&response)), (503, "application/problem+json"));
    assert_eq!(response.headers()["retry-after"], "60");
    let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let detail = breaker.try_acquire().unwrap_err().to_string();
    assert_eq!(problem, json!({"title": "Service Unavailable", "status": 503, "detail": detail}));
    assert!(!problem.to_string().contains("secret"));
    breaker.set_mode(Mode::ForcedOpen);
    assert_eq!(server.ask(Method::GET, "/").await.headers()["retry-after"], "1");
}
