//! A shop with a circuit breaker beside one without, in front of the same failing pricing service.
//!
//! Both shops serve real sockets, work at 64 requests at a time, and have a `/catalog` that never
//! asks for a price. Both get the same 300 customers a second, half of them for the catalog, and
//! their two pricing services fail by the same script: they answer 500, then accept calls and never
//! answer, then answer too late, then are well again. All that differs:
//!
//! - the plain shop asks the pricing service for each price, with a time limit of 30 s, a common
//!   default of HTTP clients (`--plain-timeout` sets another one);
//! - the protected shop does so through a function with one attribute, which gives it a time limit of
//!   1 s, a circuit breaker, and the last known price where there is no fresh one.
//!
//! While its pricing service hangs, the places of the plain shop fill with requests for prices that
//! never come, and `/catalog`, which needs no price, dies with them. The protected shop answers on.
//!
//! A short time limit alone is no cure: with `--plain-timeout 1` the plain shop still serves less than
//! half of its catalog during the hang, since every request for a price goes on taking a place for a
//! second. That the protected shop has prices to tell is the fallback's doing; that it has places left
//! is the breaker's.
//!
//! The shops are where to look for code to copy: [`shop::protected`], and what it is compared with,
//! [`shop::plain`].
//!
//! With `--serve` there is more to see: [`neighbours`], other calls through breakers of other kinds, and the page that shows
//! them all.
//!
//! With `--storm` it shows something else: what [retries](storm) do to a service, with and without a breaker inside them.

mod clock;
mod crowd;
mod life;
mod measure;
mod neighbours;
mod options;
mod picture;
mod pricing;
mod progress;
mod report;
mod shop;
mod stage;
mod steering;
mod storm;
mod verdict;
mod weather;

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, io};

use options::{Command, Options};
use stage::Stage;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match options::parse(env::args_os().skip(1)) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Storm) => {
            return if storm::run().await { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Ok(Command::Help) => {
            println!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("storefront: {problem}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("storefront: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays the script, and says whether all came out as it should.
async fn run(options: Options) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(path) = &options.config {
        println!("{}", steering::begin(path)?);
    }
    if !options.run {
        let stage = Stage::build(&options).await?;
        println!("All stays up until interrupted.\n{}", stage.directions());
        tokio::signal::ctrl_c().await?;
        return Ok(true);
    }
    let picture_path = options.picture.clone().map_or_else(default_picture, Ok)?;
    let no_picture = |error: io::Error| format!("can not write {}: {error}", picture_path.display());
    // Better to hear of a wrong path now than after the run.
    OpenOptions::new().append(true).create(true).open(&picture_path).map_err(no_picture)?;

    let stage = Stage::build(&options).await?;
    println!(
        "{}
{} customers a second come to each shop, half of them for a price; each waits {} s at most.
Each shop works at {} requests at a time. Calls to the pricing service: the plain shop gives them
{} s, the protected shop 1 s and a circuit breaker.
",
        stage.addresses(),
        crowd::RATE,
        crowd::PATIENCE.as_secs(),
        shop::desk::PLACES,
        options.plain_timeout.as_secs_f64(),
    );
    let run = stage.play().await?;
    let checks = verdict::checks(&run);
    println!("\n{}\n{}\n{}", report::table(&run), report::life(&run.life), report::verdict(&checks));

    fs::write(&picture_path, picture::draw(&run, options.plain_timeout)).map_err(no_picture)?;
    println!("picture: {}", picture_path.display());

    if options.serve {
        println!("\nAll stays up until interrupted; no crowd comes any more.\n{}", stage.directions());
        tokio::signal::ctrl_c().await?;
    }
    Ok(checks.iter().all(|check| check.holds))
}

/// Beside the program, which cargo puts into the target directory.
fn default_picture() -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name("storefront.svg"))
}
