//! Changing breakers over HTTP: who may, what it does, and that nothing else does anything.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use breaker_runtime::web::{self, Controls};
use breaker_runtime::{Breakers, CircuitBreaker, Event, Mode, Settings, State, registry};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::*;

const TOKEN: &str = "anns-token-0123456789";
const JSON: (&str, &str) = ("content-type", "application/json");

/// A server with the routes under `/breakers`, until this is dropped.
struct Server {
    address: String,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(routes: Router) -> Self {
        let app = Router::new().nest("/breakers", routes);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, task }
    }

    async fn with_token() -> Self {
        Self::start(web::router_with(Controls::by_token("ann", TOKEN).unwrap())).await
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        reqwest::Client::new().request(method, format!("{}/breakers{path}", self.address))
    }

    /// As somebody with the token does it, whose answer is right.
    async fn right(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.told(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// The same, with whatever answer.
    async fn told(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, path).bearer_auth(TOKEN).header(JSON.0, JSON.1).body(body.to_string());
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// For the tests of logs: so many requests that are refused for this token, and so many of another site's page.
pub(crate) fn refused(token: &str, wrong: usize, of_another_site: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::with_token().await;
        let request = || server.request("GET", "/controls");
        for number in 0..wrong {
            let status = request().bearer_auth(token).send().await.unwrap().status();
            assert_eq!(status, if number < 10 { 401 } else { 429 });
        }
        for _ in 0..of_another_site {
            let status = request().header("sec-fetch-site", "cross-site").send().await.unwrap().status();
            assert_eq!(status, 403);
            assert_eq!(request().send().await.unwrap().status(), 401);
        }
    });
}

#[track_caller]
fn listed(name: &'static str) -> &'static CircuitBreaker {
    let breaker: &'static CircuitBreaker =
        Box::leak(Box::new(CircuitBreaker::new(name, Settings::new().consecutive(1))));
    registry::add(breaker);
    breaker
}

/// The only breaker of an answer.
fn only(answer: &Value) -> &Value {
    let all = answer.as_array().unwrap();
    assert_eq!(all.len(), 1, "{answer}");
    &all[0]
}

#[tokio::test]
async fn who_has_a_token_is_told_his_name() {
    let controls = Controls::by_token("ann", TOKEN).unwrap().and_token("bea", "beas-token-0123456789").unwrap();
    assert!(!format!("{controls:?}").contains("token-0"), "{controls:?}");
    let server = Server::start(web::router_with(controls)).await;
    for (token, who) in [(TOKEN, "ann"), ("beas-token-0123456789", "bea")] {
        let response = server.request("GET", "/controls").bearer_auth(token).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (200, &"no-store".parse().unwrap())
        );
        assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control")));
        assert_eq!(response.text().await.unwrap(), json!({"who": who}).to_string());
    }
}

#[tokio::test]
async fn a_mode_is_set_and_told_with_who_did_it_and_why() {
    let server = Server::with_token().await;
    let breaker = listed("controls::mode");
    let mut events = breaker.events();
    let at = "/by-name/controls::mode/mode";
    let body = json!({"mode": "forced_open", "reason": " moving the\ndatabase "});
    let answer = server.right("PUT", at, body.clone()).await;
    assert_eq!((&only(&answer)["mode"], &only(&answer)["state"]), (&json!("forced_open"), &json!("open")));
    assert_eq!(breaker.mode(), Mode::ForcedOpen);
    let history = breaker.history();
    let change = serde_json::to_value(&*history[0]).unwrap();
    let origin = change["origin"].as_str().unwrap();
    let (who, why) = (origin.strip_prefix("ann by HTTP from 127.0.0.1:").unwrap(), r": moving the\ndatabase");
    let port = who.strip_suffix(why).unwrap_or_else(|| panic!("{origin}"));
    assert!(port.parse::<u16>().is_ok(), "{origin}");
    assert!(change["text"].as_str().unwrap().ends_with(&format!("from automatic to forced open by {origin}")));
    match events.next().await {
        Some(Event::Changed(told)) => assert!(Arc::ptr_eq(&told, &history[0])),
        other => panic!("{other:?}"),
    }
    server.right("PUT", at, body).await;
    assert_eq!(breaker.history().len(), 1, "it has that mode already");
    server.right("PUT", at, json!({"mode": "automatic", "reason": null})).await;
    let back = breaker.history().pop().unwrap().to_string();
    assert!(back.contains(" by ann by HTTP from 127.0.0.1:") && !back.contains("moving"), "{back}");
}

