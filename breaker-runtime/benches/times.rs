//! How long each way through a breaker takes: `cargo bench -p breaker-runtime`, or `cargo bench -p breaker-runtime -- keys`
//! for those with a word in their names.

mod paths;

use std::time::Duration;

use criterion::Criterion;
use paths::Measure;

struct Times(Criterion);

impl Measure for Times {
    fn path<F: FnMut()>(&mut self, name: &str, ready: impl FnOnce() -> F) {
        let (mut ready, mut call) = (Some(ready), None);
        self.0.bench_function(name, |bencher| {
            // Made ready when it is this one's turn, once; never, where it was not asked for.
            if let Some(ready) = ready.take() {
                call = Some(ready());
            }
            bencher.iter(call.as_mut().expect("ready"));
        });
    }
}

fn main() {
    let quick = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let mut times = Times(quick.configure_from_args());
    paths::all(&mut times);
    times.0.final_summary();
}
