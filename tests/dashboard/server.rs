//! A server that can be stopped and started again.

use std::net::{SocketAddr, TcpListener};

use axum::Router;
use tokio::runtime::{Builder, Runtime};

/// Serves the routes under `/breakers`, on a runtime of its own, until this is dropped: then all connections end.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    pub(crate) fn start(routes: impl Fn() -> Router) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), routes)
    }

    pub(crate) fn start_at(address: SocketAddr, routes: impl Fn() -> Router) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let _inside = runtime.enter();
        // Some connections of a server before may not have ended yet.
        let listener = (0..1_000_000).find_map(|_| TcpListener::bind(address).ok()).expect("the port is free");
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let app = Router::new().nest("/breakers", routes());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { address, runtime: Some(runtime) }
    }

    pub(crate) fn page(&self) -> String {
        format!("http://{}/breakers/dashboard", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}
