//! A real browser that is driven by WebDriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

/// Profiles that were given.
static PROFILES: AtomicU32 = AtomicU32::new(0);
/// How often somebody looks for what is about to happen; a look takes a few milliseconds.
const LOOKS: u32 = 6_000;

/// Chromium with an empty profile, until this is dropped.
pub(crate) struct Browser {
    pub(crate) page: Client,
    driver: Child,
    port: String,
    session: String,
    profile: std::path::PathBuf,
}

impl Browser {
    /// `None` where it is not installed: the reason is printed, and under `CI=true` that is a failure.
    pub(crate) async fn open() -> Option<Self> {
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                let needed = "Debian's packages `chromium` and `chromium-driver`";
                assert!(env::var_os("CI").is_none(), "chromedriver: {error}; the dashboard's tests need {needed}");
                println!("not checked, since chromedriver is not there ({error}): install {needed}");
                return None;
            }
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let started = |line: String| line.split_once("on port ").map(|(_, port)| port.trim_end_matches('.').to_owned());
        let port = lines
            .filter_map(started)
            .find(|port| port.parse().is_ok_and(|port: u16| port > 0))
            .expect("chromedriver starts");
        let number = PROFILES.fetch_add(1, Ordering::Relaxed);
        let profile = env::temp_dir().join(format!("dashboard-{}-{number}", process::id()));
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let wanted = Map::from_iter([("goog:chromeOptions".to_owned(), json!({ "args": arguments }))]);
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        let session = page.session_id().await.unwrap().expect("there is one");
        Some(Self { page, driver, port, session, profile })
    }

    /// What the script returns.
    pub(crate) async fn ask(&self, script: &str, with: &[Value]) -> Value {
        self.page.execute(script, with.to_vec()).await.unwrap()
    }

    /// The card of that title as somebody sees it; `null` where there is none to see.
    pub(crate) async fn card(&self, title: &str) -> Value {
        let script = r"
            for (const card of document.querySelectorAll('.card')) {
              if (card.querySelector('.name').textContent !== arguments[0] || !card.checkVisibility()) continue;
              card.scrollIntoView({ block: 'nearest' });
              const text = (part) => { const one = card.querySelector(part); return one.hidden ? '' : one.textContent; };
              return {
                state: text('.badge'), note: text('.note'), why: text('.why'), failure: text('.failure'), when: text('.when'), rates: text('.rates'),
                latency: text('.latency'), section: card.closest('section').id, keys: text('.keys'),
                lines: [...card.querySelectorAll('path')].map((path) => [path.getAttribute('class'), path.getAttribute('d')]),
              };
            }
            return null;";
        self.ask(script, &[json!(title)]).await
    }

    /// Looks at the card until it is so.
    pub(crate) async fn until(&self, title: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..LOOKS {
            last = self.card(title).await;
            if is_so(&last) {
                return last;
            }
        }
        panic!("`{title}` never was so: {last:#}");
    }

    /// Asks the script until it returns `true`.
    pub(crate) async fn until_true(&self, script: &str) {
        for _ in 0..LOOKS {
            if self.ask(script, &[]).await == true {
                return;
            }
        }
        panic!("it never was true: {script}; the page: {}", self.ask("return document.body.innerText", &[]).await);
    }

    pub(crate) async fn click(&self, css: &str) {
        self.page.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    }

    /// Clicks in the card of that title.
    pub(crate) async fn click_in(&self, title: &str, css: &str) {
        let script = r"
            const card = [...document.querySelectorAll('.card')].find((card) => card.querySelector('.name').textContent === arguments[0]);
            card.querySelector(arguments[1]).click();";
        self.ask(script, &[json!(title), json!(css)]).await;
    }

    pub(crate) async fn write(&self, css: &str, text: &str) {
        let field = self.page.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses a key wherever the focus is.
    pub(crate) async fn press(&self, key: Key) {
        self.page.active_element().await.unwrap().send_keys(&char::from(key).to_string()).await.unwrap();
    }

    /// Nothing was asked of another host, and nothing is in the page that its policy would have to stop.
    pub(crate) async fn keeps_to_itself(&self) {
        let script = r"return performance.getEntriesByType('resource').map((one) => one.name)
            .filter((name) => new URL(name).origin !== location.origin);";
        assert_eq!(self.ask(script, &[]).await, json!([]), "all comes from here");
        let script = "return document.querySelectorAll('script:not([src]), style, [style], [onclick], iframe, img, base').length";
        assert_eq!(self.ask(script, &[]).await, json!(0));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends Chromium with its session, and answers when that is done; killed, it would leave it behind.
        let end = format!("DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", self.session);
        if let Ok(mut connection) = TcpStream::connect(format!("127.0.0.1:{}", self.port)) {
            let _ = connection.write_all(end.as_bytes());
            let _ = connection.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
