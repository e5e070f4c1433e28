//! The attribute of [`breaker-runtime`](https://docs.rs/breaker-runtime), which re-exports it.

#![forbid(unsafe_code)]

mod args;
mod attribute;
mod expand;
#[cfg(test)]
mod fuzz;
mod plan;
mod problems;
mod rules;
mod signature;
mod site;
mod types;

use proc_macro::TokenStream;

/// Protects a function with a circuit breaker.
///
/// ```
/// use breaker_runtime::{CircuitBreakerError, circuit_breaker};
///
/// # async fn ask(_sku: &str) -> Result<f64, CircuitBreakerError> { Ok(9.99) }
/// async fn cached_price(sku: &str) -> Result<f64, CircuitBreakerError> {
/// #   let _ = sku;
///     Ok(9.50)
/// }
///
/// #[circuit_breaker(threshold = 3, reset = "60s", fallback = cached_price)]
/// async fn fetch_price(sku: &str) -> Result<f64, CircuitBreakerError> {
///     ask(sku).await
/// }
/// # let _ = fetch_price("apple");
/// ```
///
/// After three failures in a row the breaker opens: calls are answered by `cached_price`, and the body does not
/// run. After 60 seconds one call is let through as a probe. Its success closes the breaker, its failure opens it
/// again.
///
/// The attribute stands on functions and methods, sync and async, free and in `impl` blocks and traits. They may be
/// generic, borrow, take patterns, and return anything: of a `Result` every `Err` is a failure, any other return
/// value is a success unless `failure_if` says otherwise. A panic is a failure, and goes on unwinding.
///
/// # What the caller gets
///
/// - A call that is let through returns what the function returned, untouched. **Failures before the breaker opens,
///   and failed probes, reach the caller**, unless `fallback_on = "failure"`.
/// - A rejected call gets the `fallback`'s answer. Without one, it gets a `CircuitBreakerError`, turned into the
///   function's own error by `From`, as `?` would; a function that returns no `Result` must have a fallback.
///
/// Beside the function stands an accessor, `fetch_price_breaker()`, which returns the `&'static CircuitBreaker`
/// with the function's visibility; for a method it is an associated function, `Client::get_breaker()`. With `key` it
/// is `fetch_price_breakers()`, and returns all of them.
///
/// # The keys
///
/// All are optional. Seven do for most functions:
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `threshold` | a whole number from 1 to 65535, or a `u32` constant | failures until the breaker opens: in a row, or within `window` where that is set |
/// | `reset` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | how long the breaker stays open before it lets a probe through (60 s) |
/// | `timeout` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | a call that takes longer is dropped and counts as a failure (no limit) |
/// | `ignore` | a pattern of the error, such as `Error::NotFound(_)`, with an optional `if` guard | errors that say nothing about the dependency's health: not counted (none) |
/// | `failure_if` | a closure such as `\|output\| output.is_err()`, or the path of a function | decides from `&output` whether a call failed (every `Err` is a failure) |
/// | `fallback` | the path of a function with the same signature, or a closure such as `\|cause\| …` | answers calls that the breaker rejects (they get the error) |
/// | `breaker` | an expression such as `PRICING` or `self.breaker` | a breaker held elsewhere: a static `CircuitBreaker`, or an `Arc<CircuitBreaker>` |
///
/// ## Identity
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `name` | a text such as `"pricing"`, or a `&'static str` constant | what events, errors and the registry call the breaker (the function's path) |
/// | `accessor` | a name such as `price_breaker`, or `false` | the generated function that returns the breaker (`<function>_breaker`) |
/// | `crate` | an absolute path such as `::renamed` or `crate::facade::breaker` | where the crate `breaker_runtime` is found (`::breaker_runtime`) |
/// | `dependency` | a text such as `"payment service"`, or a `&'static str` constant | what the function depends on, for people and metrics (none) |
/// | `note` | a text such as `"orders wait meanwhile"`, or a `&'static str` constant | what the person on call should know (none) |
///
/// - The default name has no type in it: methods of one name, of two types in one module, share it. Give them a
///   `name` each.
/// - A trait's impl has no room for an accessor: in `impl Trait for Type`, write `accessor = false`; so, too, in
///   `impl dyn Trait`.
/// - In a generic `impl<T> Client<T>`, name some type to call it: `Client::<()>::get_breaker()`.
/// - `breaker` may be the path of a static (`CircuitBreaker`, or a `LazyLock` of one) or any expression that gives
///   a `&'static CircuitBreaker` or an `Arc<CircuitBreaker>`, such as `self.breaker`. Several functions may name
///   one breaker, which is right for several calls of one dependency. Keys for trip and recovery, `name`,
///   `dependency` and `note` belong to that breaker then and are refused here; there is an accessor where `breaker`
///   is the path of a static.
/// - `dependency` and `note` travel with the breaker into reports and events. Breakers with one `dependency` can be
///   looked at together; a `note` says to whoever is woken by a report what follows, and what to do.
/// - `crate` is for a renamed dependency (`::renamed`) or a re-export (`crate::facade::breaker`). The path must be
///   absolute, because it is used in more than one scope.
///
/// ## A breaker for each key
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `key` | an expression over the arguments, such as `host` or `&order.tenant` | one breaker for each value of it (one for the function) |
/// | `max_keys` | a whole number from 1 to 1000000, or a `u32` constant | how many keys have breakers at one time (1000) |
/// | `idle` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | a key that was not called for so long is forgotten (10 minutes) |
/// | `overflow` | `"metrics_only"` or `"shared"` | what protects keys beyond `max_keys`: a breaker that rejects nothing, or one that they share (`"metrics_only"`) |
///
/// With `key` the function has a family of breakers, one for each value of that expression: a host that is down takes
/// no call away from the others.
///
/// ```
/// use breaker_runtime::{CircuitBreakerError, circuit_breaker};
///
/// #[circuit_breaker(key = host, threshold = 3, max_keys = 200)]
/// fn status(host: &str) -> Result<u16, CircuitBreakerError> {
/// #   let _ = host;
///     Ok(200)
/// }
///
/// assert_eq!(status("eu.example.com").ok(), Some(200));
/// assert!(status_breakers().get("eu.example.com").is_some());
/// assert!(status_breakers().get("us.example.com").is_none());
/// ```
///
/// - A key suits what fails by itself, is called often, and of which there are few: hosts, shards, regions, partners, the
///   models of a provider.
/// - A breaker per user, or per request, rarely makes sense: each sees too few calls to learn from, so that it opens
///   late or never, and one user's mistakes say nothing of the dependency. What is meant then is a quota or a rate
///   limit. The same goes for anything a stranger can choose, such as a URL: a key for each is memory that he fills.
/// - A key is anything that has `Hash`, `Eq` and `Display` and is `Clone`, or a borrowed form of that, such as `str`;
///   references around it do not matter. Texts are one kind of key, be they `&str`, `String`, `Cow<str>` or `Arc<str>`.
///   A copy is made of a new key alone; a known one allocates nothing.
/// - The expression is evaluated once for each call (with `retry`, for each attempt), first of all, and may borrow from arguments that the body, or the
///   fallback, takes. The future of an async function then has room for such an argument twice. Names out of a pattern, as in `(host, port): Address`, are no keys where `fallback` is a path.
/// - Every other key of this page holds for each of the breakers: `threshold = 3` is three failures of one host.
/// - The accessor returns the family, `&'static Breakers`, and is called `<function>_breakers`; `accessor` renames it
///   or leaves it out, as ever.
/// - A key that is open, or has failed of late, is not forgotten for a quiet one. Where there are `max_keys` of them, what
///   comes then is let through and counted (`"metrics_only"`), or has one breaker together (`"shared"`), in which one of
///   them can take all the others' calls away.
/// - `key` and `breaker` exclude each other.
///
/// ## When the breaker opens
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `consecutive` | a whole number from 1 to 65535, or a `u32` constant | opens after so many failures in a row (5, where no rule is given) |
/// | `failures` | a whole number from 1 to 65535, or a `u32` constant | opens after so many failures within `window`, whatever succeeds between them |
/// | `failure_rate` | a share above 0 and up to 1, such as `0.5` or `"50%"`, or an `f64` constant | opens when this share of the calls in `window` failed |
/// | `slow_rate` | a share above 0 and up to 1, such as `0.5` or `"50%"`, or an `f64` constant | opens when this share of the calls in `window` took `slow_call` or longer |
/// | `slow_call` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | from which time on a call is slow, for `slow_rate` (none) |
/// | `window` | a time as text, such as `"30s"`, a number of calls from 1 to 65535, or a `Duration` or `u32` constant | what `failures` (or `threshold`) and the rates look back on (60 s for the rates) |
/// | `min_calls` | a whole number from 1 to 65535, or a `u32` constant | calls that `window` must hold before a rate is read (20, or a smaller `window` of calls) |
/// | `on_cancel` | `"unanswered"`, `"failure"` or `"ignore"` | what a call is that was dropped before it ended (`"unanswered"`) |
///
/// - There are four rules: `consecutive`, `failures`, `failure_rate` and `slow_rate`. Any of them may stand together,
///   and each opens the breaker by itself: `consecutive = 5, failure_rate = "50%", window = "1m"`. The one `window` is
///   that of the last three.
/// - `threshold` is the short word: alone it is `consecutive`, with `window` it is `failures`. Beside a rate it would
///   not be clear, and is refused: write the long word.
/// - Without any rule, `consecutive = 5`: enough that one bad answer is no outage, few enough that an outage is
///   noticed at once. A rule that is given, a rate alone too, takes its place.
/// - A success ends a streak; it does not take failures out of a `window`. Every count is at most 65535.
/// - `window = "30s"` is a time up to now; `window = 20` is the last 20 calls that succeeded or failed (at most 65535),
///   which suits functions that are called seldom or unevenly. `failures` must say which, and cannot be more than a
///   window of calls holds. The rates take 60 s: long enough for `min_calls`, short enough to notice. `failures` reads
///   a time exactly; for the rates a call counts for between nine tenths of it and all of it.
/// - A rate is reached at the share itself: 7 failures of 25 reach `0.28`. It is read once the window holds
///   `min_calls`: 20, because among fewer one failure is too large a share. In a window of fewer calls it is all of
///   them, and it cannot be set to more than these.
/// - `slow_rate` and `slow_call` need each other, and `timeout` must not be shorter than `slow_call`. A slow call may
///   have succeeded or failed. One under way is slow from the moment when it has run for `slow_call`, so that calls
///   that hang are noticed before they end; one that is dropped after that moment is a slow success. While the breaker
///   is half-open a slow probe counts as a failed one. `slow_rate` costs two readings of the clock a call.
/// - A dropped call is one whose future was dropped, as by an outer time limit or a client that left. By
///   `"unanswered"`, such calls alone open the breaker when as many in a row as the count rule says (5 without one)
///   went unanswered over 10 seconds or more, so that a dependency that hangs is noticed although no call ever ends; a
///   user who cancels his own requests does no harm. `"failure"` counts each as a failure, `"ignore"` none.
///
/// ## How it recovers
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `backoff` | a number of at least 1, such as `2.0`, or an `f64` constant | each further opening waits so many times longer (1) |
/// | `max_reset` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | the longest wait that `backoff` and `jitter` lead to (10 times `reset` with a `backoff`) |
/// | `jitter` | a fraction from 0 to 1, such as `0.2` or `"20%"`, or an `f64` constant | spreads each wait by up to this share, up and down (0) |
/// | `probes` | a whole number from 1 to 255, or a `u32` constant | calls let through at a time to try the dependency again (1) |
/// | `successes` | a whole number from 1 to 255, or a `u32` constant | probes that must succeed before the breaker closes (as many as `probes`) |
/// | `probe_failure_rate` | a share above 0 and up to 1, such as `0.5` or `"50%"`, or an `f64` constant | all `probes` decide together: this share of failed ones opens the breaker again (the first failed probe does) |
/// | `probe_timeout` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | when to decide although probes have not answered (the longest of 60 s, the wait before and `timeout`) |
/// | `ramp` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | lets a growing share of calls through, for so long after probes closed the breaker (all at once) |
///
/// - `reset` is 60 seconds by default: long enough for a restart, short enough that nobody has to help.
/// - The k-th opening in a row waits `reset` × `backoff`^(k-1), at most `max_reset`. `max_reset` therefore needs
///   `backoff` or `jitter`, and must not be shorter than `reset`.
/// - `jitter` keeps many instances from trying again in the same moment; it is drawn once for each opening.
/// - While probes are out, other calls are rejected. One failed probe opens the breaker again. `successes` may not
///   be more than `probes`; both are at most 255.
/// - With `probe_failure_rate = 0.5, probes = 10` the breaker waits until 10 probes have ended: 5 failures open it,
///   fewer close it. With `slow_rate`, so many slow ones open it as well. For a dependency of which some failures are
///   always to be expected; it is off by default, because one failed probe is the quickest answer. It takes the place
///   of `successes`, and `min_calls` has no part in it.
/// - `probe_timeout` must not be shorter than `timeout`. Its default lets a healthy but slow function answer its
///   probe.
/// - `ramp` spares a dependency that has just come back: for that time the share of calls that go through grows evenly
///   from a tenth to all, and the others are rejected. The breaker is closed meanwhile, and opens as ever. It is off by
///   default, because most dependencies take all calls as soon as they answer.
///
/// A share of failures suits a function that is called often, and fails now and then in good times, too:
///
/// ```
/// use breaker_runtime::{CircuitBreakerError, State, circuit_breaker};
///
/// #[circuit_breaker(failure_rate = "50%", window = 100, min_calls = 10, slow_rate = 0.8, slow_call = "2s", ramp = "30s")]
/// fn stock(sku: &str) -> Result<u32, CircuitBreakerError> {
/// #   let _ = sku;
///     Ok(3)
/// }
///
/// assert_eq!(stock("apple").ok(), Some(3));
/// assert_eq!(stock_breaker().state(), State::Closed);
/// ```
///
/// ## What counts as a failure
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `class` | a closure such as `\|error\| …`, or the path of a function, from `&E` to `&'static str` | a word for each failure, by which totals and reports sort them (none) |
///
/// `ignore` is asked first: an error that matches, such as "no such product", is neither success nor failure. Then
/// `failure_if` sees the whole output by reference: an `Ok` response with status 503 can be a failure, an `Err`
/// that proves health a success.
///
/// Only an `Err` that *is* the output counts by itself: for an error inside an `Option`, in the items of a stream, or in a
/// type parameter `R`, say so by `failure_if`. A function that returns a future or a `Poll` is refused.
///
/// ```
/// # use breaker_runtime::{CircuitBreakerError, circuit_breaker};
/// # #[derive(Debug)]
/// # enum ApiError { NotFound, Status(u16), Unavailable(CircuitBreakerError) }
/// # impl From<CircuitBreakerError> for ApiError {
/// #     fn from(error: CircuitBreakerError) -> Self { Self::Unavailable(error) }
/// # }
/// #[circuit_breaker(threshold = 3, ignore = ApiError::NotFound | ApiError::Status(400..=499))]
/// fn get(id: u32) -> Result<String, ApiError> {
///     if id < 1_000 { Ok(format!("article {id}")) } else { Err(ApiError::NotFound) }
/// }
///
/// #[circuit_breaker(threshold = 2, fallback = |_| Some(0), failure_if = |stock| stock.is_none())]
/// fn stock(id: u32) -> Option<u32> {
///     (id < 1_000).then_some(3)
/// }
///
/// for _ in 0..5 {
///     assert!(matches!(get(2_000), Err(ApiError::NotFound)));
/// }
/// assert_eq!((stock(2_000), stock(2_000)), (None, None));
/// assert_eq!(stock(2_000), Some(0)); // rejected, so the fallback answers
/// ```
///
/// `class` sorts failures that are an `Err`, so that a report can say "2 timeout, 1 refused". It is asked once for each of
/// them, never for a success or an ignored error, and decides nothing. Answer with a few fixed words: a breaker tells 13
/// apart, beside its own `timeout`, `panic` and `cancelled`, and what comes after them counts as `other`.
///
/// ```
/// # use breaker_runtime::circuit_breaker;
/// use std::io::{Error, ErrorKind, Result};
///
/// fn kind(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::ConnectionRefused => "refused",
///         ErrorKind::TimedOut => "slow",
///         _ => "other",
///     }
/// }
///
/// #[circuit_breaker(threshold = 3, class = kind, dependency = "mail relay", note = "mails wait meanwhile")]
/// fn send(mail: &str) -> Result<()> {
/// #   let _ = mail;
///     Ok(())
/// }
/// # assert!(send("").is_ok());
/// # assert_eq!(send_breaker().about().dependency, Some("mail relay"));
/// ```
///
/// ## Time limit
///
/// `timeout` needs the feature `tokio` of `breaker-runtime`, and an async function: a running sync call cannot be
/// stopped from outside. The caller gets a `CircuitBreakerError` by `From`, or the fallback's answer under
/// `fallback_on = "failure"`. It needs a tokio runtime that keeps time; without one the call panics.
///
/// ## How many
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `max_concurrent` | a whole number from 1 to 65535, or a `u32` constant | calls that may run at once; more of them are rejected, and say nothing about the dependency (no limit) |
/// | `rate_limit` | calls in a time as text, such as `"100/s"`, `"30/m"` or `"10/250ms"` | calls that may be made within a time; more of them are rejected, and say nothing about the dependency (no limit) |
/// | `burst` | a whole number from 1 to 1000000000, or a `u32` constant | calls that may come at once under `rate_limit` (as many as it allows within its time) |
///
/// A dependency that answers slowly takes no more than so many threads or tasks of its caller. A call that finds no place is
/// rejected like others: by the fallback's answer, or by an error of the kind `Full`. Under `rate_limit` calls are spread: one
/// can be made each so many milliseconds, and after a pause `burst` at once; the error, of the kind `Limited`, says when to
/// come again. The breaker is asked first, so an open one gives neither away; and with `key` each key has its own.
///
/// ```
/// # use breaker_runtime::{CircuitBreakerError, circuit_breaker};
/// #[circuit_breaker(threshold = 3, max_concurrent = 10, rate_limit = "100/s", burst = 20, fallback = |_| Ok(0))]
/// fn stock(id: u32) -> Result<u32, CircuitBreakerError> {
///     Ok(id % 7)
/// }
/// # assert_eq!(stock(8).unwrap(), 1);
/// ```
///
/// ## Around the breaker
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `last_good` | `last_good(key = …, ttl = "1h")`, with `max` and `store` if need be | keeps good answers, and gives the last one where the call is rejected or fails (none are kept) |
/// | `total_timeout` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | how long the caller waits at most, for all attempts and the waits between them (no limit) |
/// | `retry` | `retry`, or `retry(attempts = 3, backoff = "100ms")` with `factor`, `max`, `jitter` and `when` if need be | makes a failed call again, each time through the breaker: for idempotent functions only (calls are made once) |
///
/// From outside in: `fallback`, `last_good`, `total_timeout`, `retry`, the breaker, `rate_limit`, `max_concurrent`,
/// `timeout`, the function. The order of the keys changes nothing.
///
/// `retry(…)` has keys of its own (feature `retry` of `breaker-runtime`; on async functions `tokio` too):
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `attempts` | a whole number from 1 to 100, or a `u32` constant | how often a call is made at most, the first time included (3) |
/// | `backoff` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | the wait before the second attempt (100 ms) |
/// | `factor` | a number from 1 to 655, such as `2.0`, or an `f64` constant | each further wait is so many times longer (2) |
/// | `max` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | the longest wait, before `jitter` (2 s, or `backoff` where that is longer) |
/// | `jitter` | nothing, `true` or `false`, or a `bool` constant | makes each wait longer by a random part, up to twice as long (`false`) |
/// | `when` | a pattern of the error, such as `Error::Busy(_)`, with an optional `if` guard, or a closure such as `\|error\| …` | the failures after which the call is made again (all) |
///
/// Each attempt passes the breaker and counts in it, and a rejection ends the attempts at once: a dependency that is down
/// is not asked three times as often. Errors that `ignore` names, and panics, are not made again. **Retry what is
/// idempotent and nothing else**: a call that was stopped may have done its work all the same. Each attempt has a copy of
/// the arguments, so owned ones must be `Clone`; `&mut` and an owned `self` are refused. `when` sees errors, so an `Ok`
/// that `failure_if` calls a failure is made again only without it, and a time-out as the error that the caller would
/// get. A sync function blocks its thread while it waits.
///
/// Under `total_timeout` (async functions, feature `tokio`) an attempt ends at its own `timeout` or at what is left for all,
/// whichever comes first, and is a failure; the error is then of the kind `TotalTimedOut`. A wait that would last longer than
/// what is left is not begun: the caller gets the last error. What stands outside, a store and the fallback, takes the time
/// that it takes.
///
/// `last_good(…)` has these (feature `last_good`):
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `key` | an expression over the arguments, such as `sku` or `(tenant, sku.to_owned())` | what the answer depends on (may be left out where there are no arguments) |
/// | `ttl` | a time as text, such as `"250ms"`, `"60s"` or `"5m"`, or a `Duration` constant | how old an answer may be that is given |
/// | `max` | a whole number from 1 to 1000000000, or a `u32` constant | how many answers are kept in memory (10000) |
/// | `store` | the path of a static store, such as `ANSWERS`, or another expression of one | where answers are kept (in the memory of this process) |
///
/// The `Ok` of a call is kept, and given again where a later one is rejected, fails or is stopped, whatever `fallback_on`
/// says: before the fallback is asked. An error that `ignore` names is always the caller's. The answer must be `Clone`.
/// All objects of a type have one memory for a method: what differs between them belongs into `key`. So does what a
/// closure argument does, or a type of the same name; other instances of a generic function are told apart. What is kept
/// here is gone with the process, and a `store` can be shared by many (the runtime's module `last_good`).
///
/// ## What can be seen
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `latency` | `true` or `false`, or a `bool` constant | keeps how long calls take, for snapshots and metrics (only with `slow_rate`) |
/// | `span` | `true` or `false`, or a `bool` constant | tells the caller's span how each admitted call ended (`false`; feature `tracing`) |
///
/// With `latency = true` a call reads the clock twice. Everything else that snapshots and metrics show is there anyway.
/// `span = true` needs the feature `tracing` of `breaker-runtime`; rejections, fallbacks and probes are told without it.
///
/// ## Fallback
///
/// | key | accepts | what it does (default) |
/// | --- | --- | --- |
/// | `fallback_on` | `"rejection"` or `"failure"` | whether failed and timed-out calls get the fallback too (`"rejection"`) |
///
/// - As a path: a function with the same parameters and return type, `async` included, such as `cached_price` or
///   `Self::cached` (which gets `self` first). It is called with the arguments themselves, so nothing is cloned for
///   it.
/// - As a closure: `|cause| …`, where `cause` is a `Cause`, and the arguments are at hand by their names. In an
///   async function it may be `|cause| async { … }`, or `async |cause| …` where the output is `Send` or need not be.
/// - `fallback_on = "failure"` answers failures and time-outs, too, never ignored errors. The body has used the
///   arguments up by then, so they are cloned for each admitted call and must be `Clone`; shared references are
///   copied, mutable ones refused. A closure is evaluated before the call, and clones what it needs: `{ let sku =
///   sku.clone(); move |cause| … }`.
/// - A fallback's failure goes to the caller and is not counted against the breaker.
///
/// ```
/// use breaker_runtime::{Cause, circuit_breaker};
///
/// #[circuit_breaker(threshold = 2, fallback_on = "failure", fallback = |cause| match cause {
///     Cause::Rejected(_) => Ok(format!("{sku}: price as of yesterday")),
///     Cause::TimedOut(_) | Cause::Failed(_) => Ok(format!("{sku}: ask us")),
/// })]
/// fn price(sku: &str) -> Result<String, std::fmt::Error> {
///     Err(std::fmt::Error)
/// }
///
/// assert_eq!(price("apple").as_deref(), Ok("apple: ask us"));
/// assert_eq!(price("apple").as_deref(), Ok("apple: ask us"));
/// assert_eq!(price("apple").as_deref(), Ok("apple: price as of yesterday"));
/// ```
///
/// # Values
///
/// Numbers, times and texts are literals or constant expressions: `threshold = LIMIT`, `reset = RESET` with a
/// `Duration`, `jitter = SHARE` with an `f64`, `name = NAME` with a `&'static str`, `window = WINDOW` with a `Duration`
/// or a `u32`. Both are checked when the code compiles. `key`, `breaker`, `ignore`, `failure_if`, `class` and `fallback`
/// are code.
///
/// # Warnings
///
/// Some values are allowed, and seldom meant; the compiler warns of them at their place:
///
/// - A count of 1 (`threshold`, `consecutive` or `failures`): one failure alone opens the breaker, so that a single bad
///   answer takes the function away from everybody for all of `reset`.
/// - A `reset` shorter than `timeout`, be it the default of 60 s: when the first probe goes out, calls from before the
///   breaker opened can still be under way, and the dependency was given no rest.
/// - `on_cancel = "ignore"` on an async function with neither `timeout` nor `slow_call`: where callers alone hold the clock,
///   a dependency that hangs is never noticed.
///
/// Macros can warn by `deprecated` alone, so this is what the warning is called, and `#[allow(deprecated)]` on the
/// function ends it. Constants are not looked at.
///
/// # Limits
///
/// - There is one breaker for each function item: all instances of a generic function share it, and so do all types
///   that use a provided trait method. For a breaker per value, use `key` or `breaker = self.breaker`.
/// - A protected function that calls itself takes a second permit; while one probe is out, the inner call is
///   rejected, and if the outer one fails for that, the breaker cannot close. Protect the outermost call only.
/// - `const`, `unsafe` and variadic functions are refused, and functions that return a future: write an `async fn`.
/// - `#[track_caller]` sees this function, not its caller: the body runs in a closure.
/// - A parameter under `#[cfg]` cannot be passed on to a fallback by path.
///
/// # Beside other attributes
///
/// The compiler expands attributes from the top down, each around the body that it finds. An attribute *above* this
/// one therefore ends up inside, where it only sees calls that are let through; one *below* ends up outside, and
/// sees rejected calls as well. To have `#[tracing::instrument]` record rejections, write it below.
/// `#[tokio::main]` works in both places, and `#[async_trait]` on the `impl` block around, whose boxed futures are
/// recognised.
#[proc_macro_attribute]
pub fn circuit_breaker(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::protect(args.into(), item.into()).into()
}
