//! Calls to granted HTTP targets.
//!
//! The plugin says which target, which path and what to send. Everything that decides where it goes
//! and who it claims to be is the host's: address, TLS, credentials, user agent, trace.

use crate::bindings::tidelock::check::http::{Failure, Host, Request, Response, Timing};
use crate::grants::{HttpTarget, Kind, Target, path, target_of};
use crate::host::{CallError, RunState};

mod exchange;
mod links;
mod notes;
mod outgoing;
mod redirect;
mod revision;

use exchange::Answer;
pub(crate) use notes::Notes;
use outgoing::Outgoing;
pub(crate) use revision::Revision;

/// Redirects that are followed for one request.
const MAX_REDIRECTS: u32 = 5;

impl Host for RunState {
    async fn send(
        &mut self,
        target: String,
        request: Request,
    ) -> wasmtime::Result<Result<Response, Failure>> {
        self.check_call_time()?;
        let found = self.target(&target);
        let own = found.as_ref().is_ok_and(|target| target.own);
        let answered = match found {
            Ok(target) => self.call(&target, request).await,
            Err(error) => Err(error),
        };
        let (answered, ended) = match answered {
            Ok(response) => (Ok(response), Ok(())),
            Err(error) => (Err(error.clone()), Err(error)),
        };
        self.note_end(&target, own, &ended);
        Ok(answered.map_err(|error| self.failure(error)))
    }

    async fn target_of(&mut self, url: String) -> wasmtime::Result<Option<(String, String)>> {
        Ok(target_of(&self.targets, &url))
    }
}

impl RunState {
    /// One request and the redirects behind it.
    async fn call(&mut self, target: &Target, request: Request) -> Result<Response, CallError> {
        let Kind::Http(http) = &target.kind else {
            return Err(CallError::Denied("it is a database, not an HTTP target".to_owned()));
        };
        let follow = request.follow_redirects;
        let mut outgoing = Outgoing::new(self, http, request)?;
        let mut hops = 0;
        loop {
            self.count_call()?;
            let answer = self.exchange(target, http, &outgoing).await?;
            // What the other side's own pages show says nothing about this one.
            if let Some(notes) = self.notes.as_mut().filter(|_| target.own) {
                notes.look(&http.origin, &outgoing.path, &answer, &self.scrubber);
            }
            if let Some(revision) = &mut self.revision {
                revision.look(target, &answer.headers, &self.scrubber);
            }
            let next = if follow { redirect::next(&answer, &outgoing, http) } else { None };
            match next {
                None => return self.response(answer, &outgoing),
                Some(Err(why)) => {
                    self.refuse(&target.name, &why);
                    return self.response(answer, &outgoing);
                }
                Some(Ok(_)) if hops == MAX_REDIRECTS => {
                    return Err(CallError::Protocol(format!("more than {MAX_REDIRECTS} redirects")));
                }
                Some(Ok(step)) => {
                    outgoing.redirect(step);
                    hops += 1;
                }
            }
        }
    }

    async fn exchange(
        &mut self,
        target: &Target,
        http: &HttpTarget,
        outgoing: &Outgoing,
    ) -> Result<Answer, CallError> {
        let shared = self.shared.target(target, http);
        let _permit = shared.admit(self.call_deadline).await?;
        let request = outgoing.request(self, http)?;
        let (deadline, budget) = (self.call_deadline, self.body_budget());
        if self.world.is_some() {
            return self.made_up(target, request, budget);
        }
        let call = exchange::Call { target: http, shared: &shared, deadline, budget };
        let answer = call.send(request, || self.await_answer(target)).await?;
        self.facts.body_bytes += u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
        Ok(answer)
    }

    /// The answer of a case's fake instead of the target's.
    fn made_up(
        &mut self,
        target: &Target,
        request: ::http::Request<http_body_util::Full<bytes::Bytes>>,
        budget: u64,
    ) -> Result<Answer, CallError> {
        self.await_answer(target);
        let (head, body) = request.into_parts();
        let body = body.into_inner().unwrap_or_default();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let world = self.world.as_mut().ok_or_else(|| CallError::Denied("nothing is made up".to_owned()))?;
        let fake = world.http(&target.name, head.method.as_str(), path, &body)?;
        let length = u64::try_from(fake.body.len()).unwrap_or(u64::MAX);
        if length > budget {
            return Err(CallError::TooLarge(format!("the answer has more than {budget} bytes")));
        }
        self.facts.body_bytes += length;
        Ok(Answer {
            status: fake.status,
            headers: fake.headers,
            body: fake.body,
            connect: Default::default(),
            tls: Default::default(),
            first_byte: fake.took,
            transfer: Default::default(),
            total: fake.took,
            resolved: fake.resolved,
        })
    }

    /// What the plugin gets to see: everything, without secrets.
    fn response(&self, answer: Answer, outgoing: &Outgoing) -> Result<Response, CallError> {
        let text = |bytes: &[u8]| self.scrubber.text(String::from_utf8_lossy(bytes).into_owned());
        let headers = answer.headers.iter();
        let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Ok(Response {
            status: answer.status,
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
                .collect(),
            final_path: self.scrubber.text(outgoing.path.clone()),
            body: self.scrubber.bytes(answer.body),
            timing: Timing {
                connect_us: micros(answer.connect),
                tls_us: micros(answer.tls),
                first_byte_us: micros(answer.first_byte),
                transfer_us: micros(answer.transfer),
                total_us: micros(answer.total),
            },
        })
    }

    fn failure(&self, error: CallError) -> Failure {
        let clean = |why: String| self.scrubber.text(why);
        match error {
            CallError::Denied(why) => Failure::Denied(clean(why)),
            CallError::Dns(why) => Failure::Dns(clean(why)),
            CallError::Connect(why) => Failure::Connect(clean(why)),
            CallError::Tls(why) => Failure::Tls(clean(why)),
            CallError::Timeout(why) => Failure::Timeout(clean(why)),
            CallError::Protocol(why) => Failure::Protocol(clean(why)),
            CallError::TooLarge(why) => Failure::TooLarge(clean(why)),
            CallError::Budget(why) => Failure::Budget(clean(why)),
            CallError::Statement(code, why) => Failure::Protocol(clean(format!("{code}: {why}"))),
        }
    }
}

/// Whether a call is granted, by method and path.
fn check_grant(http: &HttpTarget, method: &::http::Method, path_and_query: &str) -> Result<(), String> {
    if !http.methods.contains(method) {
        return Err(format!("method {method} is not granted"));
    }
    path::allowed(path_and_query, &http.paths)
}