#[tokio::test]
async fn a_breaker_is_closed_and_told_with_who_did_it() {
    let server = Server::with_token().await;
    let breaker = listed("controls::close");
    fail(breaker);
    let at = "/by-name/controls::close/close";
    let answer = server.right("POST", at, json!({"reason": "they say it works"})).await;
    assert_eq!((&only(&answer)["state"], breaker.state()), (&json!("closed"), State::Closed));
    let change = serde_json::to_value(&*breaker.history().pop().unwrap()).unwrap();
    assert_eq!(change["reason"], "by_hand");
    let origin = change["origin"].as_str().unwrap();
    assert!(origin.starts_with("ann by HTTP from 127.0.0.1:") && origin.ends_with(": they say it works"), "{origin}");
    assert!(change["text"].as_str().unwrap().ends_with(&format!("closed by hand by {origin}")), "{change}");
    server.right("POST", at, json!({})).await;
    assert_eq!(breaker.state(), State::Closed);
    breaker.set_mode(Mode::ForcedOpen);
    let of_json =
        server.request("POST", at).bearer_auth(TOKEN).header(JSON.0, "application/merge-patch+json").body("{}");
    assert_eq!(of_json.send().await.unwrap().status(), 409, "which is JSON, too");
    let (status, problem) = server.told("POST", at, json!({})).await;
    assert_eq!(
        (status, &problem["detail"]),
        (409, &json!("the breaker is forced open, whatever its state: set its mode instead"))
    );
}

#[tokio::test]
async fn settings_are_changed_and_taken_back() {
    let server = Server::with_token().await;
    let breaker = listed("controls::settings");
    let (at, back) = ("/by-name/controls::settings/settings", "/by-name/controls::settings/rollback");
    let first = breaker.settings();
    let changes = json!({
        "reset": "5s", "probes": 3, "jitter": 0.2, "latency": true, "consecutive": null, "failures": 9, "window": "30s",
    });
    let answer = server.right("PATCH", at, json!({"revision": 1, "settings": changes, "reason": "an outage"})).await;
    let expected =
        Settings::new().reset(5 * SECOND).probes(3).jitter(0.2).latency(true).failures(9).window(30 * SECOND);
    assert_eq!((breaker.settings(), breaker.revision()), (expected, 2));
    assert_eq!((&only(&answer)["revision"], &only(&answer)["settings"]["reset"]), (&json!(2), &json!("5s")));
    let change = serde_json::to_value(&*breaker.history().pop().unwrap()).unwrap();
    let origin = change["origin"].as_str().unwrap();
    assert!(origin.starts_with("ann by HTTP from 127.0.0.1:") && origin.ends_with(": an outage"), "{origin}");
    assert_eq!((&change["settings"]["origin"], &change["settings"]["revision"]), (&json!(origin), &json!(2)));
    assert_eq!(only(&answer)["origin"], origin);

    server.right("PATCH", at, json!({"revision": 2, "settings": {"probes": 3}})).await;
    assert_eq!((breaker.revision(), breaker.history().len()), (2, 1), "they were so already");
    let (status, problem) = server.told("PATCH", at, json!({"revision": 1, "settings": {"probes": 5}})).await;
    let text = "the settings in force have revision 2, and not 1: look at them again";
    let stale = json!({"title": "Conflict", "status": 409, "detail": text, "revision": 2});
    assert_eq!((status, &problem), (409, &stale));
    assert_eq!(server.told("POST", back, json!({"revision": 1})).await, (409, stale));

    let answer = server.right("POST", back, json!({"revision": 2, "reason": "over"})).await;
    assert_eq!((breaker.settings(), &only(&answer)["revision"]), (first, &json!(3)));
    assert!(breaker.history().pop().unwrap().to_string().contains(": over: "));
    let (status, problem) = server.told("POST", back, json!({"revision": 3})).await;
    assert_eq!((status, &problem["detail"]), (409, &json!("there is no change of the settings to take back")));
}

