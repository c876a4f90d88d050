//! One request over one connection, timed, with a bound on everything that comes back.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use crate::grants::HttpTarget;
use crate::host::net::Resolved;
use crate::host::shared::{Connection, SharedTarget};
use crate::host::{CallError, net, tls};
use crate::protocol::Connect;

/// Headers of an answer, and their size.
const MAX_ANSWER_HEADERS: usize = 128;
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An answer, whole.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) connect: Duration,
    pub(super) tls: Duration,
    pub(super) first_byte: Duration,
    pub(super) transfer: Duration,
    pub(super) total: Duration,
    /// What the target's name turned out to be when the connection was made.
    pub(super) resolved: Arc<Resolved>,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) target: &'a HttpTarget,
    pub(super) shared: &'a SharedTarget,
    pub(super) deadline: Instant,
    /// Bytes that the body may have.
    pub(super) budget: u64,
}

impl Call<'_> {
    /// Sends and reads. `owed` is called when the target is the one that is being waited for.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        mut owed: impl FnMut(),
    ) -> Result<Answer, CallError> {
        let begun = Instant::now();
        let mut request = request;
        if self.target.connect == Connect::Reuse
            && let Some(connection) = self.shared.take_idle()
        {
            owed();
            match self.try_on(connection, request, begun).await? {
                Ok(answer) => return Ok(answer),
                // The target has closed the connection meanwhile, and nothing of it was sent.
                Err(unsent) => request = unsent,
            }
        }
        let (address, resolved) = net::resolve_all(
            &self.target.origin.host,
            self.target.origin.port,
            &self.target.addresses,
            self.deadline,
        )
        .await?;
        let resolved = Arc::new(resolved);
        owed();
        let (stream, connect) = net::dial(address, self.deadline).await?;
        let (mut answer, shaken) = if self.target.origin.tls {
            let connector = self.shared.tls(self.target)?;
            let (stream, shaken) =
                tls::shake(connector, &self.target.tls_name, stream, self.deadline).await?;
            (self.over(stream, request, &resolved).await?, shaken)
        } else {
            (self.over(stream, request, &resolved).await?, Duration::ZERO)
        };
        (answer.connect, answer.tls, answer.total) = (connect, shaken, begun.elapsed());
        answer.resolved = resolved;
        Ok(answer)
    }

    /// Asks over a new connection.
    async fn over<S>(
        &self,
        stream: S,
        request: Request<Full<Bytes>>,
        resolved: &Arc<Resolved>,
    ) -> Result<Answer, CallError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.max_headers(MAX_ANSWER_HEADERS).max_buf_size(MAX_HEAD_BYTES);
        let shaken = self.in_time(builder.handshake(TokioIo::new(stream))).await?;
        let (mut sender, driver) = shaken.map_err(|error| broken(&error))?;
        match self.target.connect {
            // A task of its own would have other threads woken, and would end with this call anyway.
            Connect::New => beside(driver, self.ask(&mut sender, request)).await,
            Connect::Reuse => {
                let driver = tokio::spawn(async move {
                    // What goes wrong here comes back from the sender as well.
                    let _ = driver.await;
                });
                let mut connection = Connection::new(sender, driver.abort_handle(), Arc::clone(resolved));
                let answer = self.ask(&mut connection.sender, request).await?;
                self.shared.put_idle(connection);
                Ok(answer)
            }
        }
    }

    async fn ask(
        &self,
        sender: &mut http1::SendRequest<Full<Bytes>>,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, CallError> {
        let sent = Instant::now();
        let response = self.in_time(sender.send_request(request)).await?.map_err(|e| broken(&e))?;
        self.read(response, sent).await
    }

    /// Tries a connection that has been idle; gives the request back when it was not sent.
    async fn try_on(
        &self,
        mut connection: Connection,
        request: Request<Full<Bytes>>,
        begun: Instant,
    ) -> Result<Result<Answer, Request<Full<Bytes>>>, CallError> {
        let sent = self.in_time(connection.sender.try_send_request(request)).await?;
        let response = match sent {
            Ok(response) => response,
            Err(mut error) => match error.take_message() {
                Some(request) => return Ok(Err(request)),
                None => return Err(broken(error.error())),
            },
        };
        let mut answer = self.read(response, begun).await?;
        answer.total = begun.elapsed();
        answer.resolved = Arc::clone(&connection.resolved);
        self.shared.put_idle(connection);
        Ok(Ok(answer))
    }

    async fn read(&self, response: Response<Incoming>, sent: Instant) -> Result<Answer, CallError> {
        let first_byte = sent.elapsed();
        let headed = Instant::now();
        let (head, mut incoming) = response.into_parts();
        let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if !head.headers.get_all(CONTENT_ENCODING).iter().all(plain) {
            // A secret inside a compressed body could not be taken out.
            return Err(CallError::Protocol("the answer is compressed, which was not asked for".to_owned()));
        }
        let too_large = || CallError::TooLarge(format!("the answer has more than {} bytes", self.budget));
        if incoming.size_hint().lower() > self.budget {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(frame) = self.in_time(incoming.frame()).await? {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(data) = frame.data_ref() {
                let length = u64::try_from(body.len() + data.len()).unwrap_or(u64::MAX);
                if length > self.budget {
                    return Err(too_large());
                }
                body.extend_from_slice(data);
            }
        }
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            connect: Duration::ZERO,
            tls: Duration::ZERO,
            first_byte,
            transfer: headed.elapsed(),
            total: Duration::ZERO,
            resolved: Arc::default(),
        })
    }

    async fn in_time<F: Future>(&self, work: F) -> Result<F::Output, CallError> {
        let late = |_| CallError::Timeout("no whole answer in time".to_owned());
        timeout_at(self.deadline, work).await.map_err(late)
    }
}

/// Does `work` while `driver` moves the bytes that it waits for.
async fn beside<T>(driver: impl Future, work: impl Future<Output = T>) -> T {
    let (mut driver, mut work) = (pin!(driver), pin!(work));
    let mut driven = false;
    poll_fn(|context| {
        // The work first: it says what there is to send. The driver then sends, or has something for it.
        let mut polled = work.as_mut().poll(context);
        // Also when the work is done: the driver says good-bye to the other end.
        if !driven {
            driven = driver.as_mut().poll(context).is_ready();
            if polled.is_pending() {
                polled = work.as_mut().poll(context);
            }
        }
        polled
    })
    .await
}

/// What a broken exchange says about the target.
fn broken(error: &hyper::Error) -> CallError {
    if error.is_parse_too_large() {
        return CallError::TooLarge(format!("the head of the answer has more than {MAX_HEAD_BYTES} bytes"));
    }
    let why = match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    if error.is_parse() { CallError::Protocol(why) } else { CallError::Connect(why) }
}
