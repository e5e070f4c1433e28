//! The breakers as OpenTelemetry sees them: by a meter provider, whose reader collects every few seconds.

use std::future::{Future, ready};
use std::sync::Once;
use std::time::Duration;

use breaker_runtime::opentelemetry;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{ResourceMetrics, ScopeMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

use ::opentelemetry::metrics::MeterProvider;

const EVERY: Duration = Duration::from_secs(5);

/// Collects until the provider is dropped.
pub(crate) fn begin() -> SdkMeterProvider {
    let reader = PeriodicReader::builder(Said(Once::new())).with_interval(EVERY).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::observe(&provider.meter("storefront"));
    provider
}

/// In the place of an exporter that sends them somewhere: says once that there are some.
struct Said(Once);

impl PushMetricExporter for Said {
    fn export(&self, metrics: &ResourceMetrics) -> impl Future<Output = OTelSdkResult> + Send {
        let collected = metrics.scope_metrics().flat_map(ScopeMetrics::metrics).count();
        self.0.call_once(|| println!("OpenTelemetry: a reader has collected {collected} metrics, and goes on"));
        ready(Ok(()))
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
