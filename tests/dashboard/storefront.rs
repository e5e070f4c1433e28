//! The storefront as a process of its own, with the page of its breakers.

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) const TOKEN: &str = "only-for-this-test-8dbd2c";

pub(crate) struct Storefront {
    process: Child,
    // Kept, so that it can go on printing.
    _lines: Lines<BufReader<ChildStdout>>,
    pub(crate) shop: String,
    pub(crate) pricing: String,
    pub(crate) breakers: String,
}

impl Storefront {
    /// Builds it beside this test, and starts it in good weather.
    pub(crate) fn start() -> Self {
        let target: PathBuf = env::current_exe().unwrap().ancestors().nth(3).unwrap().into();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "breaker-examples", "--bin", "storefront", "--target-dir"])
            .arg(&target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success());
        let mut process = Command::new(target.join("debug/storefront"))
            .args(["--no-run", "--token", TOKEN])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut address = |of: &str| {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(of)).expect("it says so");
            line.split_whitespace().filter(|word| word.starts_with("http://")).map(str::to_owned).collect::<Vec<_>>()
        };
        let [shop, pricing] = <[String; 2]>::try_from(address("protected shop")).unwrap();
        let breakers = address("its breaker").remove(0);
        Self { process, _lines: lines, shop, pricing, breakers }
    }

    /// Asks for a price, whatever comes of it.
    pub(crate) async fn ask_for_a_price(&self) {
        drop(reqwest::get(format!("{}/price/teapot", self.shop)).await.unwrap());
    }

    pub(crate) async fn make_weather(&self, word: &str) {
        let answer = reqwest::Client::new().put(format!("{}/weather/{word}", self.pricing)).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

impl Drop for Storefront {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
