//! The way in: the router, and a server which really breaks connections.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::State, http::Response};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};
use tower::ServiceExt;

use crate::{
    api::Answer,
    control,
    faults::ConnectionFault,
    gorgias::{Gorgias, chain},
    request::Request,
};

/// The largest body that is read, in bytes; more is 413.
const BODY_MAX: usize = 1024 * 1024;

impl Gorgias {
    /// The API under `/api`, OAuth under `/oauth`, and the control endpoints under `/_control`. Latency and the state on
    /// disk are part of it; a broken connection is a [`ConnectionFault`] among the response's
    /// extensions, and what the response itself then says no client ever sees.
    pub fn router(&self) -> Router {
        control::routes().fallback(api).with_state(self.clone())
    }

    /// Serves the router over HTTP/1.1 until `shutdown` is ready; then all connections are closed.
    ///
    /// # Errors
    /// If the listener fails for good.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let router = self.router();
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(self.clone(), router.clone(), stream));
                    }
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }
}

/// Whether an error of `accept` is about the connection that came in, not about the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

async fn connection(gorgias: Gorgias, router: Router, stream: tokio::net::TcpStream) {
    let service = hyper::service::service_fn(|request: http::Request<Incoming>| {
        let (gorgias, router) = (gorgias.clone(), router.clone());
        async move {
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            over_the_wire(&gorgias, response).await
        }
    });
    // The date would be the machine's, not the simulator's.
    let served = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        // Mostly a fault that was asked for, or a client that went away.
        tracing::debug!(error = %chain(&error), "connection ended early");
    }
}

/// Why hyper has to end a connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection breaks here because a fault asks for it")]
struct Broken;

/// Breaks the connection where the response says so.
async fn over_the_wire(
    gorgias: &Gorgias,
    response: Response<Body>,
) -> Result<Response<Body>, Broken> {
    match response.extensions().get::<ConnectionFault>().copied() {
        None => Ok(response),
        Some(ConnectionFault::Dropped) => Err(Broken),
        Some(ConnectionFault::Hang(duration)) => {
            gorgias.clock().sleep(duration).await;
            Err(Broken)
        }
        Some(ConnectionFault::Truncated) => {
            let (parts, body) = response.into_parts();
            let data = body.collect().await.map(http_body_util::Collected::to_bytes);
            let part = data.unwrap_or_default();
            Ok(Response::from_parts(parts, Body::new(CutBody::Data(part))))
        }
    }
}

/// A body which breaks off: its data, then a moment in which that is sent, then an error.
enum CutBody {
    Data(Bytes),
    Flush,
    End,
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match std::mem::replace(&mut *self, Self::End) {
            Self::Data(data) => {
                *self = Self::Flush;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Self::Flush => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::End => Poll::Ready(Some(Err(axum::Error::new(Broken)))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Everything outside `/_control`.
async fn api(State(gorgias): State<Gorgias>, request: http::Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_MAX).await else {
        return control::json(
            StatusCode::PAYLOAD_TOO_LARGE,
            &json!({ "error": { "msg": "The body is too large." } }),
        );
    };
    match gorgias.answer(&Request::new(&parts, body)) {
        Ok(answer) => {
            if !answer.latency.is_zero() {
                gorgias.clock().sleep(answer.latency).await;
            }
            respond(answer)
        }
        Err(error) => {
            tracing::error!(error = %chain(&error), "the simulator's state is not saved");
            let message = json!({ "error": { "msg": chain(&error) } });
            control::json(StatusCode::INTERNAL_SERVER_ERROR, &message)
        }
    }
}

fn respond(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    response.headers_mut().extend(answer.headers);
    if let Some(fault) = answer.broken {
        response.extensions_mut().insert(fault);
    }
    response
}
