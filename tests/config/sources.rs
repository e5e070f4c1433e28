//! Sources of one's own, with their outages.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use breaker_runtime::config::{Config, Source};
use breaker_runtime::{Settings, registry};

use super::{Ears, breaker, turn};

/// A service that answers what it is told to, one after another, and then the last one for ever.
struct Service {
    script: Receiver<Answer>,
    last: Answer,
}

#[derive(Clone)]
enum Answer {
    Text(String),
    Down(&'static str),
    Panic,
}

impl Source for Service {
    fn origin(&self) -> String {
        "the service".to_owned()
    }

    fn read(&mut self) -> Result<String, Box<dyn Error + Send + Sync>> {
        self.last = self.script.try_recv().unwrap_or_else(|_| self.last.clone());
        match &self.last {
            Answer::Text(text) => Ok(text.clone()),
            Answer::Down(why) => Err((*why).into()),
            Answer::Panic => panic!("a fault of the source"),
        }
    }
}

fn service(first: Answer) -> (Sender<Answer>, Service) {
    let (say, script) = mpsc::channel();
    (say, Service { script, last: first })
}

fn probes(number: u32) -> Answer {
    Answer::Text(format!("[breaker.\"sources::mine\"]\nprobes = {number}"))
}

#[test]
fn a_service_is_polled_through_its_outages() {
    let _turn = turn();
    let breaker = breaker("sources::mine", Settings::new());
    let (say, service) = service(probes(2));
    let watch = registry::watch_source(service, Duration::from_millis(1)).unwrap();
    assert_eq!(
        (watch.applied().to_string(), breaker.settings()),
        ("the service: 1 breaker changed".into(), Settings::new().probes(2))
    );
    let ears = Ears::new();
    let outage = [
        (Answer::Down("connection refused"), "the service: connection refused"),
        (Answer::Panic, "the service: the source panicked"),
        (Answer::Text("<html>502 Bad Gateway</html>".into()), "the service:1:1: is not TOML"),
        (Answer::Text(String::new()), "the service: is empty"),
    ];
    for (answer, expected) in outage {
        say.send(answer).unwrap();
        let said = ears.refused();
        assert!(said.starts_with(expected), "{said}");
        assert_eq!((breaker.settings(), breaker.revision()), (Settings::new().probes(2), 2));
    }
    say.send(probes(3)).unwrap();
    ears.taken();
    assert_eq!((breaker.settings(), breaker.revision()), (Settings::new().probes(3), 3));
    say.send(Answer::Text("[defaults]".into())).unwrap();
    ears.taken();
    watch.end();
}

#[test]
fn a_source_that_is_down_at_the_start_is_an_error() {
    let _turn = turn();
    for answer in [Answer::Down("no route"), Answer::Panic] {
        let (_say, service) = service(answer);
        assert!(registry::watch_source(service, Duration::from_millis(1)).is_err());
    }
}

#[test]
fn two_configurations_are_one_in_which_the_stronger_place_wins() {
    let _turn = turn();
    let breaker = breaker("sources::two", Settings::new());
    let parse = |origin: &str, text: &str| Config::parse(origin, text).unwrap();
    let mut parts: VecDeque<Config> = VecDeque::from([
        parse("one", "[defaults]\nprobes = 2\n[breaker.\"sources::two\"]\nreset = '2s'"),
        parse("two", "[defaults]\nprobes = 3\nreset = '3s'"),
    ]);
    let both = parts.pop_front().unwrap().and(parts.pop_front().unwrap());
    assert_eq!(both.origin(), "one and two");
    registry::apply(&both).unwrap();
    assert_eq!(breaker.settings(), Settings::new().probes(3).reset(Duration::from_secs(2)));
    registry::apply(&parse("none", "[defaults]")).unwrap();
}
