//! The controls: by the token alone.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::storefront::{Storefront, TOKEN};

const NAME: &str = "storefront::shop::protected::fetch_price";

impl Browser {
    /// Confirms the question that is asked, with that reason.
    async fn confirm(&self, reason: &str) {
        self.until_true("return document.getElementById('ask').open").await;
        self.write("#reason", reason).await;
        self.click("#ask-ok").await;
    }

    /// Chooses a value in the card of that title.
    async fn choose(&self, title: &str, css: &str, value: &str) {
        let script = r"
            const card = [...document.querySelectorAll('.card')].find((card) => card.querySelector('.name').textContent === arguments[0]);
            const field = card.querySelector(arguments[1]);
            field.focus();
            field.value = arguments[2];
            field.dispatchEvent(new Event('change'));";
        self.ask(script, &[json!(title), json!(css), json!(value)]).await;
    }

    /// What the card of that title says of the last change that was sent.
    async fn answer(&self, title: &str, says: &str) {
        let script = r"
            const card = [...document.querySelectorAll('.card')].find((card) => card.querySelector('.name').textContent === arguments[0]);
            return card.querySelector('.controls .answer')?.textContent ?? '';";
        for _ in 0..6_000 {
            if self.ask(script, &[json!(title)]).await.as_str().is_some_and(|answer| answer.contains(says)) {
                return;
            }
        }
        panic!("it never said `{says}`: {}", self.ask(script, &[json!(title)]).await);
    }
}

#[tokio::test]
async fn it_forces_open_and_closes_with_the_token_and_not_without() {
    let _alone = crate::alone().await;
    let Some(browser) = Browser::open().await else { return };
    let storefront = Storefront::start();
    browser.page.goto(&format!("{}/dashboard", storefront.breakers)).await.unwrap();
    browser.until(NAME, |card| card["state"] == "closed").await;
    browser.click_in(NAME, ".name").await;
    browser.until_true("return document.querySelector('.told') !== null").await;
    let controls = "return document.querySelectorAll('.controls *').length";
    assert_eq!(browser.ask(controls, &[]).await, json!(0), "without the token there are none");

    browser.click("#unlock").await;
    browser.write("#token", "only-for-this-test-8dbd2d").await;
    browser.click("#token-ok").await;
    browser.until_true("return document.getElementById('token-answer').textContent.startsWith('Refused (401)')").await;
    assert_eq!(browser.ask(controls, &[]).await, json!(0), "nor with a wrong one");
    browser.write("#token", TOKEN).await;
    browser.click("#token-ok").await;
    browser.until_true("return document.getElementById('unlock').textContent === 'Controls: operator. Lock'").await;

    browser.choose(NAME, ".mode", "forced_open").await;
    browser.click_in(NAME, ".set-mode").await;
    browser.confirm("the move of the database").await;
    browser.until(NAME, |card| card["state"] == "forced open").await;
    browser.answer(NAME, "Done.").await;
    let history = "return [...document.querySelectorAll('.told li')].some((one) => one.textContent.includes(
        'mode set from automatic to forced open by operator by HTTP from 127.0.0.1') && one.textContent.includes('the move of the database'))";
    browser.until_true(history).await;
    let price = reqwest::get(format!("{}/price/teapot", storefront.shop)).await.unwrap();
    assert_ne!(price.status(), 200, "no price is known yet, and none is asked for");

    // It goes to those in trouble when nobody works on it any more.
    assert_eq!(browser.card(NAME).await["section"], "well");
    browser.click("#search").await;
    browser.until(NAME, |card| card["section"] == "trouble").await;

    // A question that is not confirmed changes nothing.
    browser.choose(NAME, ".mode", "automatic").await;
    browser.click_in(NAME, ".set-mode").await;
    browser.until_true("return document.getElementById('ask').open").await;
    browser.click("#ask-cancel").await;
    assert_eq!(browser.card(NAME).await["state"], "forced open");
    browser.click_in(NAME, ".set-mode").await;
    browser.confirm("").await;
    browser.until(NAME, |card| card["state"] == "half-open").await;
    browser.click_in(NAME, ".close-now").await;
    browser.confirm("it is well").await;
    browser.until(NAME, |card| card["state"] == "closed").await;

    // Settings: a wrong value is refused in the words of a file, a right one is taken, and taken back.
    browser.choose(NAME, ".value", "soon").await;
    browser.click_in(NAME, ".set-value").await;
    browser.confirm("").await;
    browser.answer(NAME, "`reset` accepts a time as text").await;
    browser.choose(NAME, ".value", "7s").await;
    browser.click_in(NAME, ".set-value").await;
    browser.confirm("").await;
    browser.answer(NAME, "Done.").await;
    let snapshot = async || -> Value {
        let text = reqwest::get(format!("{}/by-name/{NAME}", storefront.breakers)).await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(snapshot().await[0]["settings"]["reset"], "7s");
    browser.until_true("return document.querySelector('.told').textContent.includes('Settings, revision 2')").await;
    browser.click_in(NAME, ".roll-back").await;
    browser.confirm("").await;
    browser.until_true("return document.querySelector('.told').textContent.includes('Settings, revision 3')").await;
    assert_eq!(snapshot().await[0]["settings"]["reset"], "2s");

    // What was seen is what is confirmed: a change that somebody else made meanwhile is not taken back.
    browser.click_in(NAME, ".roll-back").await;
    browser.until_true("return document.getElementById('ask').open").await;
    let meanwhile = reqwest::Client::new()
        .patch(format!("{}/by-name/{NAME}/settings", storefront.breakers))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body(r#"{"revision": 3, "settings": {"probes": 2}}"#);
    assert_eq!(meanwhile.send().await.unwrap().status(), 200);
    browser.until_true("return document.querySelector('.told').textContent.includes('Settings, revision 4')").await;
    browser.confirm("").await;
    browser.answer(NAME, "Refused (409)").await;
    assert_eq!(snapshot().await[0]["settings"]["probes"], "2");

    // Locked again; and a reload forgets the token.
    browser.click("#unlock").await;
    assert_eq!(browser.ask(controls, &[]).await, json!(0));
    let kept = "return JSON.stringify([localStorage.length, sessionStorage.length, document.cookie]) + document.documentElement.outerHTML";
    assert!(!browser.ask(kept, &[]).await.to_string().contains(TOKEN), "it is nowhere in the page");
    assert!(browser.ask(kept, &[]).await.as_str().unwrap().starts_with(r#"[0,0,""]"#));
    browser.keeps_to_itself().await;
}
