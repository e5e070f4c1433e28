//! One use of the attribute, from the two token streams that the compiler hands over to the one it gets back.

use proc_macro2::TokenStream;

use crate::plan::{self, Plan};
use crate::problems::Problems;
use crate::{args, expand, rules, signature, site};

pub(crate) fn protect(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let plan = read(args, item.clone(), &mut problems);
    match (plan, problems.into_tokens()) {
        (Some(plan), None) => expand::function(&plan, site::next(&item)),
        // The item stays as it was written, so that editors and later errors still know the function.
        (_, errors) => {
            let mut tokens = item;
            tokens.extend(errors);
            tokens
        }
    }
}

/// The plan, which is good where no problem was found.
pub(crate) fn read(args: TokenStream, item: TokenStream, problems: &mut Problems) -> Option<Plan> {
    let arguments = args::parse(args, problems);
    rules::check(&arguments, problems);
    let function = signature::parse(item, problems)?;
    Some(plan::draw(arguments, function, problems))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNC: &str = "fn f(x: u8) -> Result<u8, E> { g(x) }";
    const ASYNC: &str = "async fn f(x: u8) -> Result<u8, E> { g(x).await }";

    fn problems(args: &str, item: &str) -> Vec<String> {
        let mut problems = Problems::default();
        read(args.parse().expect("arguments"), item.parse().expect("an item"), &mut problems);
        problems.texts()
    }

    /// Asserts that there are exactly these problems, each told by its beginning.
    #[track_caller]
    fn said(args: &str, item: &str, expected: &[&str]) {
        let found = problems(args, item);
        let all = found.len() == expected.len()
            && found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
        assert!(all, "{args}\nexpected {expected:#?}\nfound {found:#?}");
    }

    #[test]
    fn every_key_is_accepted() {
        for args in [
            "",
            "threshold = 3",
            "threshold = 3, window = \"30s\",",
            "consecutive = 3, failures = LIMIT, window = WINDOW",
            "consecutive = 3, threshold = 3, on_cancel = \"failure\"",
            "name = \"x\", accessor = other, crate = ::renamed, on_cancel = \"ignore\"",
            "reset = \"1s\", backoff = 2, max_reset = \"1m\", jitter = \"20%\"",
            "probes = 3, successes = 2, probe_timeout = \"90s\"",
            "successes = LIMIT",
            "consecutive = 3, failures = 9, failure_rate = 0.5, slow_rate = RATE, slow_call = \"2s\", window = \"1m\"",
            "failure_rate = \"50%\"",
            "failure_rate = 0.5, window = 100, min_calls = 100",
            "slow_rate = 1.0, slow_call = SLOW, window = WINDOW, min_calls = LIMIT",
            "threshold = 20, window = 20",
            "failures = 3, window = 3",
            "probes = 9, probe_failure_rate = 0.5, ramp = \"30s\"",
            "latency = true",
            #[cfg(feature = "tracing")]
            "latency = false, span = true",
            "latency = KEPT, threshold = 3",
            "ignore = E::A | E::B(_), failure_if = |o| o.is_err()",
            "ignore = E::A(n) if n > 3, failure_if = bad",
            "ignore = E::A { code: 404, .. }, fallback = |_| Ok(3), fallback_on = \"failure\"",
            "fallback = f::<u8, u16>, fallback_on = \"rejection\"",
            "key = x, max_keys = 200, idle = \"5m\", overflow = \"shared\", accessor = families, threshold = 3",
            "key = &x.y, max_keys = MOST, idle = IDLE, overflow = \"metrics_only\", name = \"x\", fallback = g",
            "dependency = \"d\", note = NOTE, class = |e| e.class()",
            "breaker = SHARED, class = E::class",
            "breaker = SHARED, accessor = other, ignore = _, fallback = cached",
            "breaker = self.breaker, accessor = false",
            "breaker = x",
            #[cfg(feature = "retry")]
            "retry",
            #[cfg(feature = "retry")]
            "retry(), breaker = SHARED",
            #[cfg(feature = "retry")]
            "retry(attempts = 3, backoff = \"50ms\", factor = 1.5, max = MAX, jitter, when = E::A | E::B(_)), threshold = 3",
            #[cfg(feature = "retry")]
            "retry(jitter = true, when = |error| error.is_busy(), attempts = MOST,), fallback = g",
            #[cfg(feature = "retry")]
            "retry(when = E::A(n) if n > 3)",
            #[cfg(feature = "last_good")]
            "last_good(key = x, ttl = \"1h\", max = 10_000), threshold = 3",
            #[cfg(feature = "last_good")]
            "last_good(key = (x, &x), ttl = TTL, store = self.answers), fallback = g",
        ] {
            let expected: &[&str] = match args {
                "consecutive = 3, threshold = 3, on_cancel = \"failure\"" => &["`threshold` without a `window`"],
                _ => &[],
            };
            said(args, SYNC, expected);
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        said(
            "treshold = 3, reset = 60, , jitter = 50%, probes, fallback = , reset = \"1s\", backoff: 2, = 3",
            "const fn f() {}",
            &[
                "there is no key `treshold`, did you mean `threshold`?",
                "`reset` accepts a time as text",
                "expected a key and its value",
                "`jitter` accepts a fraction",
                "`probes` needs a value",
                "`fallback` needs a value",
                "`reset` is given twice",
                "`backoff` needs a value",
                "expected a key and its value",
                "a `const fn` cannot be protected",
            ],
        );
    }

    #[test]
    fn broken_values_do_not_hide_the_next_key() {
        said("fallback = |a, b, threshold = 0", SYNC, &["`fallback` accepts", "`threshold` accepts"]);
        said("fallback = self., threshold = 0", SYNC, &["`fallback` accepts", "`threshold` accepts"]);
        said("threshold = 3 reset = 60", SYNC, &["expected `,` between", "`reset` accepts"]);
        said("threshold = 3; reset = 60", SYNC, &["`threshold` accepts"]);
        said("ignore = |, threshold = 0", SYNC, &["`ignore` is a pattern", "`threshold` accepts"]);
        said(
            "timeout(3), threshold = 0",
            SYNC,
            &["`timeout` needs a value", "`threshold` accepts", "`timeout` works on async"],
        );
        said("threshold == 3", SYNC, &["`threshold` needs a value"]);
        said("threshold =", SYNC, &["`threshold` needs a value"]);
    }

    #[test]
    fn keys_that_do_not_go_together() {
        said("window = \"3s\"", SYNC, &["`window` is what a rule looks back on"]);
        said("failures = 3", SYNC, &["`failures` needs a `window`"]);
        said("threshold = 3, failures = 3, window = \"3s\"", SYNC, &["`threshold` with a `window` is `failures`"]);
        said("threshold = 3, consecutive = 3, window = \"3s\"", SYNC, &["beside `consecutive`, write `failures`"]);
        said("threshold = 3, consecutive = 3", SYNC, &["`threshold` without a `window`"]);
        said(
            "successes = 2",
            SYNC,
            &["`successes` must not be more than `probes`, which is 1 by default: set `probes = 2`"],
        );
        said("successes = 4, probes = 3", SYNC, &["`successes` must not be more than `probes`, which is 3: set"]);
        said("successes = 4, probes = LIMIT", SYNC, &[]);
        said("max_reset = \"2m\"", SYNC, &["`max_reset` limits what `backoff`"]);
        said(
            "max_reset = \"30s\", backoff = 2",
            SYNC,
            &["`max_reset` must not be shorter than `reset`: 30s is less than 1m"],
        );
        said("max_reset = \"1s\", reset = RESET, backoff = 2", SYNC, &[]);
        said("fallback_on = \"failure\"", SYNC, &["`fallback_on` says when"]);
        said("fallback_on = \"failures\", fallback = x", SYNC, &["`fallback_on` accepts"]);
        let own = "belongs to the breaker that `breaker` names";
        said(
            "breaker = B, name = \"x\", reset = \"1s\", window = \"1s\"",
            SYNC,
            &[&*format!("`name` {own}"), &format!("`reset` {own}"), &format!("`window` {own}")],
        );
        said("breaker = self.b, accessor = other", SYNC, &["an accessor returns"]);
    }

    #[test]
    fn one_breaker_or_one_for_each_key() {
        let family =
            |name: &str| format!("`{name}` is for a family of breakers, one for each `key`, and this function");
        said("max_keys = 3", SYNC, &[&family("max_keys")]);
        said(
            "idle = \"1s\", overflow = \"shared\", max_keys = 0",
            SYNC,
            &[
                "`max_keys` accepts a whole number from 1 to 1000000",
                &family("idle"),
                &family("overflow"),
                &family("max_keys"),
            ],
        );
        let own = "belongs to the breaker that `breaker` names";
        said(
            "breaker = B, key = x, max_keys = 3, note = \"n\", dependency = \"d\"",
            SYNC,
            &[&*format!("`note` {own}"), &format!("`dependency` {own}"), "`key` makes a breaker for each value"],
        );
        said(
            "breaker = B, idle = \"1s\"",
            SYNC,
            &["`idle` is for a family of breakers, one for each `key`, and `breaker`"],
        );
        said("key = \"x\", overflow = \"other\", max_keys = 3", SYNC, &["`key` accepts", "`overflow` accepts"]);
        said("key = |x| x", SYNC, &["`key` accepts"]);
        said("note = \"\"", SYNC, &["`note` accepts a text"]);
        said("class = kind(), class = 3", SYNC, &["`class` accepts", "`class` is given twice"]);
    }

    #[test]
    fn keys_out_of_a_pattern() {
        let item = "fn f((a, S { b: [c, ..], d }): A, e: E) {}";
        for (key, name) in [("a", "a"), ("&c", "c"), ("g(d)", "d"), ("format!(\"{d}\")", "d"), ("&e[..a]", "a")] {
            said(&format!("key = {key}, fallback = x"), item, &[&format!("`{name}` does not exist yet")]);
            said(&format!("key = {key}, fallback = |_| ()"), item, &[]);
            said(&format!("key = {key}"), item, &[]);
        }
        for key in ["e", "e.a", "e.d()", "b"] {
            said(&format!("key = {key}, fallback = x"), item, &[]);
        }
    }

    #[test]
    fn rates_and_what_belongs_to_them() {
        let unclear = "`threshold` has no clear meaning beside";
        said("threshold = 3, failure_rate = 0.5", SYNC, &[&format!("{unclear} `failure_rate`: write `consecutive`")]);
        said("threshold = 3, window = 9, failure_rate = 0.5", SYNC, &[unclear]);
        let slow = "slow_rate = 0.5, slow_call = \"2s\"";
        said(&format!("threshold = 3, {slow}"), SYNC, &[&format!("{unclear} `slow_rate`")]);
        said(&format!("threshold = 3, failures = 3, window = 9, {slow}"), SYNC, &[unclear]);
        said("slow_rate = 0.5", SYNC, &["`slow_rate` needs to know"]);
        said("slow_call = \"2s\"", SYNC, &["`slow_call` only says"]);
        said("min_calls = 3", SYNC, &["`min_calls` says how many calls a rate needs"]);
        said("failures = 3, window = 9, min_calls = 3", SYNC, &["`min_calls` says how many calls a rate needs"]);
        said("failures = 3, failure_rate = 0.5", SYNC, &["`failures` needs a `window`"]);
        // A key whose value could not be read is still there for the others.
        said("slow_rate = 50, slow_call = \"2s\", window = 9", SYNC, &["`slow_rate` accepts"]);
        said("failure_rate = 0, min_calls = 3", SYNC, &["`failure_rate` accepts"]);
        said("consecutive = 3, window = 20", SYNC, &["`window` is what a rule looks back on"]);
    }

    #[test]
    fn more_than_a_window_of_calls_holds() {
        let most = "must not be more than `window` holds, which is the last 9 calls: set `window = 10` or more";
        said("failures = 10, window = 9", SYNC, &[&format!("`failures` {most}, or `failures = 9` or less")]);
        said("threshold = 10, window = 9", SYNC, &[&format!("`threshold` {most}")]);
        said("failure_rate = 0.5, min_calls = 10, window = 9", SYNC, &[&format!("`min_calls` {most}")]);
        for others in ["window = \"9s\"", "window = WINDOW", "window = 10", "window = \"9s\", failure_rate = 0.5"] {
            said(&format!("failures = 10, {others}"), SYNC, &[]);
        }
        said("failures = LIMIT, window = 9", SYNC, &[]);
    }

    #[test]
    fn one_way_to_decide_about_probes() {
        let one = "`successes` has no place beside `probe_failure_rate`";
        said("probes = 3, successes = 2, probe_failure_rate = 0.5", SYNC, &[one]);
        said("successes = 2, probe_failure_rate = HALF", SYNC, &[one]);
    }

    /// What the compiler will be asked to warn of, each told by what it points at and by its name.
    fn doubted(args: &str, item: &str) -> Vec<(String, &'static str)> {
        let mut problems = Problems::default();
        let plan = read(args.parse().expect("arguments"), item.parse().expect("an item"), &mut problems);
        let doubts = plan.map_or_else(Vec::new, |plan| plan.doubts);
        doubts.into_iter().map(|doubt| (doubt.at.to_string(), doubt.name)).collect()
    }

    #[test]
    fn what_is_seldom_meant() {
        let one = |at: &str| vec![(at.to_owned(), "ONE_FAILURE_OPENS")];
        for (args, expected) in [
            ("threshold = 1", one("1")),
            ("consecutive = 1u32, failures = 2, window = \"1m\"", one("1u32")),
            ("failures = 1, window = 20", one("1")),
            ("threshold = (1), window = \"30s\"", one("(1)")),
            ("threshold = 2", vec![]),
            ("threshold = ONE", vec![]),
            ("failure_rate = 1, probes = 1", vec![]),
            ("breaker = B, threshold = 1", vec![]),
        ] {
            assert_eq!(doubted(args, SYNC), expected, "{args}");
        }
        let hung = vec![("on_cancel".to_owned(), "NOBODY_COUNTS_HUNG_CALLS")];
        assert_eq!(doubted("on_cancel = \"ignore\"", ASYNC), hung);
        for (args, item) in [
            ("on_cancel = \"ignore\"", SYNC),
            ("on_cancel = \"failure\"", ASYNC),
            ("on_cancel = \"ignore\", timeout = \"1s\"", ASYNC),
            ("on_cancel = \"ignore\", slow_call = \"1s\", slow_rate = 0.5", ASYNC),
        ] {
            assert!(doubted(args, item).is_empty(), "{args}");
        }
        let short = |at: &str| vec![(at.to_owned(), "RESET_SHORTER_THAN_TIMEOUT")];
        for (args, expected) in [
            ("timeout = \"90s\"", short("\"90s\"")),
            ("reset = \"10s\", timeout = \"11s\"", short("\"10s\"")),
            ("reset = \"10s\", timeout = \"10s\"", vec![]),
            ("reset = RESET, timeout = \"90s\"", vec![]),
            ("reset = \"1s\", timeout = LIMIT", vec![]),
            ("breaker = B, timeout = \"90s\"", vec![]),
        ] {
            assert_eq!(doubted(args, ASYNC), expected, "{args}");
        }
    }

    #[test]
    fn what_some_functions_cannot_have() {
        said("timeout = \"1s\"", SYNC, &["`timeout` works on async functions only"]);
        said("fallback = async |_| Ok(3)", SYNC, &["a sync function cannot wait"]);
        said("fallback = async |_| Ok(3)", ASYNC, &[]);
        said("", "fn f() -> impl A { g() }", &["a rejected call needs a value of this type"]);
        said("fallback = x", "fn f() -> impl A { g() }", &[]);
        said("fallback = x", "fn f(#[cfg(a)] x: u8) {}", &["a conditional parameter"]);
        said("fallback = |_| ()", "fn f(#[cfg(a)] x: u8) {}", &[]);
        let mutable = "a mutable reference cannot be kept";
        for item in [
            "fn f(&mut self) {}",
            "fn f(x: &'a mut u8) {}",
            "fn f(self: Pin<&mut Self>) {}",
            "fn f(self: &mut Self) {}",
        ] {
            said("fallback = x, fallback_on = \"failure\"", item, &[mutable]);
            said("fallback = x", item, &[]);
            said("fallback = |_| (), fallback_on = \"failure\"", item, &[]);
        }
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn time_limits() {
        said("timeout = \"1s\", probe_timeout = \"2s\"", ASYNC, &[]);
        said(
            "timeout = \"2m\", probe_timeout = \"90s\"",
            ASYNC,
            &["`probe_timeout` must not be shorter than `timeout`: 1m 30s"],
        );
        let late = "a call that runs out of time needs a value";
        said("timeout = \"2m\", fallback = x", "async fn f() -> impl A { g() }", &[late]);
    }

    #[cfg(not(feature = "tokio"))]
    #[test]
    fn a_time_limit_needs_the_feature() {
        said("timeout = \"1s\"", ASYNC, &["`timeout` needs a timer: switch on the feature `tokio`"]);
    }

    #[test]
    fn what_can_be_seen_is_said_where_the_breaker_is_made() {
        said(
            "breaker = SHARED, max_concurrent = 3",
            SYNC,
            &["`max_concurrent` belongs to the breaker that `breaker` names"],
        );
        said("burst = 3", SYNC, &["`burst` says how many calls may come at once under a `rate_limit`"]);
        said("breaker = SHARED, latency = true", SYNC, &["`latency` belongs to the breaker that `breaker` names"]);
    }

    #[cfg(all(feature = "retry", feature = "last_good", feature = "tokio"))]
    #[test]
    fn lists_within_the_list() {
        said("retry = 3", SYNC, &["`retry` accepts `retry`, or `retry(attempts = 3"]);
        said("retry[3], threshold = 0", SYNC, &["`retry` accepts", "`threshold` accepts"]);
        said(
            "retry(atempts = 3, backoff = 3, factor = 0.5, jitter = 0.5, when = e, attempts = 101), threshold = 0",
            SYNC,
            &[
                "there is no key `atempts`, did you mean `attempts`? (the keys are attempts, backoff, factor, max, jitter and when)",
                "`backoff` accepts a time as text",
                "`factor` accepts a number from 1 to 655",
                "`jitter` accepts nothing, `true` or `false`",
                "`e` matches every error: write `_` for all of them, or add a guard: `e if …`",
                "`attempts` accepts a whole number from 1 to 100",
                "`threshold` accepts",
            ],
        );
        said(
            "retry(attempts = 3, attempts = 3), retry",
            SYNC,
            &["`attempts` is given twice", "`retry` is given twice"],
        );
        said("retry(attempts)", SYNC, &["`attempts` needs a value"]);
        said("retry(max = \"50ms\")", SYNC, &["`max` must not be shorter than `backoff`: 50ms is less than 100ms"]);
        said("retry(jitter)", "fn f(&mut self, x: u8) -> R {}", &["the first attempt may have changed what is behind"]);
        said("retry", "fn f(x: &mut u8) -> R {}", &["the first attempt may have changed what is behind"]);
        said("retry", "fn f(self: Arc<Self>) -> R {}", &["the first attempt uses up an owned `self`"]);
        said("retry", "fn f(mut self) -> R {}", &["the first attempt uses up an owned `self`"]);
        said("retry", "fn f(self: Pin<&Self>) -> R {}", &[]);
        said(
            "retry",
            "fn f(#[cfg(a)] x: u8) -> R {}",
            &["a conditional parameter cannot be passed on to a second attempt"],
        );
        said("retry, key = a", "fn f((a, b): (u8, u8)) -> R {}", &[]);
        said(
            "last_good",
            SYNC,
            &["`last_good` needs to know how old", "`last_good` needs to know what the answer depends on"],
        );
        said("last_good(ttl = \"1h\")", "fn f() -> R {}", &[]);
        said(
            "last_good(ttl = \"1h\")",
            "fn f(&self) -> R {}",
            &["`last_good` needs to know what the answer depends on"],
        );
        said("last_good(ttl = \"1h\", key = ())", SYNC, &[]);
        said(
            "last_good(ttl = 3, key = \"x\", max = 0, stor = S), threshold = 3",
            SYNC,
            &[
                "`ttl` accepts a time as text",
                "`key` accepts an expression over the arguments",
                "`max` accepts a whole number from 1",
                "there is no key `stor`, did you mean `store`?",
            ],
        );
        said("last_good(ttl = \"1h\", key = x, max = 3, store = S)", SYNC, &["`max` is for answers in memory"]);
        said("total_timeout = \"1s\"", SYNC, &["`total_timeout` works on async functions only"]);
        said(
            "total_timeout = \"1s\", timeout = \"2s\"",
            ASYNC,
            &["`total_timeout` must not be shorter than `timeout`: 1s is less than 2s"],
        );
    }

    #[cfg(not(any(feature = "retry", feature = "last_good")))]
    #[test]
    fn what_stands_around_needs_its_feature() {
        said("retry", SYNC, &["`retry` needs the feature `retry` of `breaker-runtime`"]);
        said("last_good(key = x, ttl = \"1h\")", SYNC, &["`last_good` needs the feature `last_good`"]);
    }

    #[cfg(not(feature = "tracing"))]
    #[test]
    fn a_span_needs_the_feature() {
        said("span = true", SYNC, &["`span` needs somebody to tell: switch on the feature `tracing`"]);
    }

    fn text(tokens: &impl ToString) -> String {
        tokens.to_string().replace(' ', "")
    }

    #[test]
    fn the_function_survives_every_mistake() {
        for item in [SYNC, "struct S { a: u8 }", "const fn f() {}", "fn f(", "fn f() -> {}", "fn f() { s. }", "", "fn"]
        {
            let Ok(item) = item.parse::<TokenStream>() else { continue };
            let output = protect("threshold = ".parse().expect("arguments"), item.clone());
            assert!(text(&output).starts_with(&text(&item)), "{output}");
            assert!(output.to_string().contains("compile_error"), "{output}");
        }
    }
}