#[tokio::test]
async fn a_family_is_changed_as_a_whole_and_its_keys_one_by_one() {
    static FAMILY: Breakers = Breakers::new("controls of a family", Settings::new().consecutive(1));
    registry::add_family(&FAMILY);
    for key in ["eu & west", "us"] {
        FAMILY.try_acquire(key).unwrap().failure();
    }
    let server = Server::with_token().await;
    let at = "/by-name/controls%20of%20a%20family";
    let key = "?key=eu+%26+west";
    let mode = |key: &str| FAMILY.get(key).unwrap().mode();
    let state = |key: &str| FAMILY.get(key).unwrap().state();

    let answer = server.right("POST", &format!("{at}/close{key}"), json!({})).await;
    assert_eq!((&only(&answer)["key"], &only(&answer)["state"]), (&json!("eu & west"), &json!("closed")));
    assert_eq!((state("eu & west"), state("us")), (State::Closed, State::Open));
    server.right("PUT", &format!("{at}/mode{key}"), json!({"mode": "disabled"})).await;
    assert_eq!((mode("eu & west"), mode("us"), FAMILY.mode()), (Mode::Disabled, Mode::Automatic, Mode::Automatic));
    let answer = server.right("PUT", &format!("{at}/mode"), json!({"mode": "metrics_only"})).await;
    assert_eq!(
        (&only(&answer)["key"], &only(&answer)["mode"]),
        (&Value::Null, &json!("metrics_only")),
        "the family alone"
    );
    assert_eq!(
        (mode("eu & west"), mode("us"), FAMILY.mode()),
        (Mode::MetricsOnly, Mode::MetricsOnly, Mode::MetricsOnly)
    );

    server.right("PATCH", &format!("{at}/settings"), json!({"revision": 1, "settings": {"reset": "7s"}})).await;
    let reset = |key: &str| FAMILY.get(key).unwrap().settings() == FAMILY.settings();
    assert!(reset("eu & west") && reset("us") && FAMILY.settings() == Settings::new().consecutive(1).reset(7 * SECOND));
    server.right("POST", &format!("{at}/rollback"), json!({"revision": 2})).await;
    assert!(reset("us") && FAMILY.settings() == Settings::new().consecutive(1));

    let before = (FAMILY.revision(), FAMILY.history().len());
    for (method, route, body, status, says) in [
        ("POST", "close", json!({}), 400, "say which key by `?key=`"),
        (
            "PATCH",
            "settings?key=us",
            json!({"revision": 3, "settings": {"reset": "9s"}}),
            422,
            "has the settings of the family",
        ),
        ("POST", "rollback?key=us", json!({"revision": 3}), 422, "has the settings of the family"),
        (
            "POST",
            "close?key=asia",
            json!({}),
            404,
            "there is no circuit breaker `controls of a family` with the key `asia`",
        ),
        ("PUT", "mode?kye=us", json!({"mode": "disabled"}), 400, "unknown field `kye`"),
        ("PUT", "mode?key=us&key=us", json!({"mode": "disabled"}), 400, "duplicate field `key`"),
    ] {
        let (got, problem) = server.told(method, &format!("{at}/{route}"), body).await;
        assert_eq!(got, status, "{route}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    assert_eq!((FAMILY.revision(), FAMILY.history().len(), mode("us")), (before.0, before.1, Mode::MetricsOnly));
}

#[tokio::test]
async fn of_several_with_one_name_the_place_says_which() {
    let server = Server::with_token().await;
    let (one, other) = (listed("controls::twice"), listed("controls::twice"));
    let at = "/by-name/controls::twice/mode";
    let (status, problem) = server.told("PUT", at, json!({"mode": "disabled"})).await;
    let places = format!("one of {}, {}", one.location(), other.location());
    assert!(status == 409 && problem["detail"].as_str().unwrap().ends_with(&places), "{problem}");
    let place = other.location().to_string().replace(':', "%3A");
    server.right("PUT", &format!("{at}?location={place}"), json!({"mode": "disabled"})).await;
    assert_eq!((one.mode(), other.mode()), (Mode::Automatic, Mode::Disabled));
    let read = server.request("GET", &format!("/by-name/controls::twice?location={place}")).send().await.unwrap();
    let read: Value = serde_json::from_str(&read.text().await.unwrap()).unwrap();
    assert_eq!(only(&read)["mode"], "disabled");
    let read = server.request("GET", "/by-name/controls::twice?location=x.rs:1:1").send().await.unwrap();
    assert_eq!(read.status(), 404);
    assert_eq!(server.told("PUT", &format!("{at}?location=x.rs:1:1"), json!({"mode": "disabled"})).await.0, 404);

    let same: Vec<_> = (0..2).map(|_| listed("controls::at one place")).collect();
    let place = same[0].location().to_string().replace(':', "%3A");
    let path = format!("/by-name/controls::at%20one%20place/mode?location={place}");
    let (status, problem) = server.told("PUT", &path, json!({"mode": "disabled"})).await;
    assert!(status == 409 && problem["detail"].as_str().unwrap().contains("names of their own"), "{problem}");
    assert!(same.iter().all(|breaker| breaker.mode() == Mode::Automatic));
}

#[tokio::test]
async fn the_breaker_of_keys_without_a_place_is_closed_too() {
    let settings = Settings::new().consecutive(1);
    let family: &'static Breakers =
        Box::leak(Box::new(Breakers::new("controls of a full family", settings).max_keys(1).overflow_shared()));
    registry::add_family(family);
    let server = Server::with_token().await;
    let at = "/by-name/controls%20of%20a%20full%20family";
    let close = format!("{at}/close");
    family.try_acquire("eu").unwrap().failure();
    let (status, problem) = server.told("POST", &close, json!({})).await;
    assert!(status == 400 && problem["detail"].as_str().unwrap().contains("no key is without a place"), "{problem}");
    family.try_acquire("us").unwrap().failure();
    assert!(family.try_acquire("asia").is_err());
    let answer = server.right("POST", &close, json!({"reason": "it works"})).await;
    let row = only(&answer);
    assert_eq!(
        (&row["key"], &row["state"], &row["overflow_mode"]),
        (&Value::Null, &json!("closed"), &json!("automatic"))
    );
    assert_eq!(family.get("eu").unwrap().state(), State::Open, "a key is closed by itself");
    family.try_acquire("asia").unwrap().success();
    let change = family.history().pop().unwrap().to_string();
    assert!(
        change.starts_with("open → closed: closed by hand by ann by HTTP") && change.ends_with(": it works"),
        "{change}"
    );
    server.right("PUT", &format!("{at}/mode"), json!({"mode": "forced_open"})).await;
    assert_eq!(server.told("POST", &close, json!({})).await.0, 409);
}

#[tokio::test]
async fn breakers_are_changed_below_parameters_of_the_application() {
    let breaker = listed("controls::nested");
    let routes = web::router_with(Controls::by_token("ann", TOKEN).unwrap());
    let server = Server::start(Router::new().nest("/{tenant}/{zone}", routes)).await;
    server.right("PUT", "/blue/eu/by-name/controls::nested/mode", json!({"mode": "disabled"})).await;
    assert_eq!(breaker.mode(), Mode::Disabled);
}

#[tokio::test]
async fn a_reason_is_told_as_it_was_written_but_for_what_nobody_sees() {
    let server = Server::with_token().await;
    let breaker = listed("controls::reasons");
    let reason = "it's \"x\" \u{1b}[31m\u{202e}a\u{200b}b\u{2028}c";
    server.right("PUT", "/by-name/controls::reasons/mode", json!({"mode": "disabled", "reason": reason})).await;
    let told = breaker.history().pop().unwrap().to_string();
    assert!(told.ends_with(r#": it's "x" \u{1b}[31m\u{202e}a\u{200b}b\u{2028}c"#), "{told}");
}

/// A request that must change nothing.
struct Wrong {
    what: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    status: u16,
    /// In the answer's text.
    says: &'static str,
}

impl Wrong {
    /// Right but for what is changed in it.
    fn mode(what: &'static str) -> Self {
        Self {
            what,
            method: "PUT",
            path: "/by-name/controls::wrong/mode".to_owned(),
            headers: vec![("authorization", format!("Bearer {TOKEN}")), (JSON.0, JSON.1.to_owned())],
            body: br#"{"mode": "forced_open"}"#.to_vec(),
            status: 422,
            says: "",
        }
    }

    fn settings(what: &'static str, settings: &str) -> Self {
        let body = format!(r#"{{"revision": 2, "settings": {settings}}}"#);
        Self { method: "PATCH", path: "/by-name/controls::wrong/settings".to_owned(), ..Self::mode(what).body(body) }
    }

    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| *name != header);
        self
    }

    fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn instead(self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(name).and(name, value)
    }

    fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    fn is(self, status: u16, says: &'static str) -> Self {
        Self { status, says, ..self }
    }

    async fn send(&self, server: &Server) -> Response {
        let request = server.request(self.method, &self.path).body(self.body.clone());
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value)).send().await.unwrap()
    }
}

fn without_right() -> Vec<Wrong> {
    let basic = "Basic YW5uOmFubnMtdG9rZW4tMDEyMzQ1Njc4OQ==";
    let wrong = |what: &'static str| Wrong::mode(what).is(401, "one header `Authorization: Bearer`");
    let other = |what, value: &str| wrong(what).instead("authorization", value);
    vec![
        wrong("no token").without("authorization"),
        other("a wrong token", "Bearer anns-token-0123456780"),
        other("the beginning of the token", "Bearer anns-token-012345678"),
        other("the token and more", "Bearer anns-token-01234567890"),
        other("the token in capitals", "Bearer ANNS-TOKEN-0123456789"),
        other("an empty token", "Bearer "),
        other("the token alone", TOKEN),
        other("another scheme", &format!("Token {TOKEN}")),
        other("basic", basic),
        other("two tokens", &format!("Bearer {TOKEN} {TOKEN}")),
        other("a name", "ann"),
        wrong("two headers").and("authorization", format!("Bearer {TOKEN}")),
        wrong("two headers of two schemes").and("authorization", basic),
        wrong("a cookie")
            .without("authorization")
            .and("cookie", format!("token={TOKEN}; authorization=Bearer {TOKEN}")),
        wrong("another header").without("authorization").and("x-authorization", format!("Bearer {TOKEN}")),
        wrong("the proxy's header").without("authorization").and("proxy-authorization", format!("Bearer {TOKEN}")),
        wrong("in the query")
            .without("authorization")
            .path(&format!("/by-name/controls::wrong/mode?access_token={TOKEN}")),
        wrong("in the body").without("authorization").body(format!(r#"{{"mode": "disabled", "token": "{TOKEN}"}}"#)),
        wrong("in the body as a form")
            .without("authorization")
            .instead("content-type", "application/x-www-form-urlencoded")
            .body(format!("access_token={TOKEN}&mode=disabled")),
        wrong("an unknown name, before it is looked for").without("authorization").path("/by-name/nobody/mode"),
        wrong("a body too large, before it is read").without("authorization").body(vec![b' '; 1 << 20]),
        wrong("a wrong method, before it is looked at").without("authorization").method("DELETE"),
        wrong("what a browser asks before").without("authorization").method("OPTIONS"),
        wrong("a form of another kind").without("authorization").path("/by-name/controls::wrong/close").method("POST"),
        wrong("settings").without("authorization").path("/by-name/controls::wrong/settings").method("PATCH"),
        wrong("rollback").without("authorization").path("/by-name/controls::wrong/rollback").method("POST"),
        wrong("who").without("authorization").path("/controls").method("GET"),
        wrong("another site").and("sec-fetch-site", "cross-site").is(403, "another site"),
        wrong("the same site").and("sec-fetch-site", "same-site").is(403, "another site"),
        wrong("another origin").and("origin", "https://evil.example").is(403, "another site"),
        wrong("no origin").and("origin", "null").is(403, "another site"),
    ]
}

fn with_right() -> Vec<Wrong> {
    let mode = Wrong::mode;
    let body = |what, body: &str| mode(what).body(body);
    let settings = Wrong::settings;
    let rollback = |what, body: &str| mode(what).method("POST").path("/by-name/controls::wrong/rollback").body(body);
    let long = "x".repeat(501);
    let deep = "[".repeat(5_000);
    vec![
        mode("GET").method("GET").is(405, "accepts `PUT` alone"),
        mode("POST").method("POST").is(405, "accepts `PUT` alone"),
        mode("DELETE").method("DELETE").is(405, "accepts `PUT` alone"),
        mode("OPTIONS").method("OPTIONS").is(405, "accepts `PUT` alone"),
        mode("another method in a header").method("POST").and("x-http-method-override", "PUT").is(405, "alone"),
        settings("PUT of settings", "{}").method("PUT").is(405, "accepts `PATCH` alone"),
        rollback("PUT of rollback", r#"{"revision": 2}"#).method("PUT").is(405, "accepts `POST` alone"),
        mode("PUT of close").path("/by-name/controls::wrong/close").is(405, "accepts `POST` alone"),
        mode("PUT of who").path("/controls").is(405, "accepts `GET` alone"),
        mode("an unknown name")
            .path("/by-name/controls::wrong%00/mode")
            .is(404, "there is no circuit breaker `controls::wrong\\0`"),
        mode("a name in other letters").path("/by-name/Controls::Wrong/mode").is(404, "there is no"),
        mode("a pattern").path("/by-name/controls::*/mode").is(404, "there is no"),
        mode("a name that is no text").path("/by-name/%FF/mode").is(400, ""),
        mode("a key where there are none").path("/by-name/controls::wrong/mode?key=eu").is(404, "with the key `eu`"),
        mode("a query of other words").path("/by-name/controls::wrong/mode?mode=disabled").is(400, "unknown field"),
        mode("no content type").without("content-type").is(415, "application/json"),
        mode("text").instead("content-type", "text/plain").is(415, "application/json"),
        mode("a form")
            .instead("content-type", "application/x-www-form-urlencoded")
            .body("mode=disabled")
            .is(415, "application/json"),
        mode("parts").instead("content-type", "multipart/form-data; boundary=x").is(415, "application/json"),
        mode("another type of JSON").instead("content-type", "text/json").is(415, "application/json"),
        mode("two types").instead("content-type", "text/plain, application/json").is(415, "application/json"),
        body("nothing", "").is(400, "send JSON such as"),
        body("half", r#"{"mode": "forced"#).is(400, "send JSON such as"),
        body("no JSON", "mode = 'disabled'").is(400, "send JSON such as"),
        body("more behind it", r#"{"mode": "disabled"} {}"#).is(400, "send JSON such as"),
        body("deep, without an end", &format!(r#"{{"mode": {deep}"#)).is(400, "send JSON such as"),
        body("deep", &format!(r#"{{"mode": {deep}{}}}"#, "]".repeat(5_000))).is(422, "and not a list"),
        body("deep alone", &format!("{deep}{}", "]".repeat(5_000))).is(422, "expected an object"),
        mode("no text").body(b"{\"mode\": \"\xff\"}".to_vec()).is(400, "send JSON such as"),
        mode("too large").body(vec![b' '; 16 * 1024 + 1]).is(413, "at most 16384 bytes"),
        mode("far too large").body(vec![b' '; 4 << 20]).is(413, "at most 16384 bytes"),
        body("null", "null").is(422, "expected an object"),
        body("a list", r#"["disabled", null]"#).is(422, "expected an object"),
        body("a text", r#""disabled""#).is(422, "expected an object"),
        body("no mode", "{}").is(422, "missing field `mode`"),
        body("an unknown field", r#"{"mode": "disabled", "force": true}"#).is(422, "unknown field `force`"),
        body("a mode twice", r#"{"mode": "disabled", "mode": "disabled"}"#).is(422, "duplicate field `mode`"),
        body("an unknown mode", r#"{"mode": "open"}"#).is(422, "`mode` accepts `\"automatic\"`"),
        body("a mode in other letters", r#"{"mode": "Disabled"}"#).is(422, "and not `\"Disabled\"`"),
        body("a mode of another kind", r#"{"mode": 1}"#).is(422, "and not `1`"),
        body("no mode at all", r#"{"mode": null}"#).is(422, "and not `null`"),
        body("a list of modes", r#"{"mode": ["disabled"]}"#).is(422, "and not a list"),
        body("a long reason", &format!(r#"{{"mode": "disabled", "reason": "{long}"}}"#))
            .is(422, "at most 500 characters"),
        body("a reason of another kind", r#"{"mode": "disabled", "reason": 1}"#).is(422, "expected a string"),
        settings("an unknown setting", r#"{"resets": "5s"}"#).is(422, "`resets` is unknown: write `reset`"),
        settings("one of several unknown", r#"{"reset": "5s", "quux": 1}"#).is(422, "there are `threshold`"),
        settings("a number for a time", r#"{"reset": 30}"#).is(422, "and not `30`: write `\"30s\"`"),
        settings("a text for a number", r#"{"probes": "3"}"#).is(422, "write `3`, without quotes"),
        settings("one too large", r#"{"probes": 256}"#).is(422, "a whole number from 1 to 255"),
        settings("one far too large", r#"{"probes": 18446744073709551616}"#).is(422, "a whole number"),
        settings("one below zero", r#"{"probes": -1}"#).is(422, "a whole number"),
        settings("half a one", r#"{"probes": 1.5}"#).is(422, "and not `1.5`"),
        settings("no time", r#"{"reset": "0s"}"#).is(422, "longer than zero"),
        settings("null where nothing cannot be", r#"{"reset": null}"#).is(422, "and not `null`"),
        settings("a list", r#"{"reset": ["5s"]}"#).is(422, "and not a list"),
        settings("an object", r#"{"reset": {"s": 5}}"#).is(422, "and not an object"),
        settings("a setting twice", r#"{"reset": "5s", "reset": "6s"}"#).is(422, "`reset` is there twice"),
        settings("the mode", r#"{"mode": "disabled"}"#).is(422, "it has a route of its own"),
        settings("what is expected", r#"{"expected_rps": 5}"#).is(422, "for the lint"),
        settings("half of a rule", r#"{"min_calls": 5}"#).is(422, "`min_calls` needs"),
        settings("a contradiction", r#"{"reset": "10m", "max_reset": "1m"}"#).is(422, "`max_reset`"),
        settings("no settings", "null").is(422, "expected an object of settings"),
        settings("a list of settings", r#"[["reset", "5s"]]"#).is(422, "expected an object of settings"),
        settings("a stale revision", "{}")
            .body(r#"{"revision": 1, "settings": {"reset": "5s"}}"#)
            .is(409, "have revision 2, and not 1"),
        settings("one that never was", "{}")
            .body(r#"{"revision": 3, "settings": {"reset": "5s"}}"#)
            .is(409, "and not 3"),
        settings("no revision", "{}").body(r#"{"settings": {"reset": "5s"}}"#).is(422, "missing field `revision`"),
        settings("a text for it", "{}").body(r#"{"revision": "2", "settings": {}}"#).is(422, "expected u64"),
        settings("one below zero", "{}").body(r#"{"revision": -2, "settings": {}}"#).is(422, "expected u64"),
        settings("settings beside it", "{}").body(r#"{"revision": 2, "reset": "5s"}"#).is(422, "unknown field `reset`"),
        rollback("a stale one", r#"{"revision": 1}"#).is(409, "have revision 2, and not 1"),
        rollback("none", "{}").is(422, "missing field `revision`"),
        rollback("something else", r#"{"revision": 2, "to": 1}"#).is(422, "unknown field `to`"),
    ]
}

#[tokio::test]
async fn requests_of_every_wrong_kind_change_nothing() {
    let breaker = listed("controls::wrong");
    breaker.set_settings(breaker.settings().max_reset(5 * MINUTE).backoff(2.0)).unwrap();
    fail(breaker);
    let seen = || (breaker.state(), breaker.mode(), breaker.revision(), breaker.settings(), breaker.history().len());
    let before = seen();
    for wrong in without_right().into_iter().chain(with_right()) {
        // A server for each: too many refused attempts are told by another test.
        let server = Server::with_token().await;
        let response = wrong.send(&server).await;
        assert_eq!(response.status().as_u16(), wrong.status, "{}", wrong.what);
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], "application/problem+json", "{}", wrong.what);
        assert_eq!(headers["cache-control"], "no-store", "{}", wrong.what);
        assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control")), "{}", wrong.what);
        assert_eq!(headers.contains_key("www-authenticate"), wrong.status == 401, "{}", wrong.what);
        assert!(wrong.status != 405 || headers.contains_key("allow"), "{}", wrong.what);
        let text = response.text().await.unwrap();
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["status"], wrong.status, "{}", wrong.what);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(wrong.says), "{}: {detail}", wrong.what);
        assert!(!text.contains(TOKEN), "{}: {text}", wrong.what);
        assert!(seen() == before, "{}: {:?}", wrong.what, seen());
    }
}

#[tokio::test]
async fn an_answer_says_which_token_is_wanted() {
    let server = Server::with_token().await;
    let none = server.request("GET", "/controls").send().await.unwrap();
    assert_eq!(none.headers()["www-authenticate"], r#"Bearer realm="circuit breakers""#);
    let wrong = server.request("GET", "/controls").bearer_auth("x".repeat(20)).send().await.unwrap();
    assert_eq!(wrong.headers()["www-authenticate"], r#"Bearer realm="circuit breakers", error="invalid_token""#);
}

#[tokio::test]
async fn without_controls_there_are_no_such_routes() {
    let breaker = listed("controls::none");
    let server = Server::start(web::router()).await;
    for (method, route) in [
        ("GET", "/controls"),
        ("PUT", "/by-name/controls::none/mode"),
        ("POST", "/by-name/controls::none/close"),
        ("PATCH", "/by-name/controls::none/settings"),
        ("POST", "/by-name/controls::none/rollback"),
        ("PUT", "/by-name/controls::none"),
    ] {
        let (request, body) = (server.request(method, route).bearer_auth(TOKEN), r#"{"mode": "disabled"}"#);
        let status = request.header(JSON.0, JSON.1).body(body).send().await.unwrap().status().as_u16();
        assert_eq!(status, if route.ends_with("none") { 405 } else { 404 }, "{method} {route}");
    }
    assert_eq!((breaker.mode(), breaker.history().len()), (Mode::Automatic, 0));
}

#[tokio::test]
async fn after_ten_refused_attempts_nobody_from_there_is_heard_for_a_minute() {
    let breaker = listed("controls::attempts");
    let server = Server::with_token().await;
    let at = "/by-name/controls::attempts/mode";
    let other_site = || server.request("GET", "/controls").header("sec-fetch-site", "cross-site");
    for _ in 0..20 {
        assert_eq!(other_site().send().await.unwrap().status(), 403, "these do not count");
    }
    for number in 1..=10 {
        let wrong = server.request("PUT", at).bearer_auth(format!("wrong-token-{number:09}"));
        assert_eq!(wrong.send().await.unwrap().status(), 401);
    }
    let request = server.request("PUT", at).bearer_auth(TOKEN).header(JSON.0, JSON.1).body(r#"{"mode": "disabled"}"#);
    let right = request.try_clone().unwrap().send().await.unwrap();
    assert_eq!((right.status().as_u16(), &right.headers()["cache-control"]), (429, &"no-store".parse().unwrap()));
    let wait: u64 = right.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!((breaker.mode(), breaker.history().len()), (Mode::Automatic, 0));
    let reading = server.request("GET", "/by-name/controls::attempts").send().await.unwrap();
    assert_eq!(reading.status(), 200, "reading is another matter");
    tokio::time::pause();
    tokio::time::advance(MINUTE).await;
    tokio::time::resume();
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(breaker.mode(), Mode::Disabled);
}

#[tokio::test]
async fn what_guesses_no_token_uses_nothing_up() {
    let server = Server::with_token().await;
    let image = || server.request("GET", "/controls");
    for request in [
        image(),
        image().header("cookie", "session=old"),
        image().basic_auth("ann", Some(TOKEN)),
        server.request("PUT", "/by-name/controls::nobody/mode"),
    ] {
        for _ in 0..15 {
            assert_eq!(request.try_clone().unwrap().send().await.unwrap().status(), 401);
        }
    }
    assert_eq!(image().bearer_auth(TOKEN).send().await.unwrap().status(), 200);
    for _ in 0..10 {
        assert_eq!(image().bearer_auth("a-wrong-token-012345").send().await.unwrap().status(), 401);
    }
    assert_eq!(image().bearer_auth(TOKEN).send().await.unwrap().status(), 429);
    assert_eq!(image().send().await.unwrap().status(), 401, "which is told the same as before");
}

#[tokio::test]
async fn an_image_with_cookies_uses_up_none_of_the_applications_attempts() {
    let controls = Controls::by(async |request: Parts| match request.headers.get("cookie") {
        Some(cookie) if cookie == "session=ann" => Ok("ann".to_owned()),
        _ => Err(StatusCode::FORBIDDEN.into_response()),
    });
    let server = Server::start(web::router_with(controls)).await;
    for method in ["GET", "HEAD"] {
        for path in ["/controls", "/by-name/controls::nobody/mode"] {
            for _ in 0..15 {
                let request = server.request(method, path).header("cookie", "session=old");
                assert_eq!(request.send().await.unwrap().status(), 403, "{method} {path}");
            }
        }
    }
    let right = || server.request("POST", "/by-name/controls::nobody/close").header("cookie", "session=ann");
    assert_eq!(right().send().await.unwrap().status(), 404, "he may");
    for _ in 0..5 {
        let guess = server.request("GET", "/controls").basic_auth("ann", Some("a guess"));
        assert_eq!(guess.send().await.unwrap().status(), 403);
        let guess = server.request("POST", "/by-name/controls::nobody/close").header("cookie", "session=guess");
        assert_eq!(guess.send().await.unwrap().status(), 403);
    }
    assert_eq!(right().send().await.unwrap().status(), 429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_of_one_revision_one_is_taken() {
    static FAMILY: Breakers = Breakers::new("controls that race", Settings::new());
    registry::add_family(&FAMILY);
    let server = Arc::new(Server::with_token().await);
    for revision in 1..=20 {
        let change = |probes: u64| {
            let server = Arc::clone(&server);
            let body = json!({"revision": revision, "settings": {"probes": probes}});
            tokio::spawn(async move { server.told("PATCH", "/by-name/controls%20that%20race/settings", body).await })
        };
        // Two that differ from what is there, and from each other.
        let (one, other) = (change(2 * revision), change(2 * revision + 1));
        let mut answers = [one.await.unwrap().0, other.await.unwrap().0];
        answers.sort_unstable();
        assert_eq!((answers, FAMILY.revision()), ([200, 409], revision + 1));
    }
}

#[tokio::test]
async fn the_application_decides_by_itself() {
    async fn session(request: &Parts) -> Option<String> {
        tokio::task::yield_now().await;
        let cookie = request.headers.get("cookie")?.to_str().ok()?;
        cookie.strip_prefix("session=").map(str::to_owned)
    }
    let controls = Controls::by(async |request: Parts| match session(&request).await {
        Some(who) if who == "broken" => Err(StatusCode::BAD_GATEWAY.into_response()),
        Some(who) => Ok(who),
        None => Err((StatusCode::FORBIDDEN, [("x-login", "/login")], "who are you?").into_response()),
    });
    assert_eq!(format!("{controls:?}"), r#"Controls { by: "the application", tokens: [], .. }"#);
    let controls = controls.and_token("a job", TOKEN).unwrap();
    let server = Server::start(web::router_with(controls)).await;
    let breaker = listed("controls::own");
    let put = || {
        let request = server.request("PUT", "/by-name/controls::own/mode").header(JSON.0, JSON.1);
        request.body(r#"{"mode": "disabled"}"#)
    };
    for _ in 0..15 {
        assert_eq!(put().header("cookie", "session=broken").send().await.unwrap().status(), 502, "which is no refusal");
    }
    for _ in 0..9 {
        let refused = put().send().await.unwrap();
        assert_eq!((refused.status().as_u16(), &refused.headers()["x-login"]), (403, &"/login".parse().unwrap()));
        assert_eq!(refused.headers()["cache-control"], "no-store");
        assert_eq!(refused.text().await.unwrap(), "who are you?");
    }
    let other_site = put().header("cookie", "session=bea").header("sec-fetch-site", "cross-site");
    assert_eq!(other_site.send().await.unwrap().status(), 403);
    assert_eq!((breaker.mode(), breaker.history().len()), (Mode::Automatic, 0));
    let own = put().header("cookie", "session=bea").header("sec-fetch-site", "same-origin");
    assert_eq!(own.send().await.unwrap().status(), 200);
    assert!(breaker.history()[0].to_string().contains("to disabled by bea by HTTP from 127.0.0.1:"));
    let job = server.request("GET", "/controls").bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(job.text().await.unwrap(), r#"{"who":"a job"}"#);
    assert_eq!(put().send().await.unwrap().status(), 403);
    assert_eq!(put().send().await.unwrap().status(), 429, "the eleventh");
}

#[tokio::test]
async fn where_peers_are_not_known_the_name_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app: Router = web::router_with(Controls::by_token("ann", TOKEN).unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let server = Server { address, task };
    let breaker = listed("controls::no peer");
    let request = reqwest::Client::new().put(format!("{}/by-name/controls::no%20peer/mode", server.address));
    let request = request.bearer_auth(TOKEN).header(JSON.0, JSON.1).body(r#"{"mode": "disabled", "reason": "x"}"#);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let change = breaker.history().pop().unwrap().to_string();
    assert!(change.ends_with("from automatic to disabled by ann by HTTP: x"), "{change}");
}
