//! The two shops and their pricing services, on loopback ports.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use breaker_runtime::CircuitBreaker;
use breaker_runtime::web::{self, Controls};
use tokio::net::TcpListener;

use crate::clock::RunClock;
use crate::crowd::{self, Door};
use crate::life::Life;
use crate::measure::Log;
use crate::neighbours;
use crate::options::Options;
use crate::pricing::PricingService;
use crate::progress::{self, View};
use crate::shop::desk::Desk;
use crate::shop::{self, plain, protected};
use crate::verdict::{Run, Side};
use crate::weather::{END, Sky, Weather};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Every run gets the same crowd, so that two runs can be compared.
pub(crate) const SEED: u64 = 2;

#[derive(Debug)]
pub(crate) struct Stage {
    clock: RunClock,
    plain: Pair,
    protected: Pair,
    breaker: &'static CircuitBreaker,
    /// Where it tells of itself.
    breakers_url: String,
}

/// A shop and its pricing service.
#[derive(Debug)]
struct Pair {
    shop_url: String,
    pricing_url: String,
    pricing: Arc<PricingService>,
    view: View,
}

impl Stage {
    /// Starts everything. The script begins now; or the weather is healthy, until somebody says otherwise.
    pub(crate) async fn build(options: &Options) -> Result<Self> {
        let clock = RunClock::start();
        let sky = Arc::new(Sky::new(clock));
        if !options.run {
            sky.set(Weather::Healthy);
        }
        if options.serve {
            tokio::spawn(neighbours::ask(Arc::clone(&sky)));
        }
        let breakers = match &options.token {
            Some(token) => web::router_with(Controls::by_token("operator", token)?),
            None => web::router(),
        };
        let plain_timeout = options.plain_timeout;
        Ok(Self {
            clock,
            plain: Pair::build(&sky, |url| plain::routes(url, plain_timeout)).await?,
            protected: Pair::build(&sky, protected::routes).await?,
            breaker: protected::breaker(),
            breakers_url: url(serve(Router::new().nest("/breakers", breakers)).await?) + "/breakers",
        })
    }

    pub(crate) fn addresses(&self) -> String {
        format!(
            "plain shop      {}  before its pricing service {}\nprotected shop  {}  before its pricing service {}\nits breaker     {}  and /dashboard, /health, /events, /metrics below it\n",
            self.plain.shop_url,
            self.plain.pricing_url,
            self.protected.shop_url,
            self.protected.pricing_url,
            self.breakers_url,
        )
    }

    /// What somebody can do with it by hand.
    pub(crate) fn directions(&self) -> String {
        format!(
            "{}
Try  curl {}/price/teapot
and  curl -X PUT {}/weather/hanging   (or failing, slow, healthy: for both services)
",
            self.addresses(),
            self.protected.shop_url,
            self.protected.pricing_url,
        )
    }

    /// Sends the crowd, and measures.
    pub(crate) async fn play(&self) -> Result<Run> {
        let doors = [self.plain.door(self.clock)?, self.protected.door(self.clock)?];
        let progress = tokio::spawn(progress::show(
            self.plain.view.clone(),
            self.protected.view.clone(),
            self.breaker,
            self.clock,
        ));
        let visit = |door: Arc<Door>, customer| async move { door.visit(customer).await };
        crowd::send(crowd::schedule(SEED, END), &doors, self.clock, visit).await;
        progress.await?;
        Ok(Run {
            plain: self.plain.measured(),
            protected: self.protected.measured(),
            life: Life::of(self.breaker, self.clock),
        })
    }
}

impl Pair {
    async fn build(sky: &Arc<Sky>, prices: impl FnOnce(String) -> reqwest::Result<Router>) -> Result<Self> {
        let pricing = PricingService::new(Arc::clone(sky));
        let desk = Desk::new();
        let pricing_url = url(serve(Arc::clone(&pricing).routes()).await?);
        let shop_url = url(serve(shop::routes(prices(pricing_url.clone())?, Arc::clone(&desk))).await?);
        Ok(Self { shop_url, pricing_url, pricing, view: View { log: Arc::default(), desk } })
    }

    fn door(&self, clock: RunClock) -> reqwest::Result<Arc<Door>> {
        Door::new(self.shop_url.clone(), clock, Arc::clone(&self.view.log))
    }

    fn measured(&self) -> Side {
        Side {
            visits: Log::all(&self.view.log),
            calls_while_sick: self.pricing.calls_while_sick(),
            most_waiting: self.view.desk.most_waiting(),
        }
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Serves on a free port until the program ends.
async fn serve(routes: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await {
            eprintln!("storefront: the server at {address} ended: {error}");
        }
    });
    Ok(address)
}
