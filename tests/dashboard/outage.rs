//! An outage of the storefront, as somebody sees it who was woken.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::storefront::Storefront;

const NAME: &str = "storefront::shop::protected::fetch_price";

#[tokio::test]
async fn it_opens_with_its_reason_within_a_second_and_recovers_without_a_reload() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let storefront = Storefront::start();
    browser.page.goto(&format!("{}/dashboard", storefront.breakers)).await.unwrap();
    storefront.ask_for_a_price().await;
    let card = browser.until(NAME, |card| card["rates"].as_str().is_some_and(|rates| rates.contains("calls/s"))).await;
    assert_eq!((&card["state"], &card["section"]), (&json!("closed"), &json!("well")));
    // A mark that a reload would take away, and the moment at which the badge changes.
    let script = r"
        window.mark = 'here';
        const card = [...document.querySelectorAll('.card')].find((card) => card.querySelector('.name').textContent === arguments[0]);
        const badge = card.querySelector('.badge');
        new MutationObserver(() => {
          if (badge.textContent === 'open') window.openAt ??= Date.now();
        }).observe(badge, { childList: true, characterData: true, subtree: true });";
    browser.ask(script, &[json!(NAME)]).await;

    storefront.make_weather("failing").await;
    for _ in 0..3 {
        storefront.ask_for_a_price().await;
    }
    let card = browser.until(NAME, |card| card["state"] == "open").await;
    assert_eq!(card["section"], "trouble");
    assert_eq!(card["note"], "customers see the last known prices");
    assert!(card["why"].as_str().unwrap().contains("3 failures in a row (limit 3): 3 http_5xx"), "{card}");
    assert!(card["failure"].as_str().unwrap().starts_with("http_5xx: HTTP status server error (500"), "{card}");
    assert!(card["when"].as_str().unwrap().starts_with("Open for"), "{card}");
    assert!(card["when"].as_str().unwrap().contains("probe"), "{card}");
    let history = reqwest::get(format!("{}/by-name/{NAME}/history", storefront.breakers)).await.unwrap();
    let history: Value = serde_json::from_str(&history.text().await.unwrap()).unwrap();
    let opened = history.as_array().unwrap().iter().find(|change| change["to"] == "open").unwrap()["at"].clone();
    let took = browser.ask("return window.openAt - Date.parse(arguments[0])", &[opened]).await;
    println!("the page showed it {took} ms after it opened");
    assert!(took.as_i64().unwrap() < 1_000, "{took} ms");
    assert!(browser.page.title().await.unwrap().starts_with('('), "the tab says so, too");

    storefront.make_weather("healthy").await;
    let mut card = Value::Null;
    for _ in 0..2_000 {
        storefront.ask_for_a_price().await;
        card = browser.card(NAME).await;
        if card["state"] == "closed" {
            break;
        }
    }
    assert_eq!((&card["state"], &card["section"]), (&json!("closed"), &json!("well")), "{card}");
    assert!(card["why"].as_str().unwrap().starts_with("Last opened"), "{card}");
    assert_eq!(browser.ask("return window.mark", &[]).await, "here", "nothing was reloaded");
    browser.keeps_to_itself().await;
}
