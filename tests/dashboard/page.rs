//! What the page does for whoever looks at it, and for whoever does not.

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{Breakers, CircuitBreaker, CircuitBreakerError, Mode, Settings, circuit_breaker, registry, web};
use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::server::Server;

static HOSTILE: Breakers =
    Breakers::new("page::hostile keys", Settings::new().consecutive(1)).note("<b onclick='window.struck = 1'>note</b>");
static HOSTS: Breakers = Breakers::new("page::hosts", Settings::new().consecutive(1));

fn listed(name: &'static str) -> &'static CircuitBreaker {
    let settings = Settings::new().consecutive(2);
    let breaker = CircuitBreaker::builder(name).settings(settings).clock(ManualClock::new()).build().unwrap();
    let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
    registry::add(breaker);
    breaker
}

fn open(breaker: &CircuitBreaker) {
    for _ in 0..2 {
        breaker.try_acquire().expect("it is closed").failure();
    }
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("<script>window.struck = 1</script><iframe src='javascript:window.struck=1'>")]
    Hostile,
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

#[circuit_breaker(name = "page::hostile error", threshold = 2)]
fn fail() -> Result<(), Failed> {
    Err(Failed::Hostile)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_told_and_survived() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let breaker = listed("page::restarted");
    let server = Server::start(web::router);
    let address = server.address;
    browser.page.goto(&server.page()).await.unwrap();
    browser.until("page::restarted", |card| card["state"] == "closed").await;
    browser.ask("window.mark = 'here'", &[]).await;
    browser.click_in("page::restarted", ".name").await;
    browser.until_true("return document.querySelector('.details .told') !== null").await;

    drop(server);
    browser.until_true("return document.getElementById('lost').checkVisibility()").await;
    let told = browser.ask("return document.getElementById('lost').textContent", &[]).await;
    assert!(told.as_str().unwrap().starts_with("Connection lost at "), "{told}");
    open(breaker);

    let server = Server::start_at(address, web::router);
    let card = browser.until("page::restarted", |card| card["state"] == "open").await;
    assert_eq!(card["section"], "trouble");
    browser.until_true("return !document.getElementById('lost').checkVisibility()").await;
    assert_eq!(browser.ask("return window.mark", &[]).await, "here", "nothing was reloaded");
    let script = "return document.querySelectorAll('.card .details:not([hidden])').length";
    assert_eq!(browser.ask(script, &[]).await, json!(1), "what was unfolded still is");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_errors_are_text() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let names: [&'static str; 6] = [
        "<img src=x onerror=\"window.struck = 1\">",
        "</h3></article><script>window.struck = 1</script>",
        "${window.struck = 1} {{7*7}} %3Cb%3E &lt;b&gt; \u{202e}gnp.exe",
        "\"' onmouseover=window.struck=1 x='",
        "a name\nof two lines, and a ../../path?with=query#fragment",
        Box::leak(format!("long {}", "name_without_end_".repeat(60)).into_boxed_str()),
    ];
    registry::add_family(&HOSTILE);
    HOSTILE.try_acquire("<svg onload=window.struck=1>").unwrap().failure();
    for name in names {
        open(listed(name));
    }
    let server = Server::start(web::router);
    browser.page.goto(&server.page()).await.unwrap();
    for name in names {
        browser.until(name, |card| card["state"] == "open" && card["section"] == "trouble").await;
        browser.click_in(name, ".name").await;
    }
    let key = "page::hostile keys[<svg onload=window.struck=1>]";
    let card = browser.until(key, |card| card["state"] == "open").await;
    assert_eq!(card["note"], "<b onclick='window.struck = 1'>note</b>");
    browser.click_in(key, ".name").await;
    browser.until_true("return [...document.querySelectorAll('.told')].filter((one) => one.textContent.includes('closed → open')).length >= 7").await;
    for _ in 0..2 {
        fail().unwrap_err();
    }
    browser.until("page::hostile error", |card| card["state"] == "open").await;
    browser.click_in("page::hostile error", ".name").await;
    let script = r#"return [...document.querySelectorAll('.told')].some((one) => one.textContent.includes("<iframe src='javascript:"))"#;
    browser.until_true(script).await;
    // Even where markup came in, the browser would not run it.
    let script = r"
        const tries = [
          () => document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.struck = 1' })),
          () => { document.body.firstElementChild.innerHTML = '<img src=x onerror=window.struck=1>'; },
          () => document.body.firstElementChild.setAttribute('onclick', 'window.struck = 1'),
        ];
        let refused = 0;
        for (const one of tries) try { one(); } catch { refused += 1; }
        document.body.firstElementChild.click();
        return [refused, window.struck === undefined];";
    assert_eq!(browser.ask(script, &[]).await, json!([3, true]));
    let script = "return document.querySelectorAll('main img, main script, main iframe, main b[onclick], main svg:not(.line)').length";
    assert_eq!(browser.ask(script, &[]).await, json!(0));
    browser.keeps_to_itself().await;
    // However long a name is, nothing is wider than the window.
    browser.page.set_window_size(360, 800).await.unwrap();
    let script = "return document.documentElement.scrollWidth <= window.innerWidth";
    browser.until_true(script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn families_are_folded_and_their_troubled_keys_on_top() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    registry::add_family(&HOSTS);
    for key in ["eu", "us", "asia"] {
        HOSTS.try_acquire(key).unwrap().success();
    }
    HOSTS.try_acquire("africa").unwrap().failure();
    let server = Server::start(web::router);
    browser.page.goto(&server.page()).await.unwrap();
    let family = browser.until("page::hosts", |card| card["section"] == "well").await;
    assert_eq!((&family["when"], &family["keys"]), (&json!("4 keys, 1 open."), &json!("Show the keys")));
    browser.until("page::hosts[africa]", |card| card["section"] == "trouble").await;
    assert_eq!(browser.card("page::hosts[eu]").await, json!(null), "folded");
    browser.click_in("page::hosts", ".keys").await;
    browser.until("page::hosts[eu]", |card| card["state"] == "closed").await;
    HOSTS.try_acquire("eu").unwrap().failure();
    browser.until("page::hosts[eu]", |card| card["section"] == "trouble").await;
    browser.click_in("page::hosts", ".keys").await;
    browser.until("page::hosts[us]", |card| *card == json!(null)).await;
    // Many keys in trouble are one trouble: the family's. All of them count.
    for key in 0..120 {
        HOSTS.try_acquire(&format!("host {key}")).unwrap().failure();
    }
    // The page may have looked while they were called.
    let family = browser.until("page::hosts", |card| card["state"] == "122 of 124 keys").await;
    assert_eq!(family["section"], "trouble");
    assert_eq!(family["when"], "124 keys, 122 open; 100 of them shown here.");
    browser.until("page::hosts[africa]", |card| *card == json!(null)).await;
    // Those of other tests count as well.
    browser.until_true("return Number.parseInt(document.getElementById('summary').textContent) >= 122").await;
    browser.click_in("page::hosts", ".keys").await;
    browser.until("page::hosts[africa]", |card| card["state"] == "open").await;
    HOSTS.set_mode_by(Mode::ForcedOpen, "Ann, for the move");
    let forced = browser.until("page::hosts", |card| card["state"] == "forced open").await;
    assert!(forced["when"].as_str().unwrap().ends_with("By Ann, for the move."), "{forced}");
    // Also where nothing is rejected: who leaves forced open would be half-open.
    HOSTS.set_mode(Mode::MetricsOnly);
    let only = |card: &serde_json::Value| {
        let says = card["when"].as_str().is_some_and(|when| when.starts_with("In metrics only"));
        says && card["state"] == "124 of 124 keys"
    };
    assert_eq!(browser.until("page::hosts", only).await["section"], "trouble");
    HOSTS.set_mode(Mode::Automatic);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_one_name_and_place_stay_two_through_a_restart() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let [one, other] = [(); 2].map(|()| listed("page::twins"));
    let server = Server::start(web::router);
    let address = server.address;
    browser.page.goto(&server.page()).await.unwrap();
    let twins = "return [...document.querySelectorAll('.name')].filter((name) => name.textContent === 'page::twins').length === 2";
    browser.until_true(twins).await;
    drop(server);
    browser.until_true("return document.getElementById('lost').checkVisibility()").await;
    let server = Server::start_at(address, web::router);
    browser.until_true("return !document.getElementById('lost').checkVisibility()").await;
    open(one);
    open(other);
    let open = "return [...document.querySelectorAll('#trouble-cards .name')].filter((name) => name.textContent === 'page::twins').length === 2";
    browser.until_true(open).await;
    browser.until_true(twins).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_searched_and_used_by_the_keyboard_and_read_aloud() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let (one, other) = (listed("page::printer"), listed("page::scanner"));
    let server = Server::start(web::router);
    browser.page.goto(&server.page()).await.unwrap();
    browser.until("page::scanner", |card| card["state"] == "closed").await;
    browser.page.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("/").await.unwrap();
    browser.page.active_element().await.unwrap().send_keys("PRINTER page").await.unwrap();
    browser.until("page::scanner", |card| *card == json!(null)).await;
    browser.until("page::printer", |card| card["state"] == "closed").await;
    // From the search to the card is a matter of a few tabs; Enter unfolds it.
    for _ in 0..10 {
        browser.press(Key::Tab).await;
        if browser.ask("return document.activeElement.textContent", &[]).await == "page::printer" {
            break;
        }
    }
    browser.press(Key::Enter).await;
    browser.until_true("return document.activeElement.getAttribute('aria-expanded') === 'true'").await;
    // It keeps the focus when it moves up among those in trouble, and the change is said.
    open(one);
    browser.until("page::printer", |card| card["section"] == "trouble").await;
    assert_eq!(browser.ask("return document.activeElement.textContent", &[]).await, "page::printer");
    browser
        .until_true(
            "return document.getElementById('news').textContent.startsWith('page::printer: open, 2 failures in a row')",
        )
        .await;
    browser.write("#search", "no such breaker").await;
    browser.until_true("return document.getElementById('no-match').checkVisibility()").await;
    browser.press(Key::Escape).await;
    browser.until("page::scanner", |card| card["state"] == "closed").await;
    let script = r"
        const named = (one) => one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.textContent;
        return [...document.querySelectorAll('button, input, select')].filter((one) => one.checkVisibility() && !named(one)).length";
    assert_eq!(browser.ask(script, &[]).await, json!(0), "every control has a name");
    open(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_dark_and_light_and_narrow() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let breaker = listed("page::narrow");
    let server = Server::start(web::router);
    browser.page.goto(&server.page()).await.unwrap();
    open(breaker);
    browser.until("page::narrow", |card| card["state"] == "open").await;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    let before = browser.ask(ground, &[]).await;
    browser.click("#theme").await;
    let after = browser.ask(ground, &[]).await;
    assert_ne!(before, after);
    browser.click("#theme").await;
    assert_eq!(browser.ask(ground, &[]).await, before);
    for width in [320, 500, 900] {
        browser.page.set_window_size(width, 700).await.unwrap();
        browser.until_true("return document.documentElement.scrollWidth <= window.innerWidth").await;
    }
    // The line shows the calls of this test.
    for _ in 0..3 {
        drop(breaker.try_acquire());
    }
    let drawn = |card: &serde_json::Value| {
        card["lines"].as_array().is_some_and(|lines| lines.iter().any(|line| line[0] == "rejected" && line[1] != ""))
    };
    browser.until("page::narrow", drawn).await;
}
