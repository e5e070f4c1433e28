//! gRPC: which statuses are failures of the server.

use std::fmt::Display;

use ::http::{HeaderMap, Response};

use super::failures::{Judge, of_status, quoted};
use crate::outcome::{Fault, Quote};

/// What [`BreakerLayer::grpc_errors`](super::BreakerLayer::grpc_errors) says.
#[derive(Clone, Copy, Debug)]
pub struct GrpcErrors;

#[diagnostic::do_not_recommend]
impl<B, E: Display> Judge<Response<B>, E> for GrpcErrors {
    fn fault<'a>(&self, answer: &'a Result<Response<B>, E>) -> Option<Fault<'a>> {
        match answer {
            Ok(response) => of_head(response.headers()).or_else(|| of_status(response.status())),
            Err(error) => Some(quoted(error)),
        }
    }
}

/// What the status in the head of a response tells of a failure; each with its class and its text.
fn of_head(headers: &HeaderMap) -> Option<Fault<'static>> {
    let (class, text) = match headers.get("grpc-status")?.as_bytes() {
        b"2" => ("grpc_unknown", "gRPC status UNKNOWN"),
        b"4" => ("grpc_deadline_exceeded", "gRPC status DEADLINE_EXCEEDED"),
        b"8" => ("grpc_resource_exhausted", "gRPC status RESOURCE_EXHAUSTED"),
        b"12" => ("grpc_unimplemented", "gRPC status UNIMPLEMENTED"),
        b"13" => ("grpc_internal", "gRPC status INTERNAL"),
        b"14" => ("grpc_unavailable", "gRPC status UNAVAILABLE"),
        b"15" => ("grpc_data_loss", "gRPC status DATA_LOSS"),
        _ => return None,
    };
    Some(Fault::of(class, Quote::Plain(text)))
}
