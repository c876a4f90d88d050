//! The life of one runner: what was asked of it, what it owes, and how it ended.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use rustix::process::Signal;
use tidelock_model::mutated;
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::process::{Killer, Process};
use super::supervisor::{Ask, Reply, Unsent};
use crate::protocol::frame;
use crate::protocol::message::{FromRunner, ToRunner};

/// How long the runner may leave a request unread.
const WRITE_FOR: Duration = Duration::from_secs(5);
/// Answers that wait to be passed on.
const MAX_WAITING: usize = 8;
/// How long the runs in flight are waited for where another runner is wanted. Requests wait longer than that.
const DRAIN_FOR: Duration = Duration::from_secs(3);

/// How a session ended.
pub(super) enum End {
    /// Nobody needs a runner any more.
    Done,
    /// Another one is wanted.
    Renewed,
    /// The runner is gone; the reason.
    Lost(String),
}

pub(super) struct Session {
    writer: OwnedWriteHalf,
    answers: mpsc::Receiver<io::Result<FromRunner>>,
    reader: JoinHandle<()>,
    ended: oneshot::Receiver<io::Result<std::process::ExitStatus>>,
    killer: Killer,
    next: u64,
    owed: BTreeMap<u64, Owed>,
    /// Another runner is wanted: this one takes nothing more, and what it owes is waited for until then.
    leaves: Option<Instant>,
}

struct Owed {
    until: Instant,
    tell: oneshot::Sender<Reply>,
}

/// Why a request could not be sent.
struct Stuck {
    end: End,
    again: Option<Unsent>,
}

impl Stuck {
    /// Nobody tries again.
    fn for_good(self) -> End {
        if let (Some(unsent), End::Lost(why)) = (self.again, &self.end) {
            unsent.lost(why);
        }
        self.end
    }
}

/// What to do after something happened.
enum Turn {
    On,
    End(End),
}

impl Session {
    pub(super) fn new(process: Process) -> Session {
        let (reader, writer) = process.socket.into_split();
        let (tell, answers) = mpsc::channel(MAX_WAITING);
        Session {
            writer,
            answers,
            reader: tokio::spawn(read(reader, tell)),
            ended: process.ended,
            killer: process.killer,
            next: 0,
            owed: BTreeMap::new(),
            leaves: None,
        }
    }

    /// Passes requests on until the runner or the last client is gone; first the one that `unsent` has
    /// from the runner before. What this runner did not take either is left there, once.
    pub(super) async fn serve(mut self, asks: &mut mpsc::Receiver<Ask>, unsent: &mut Option<Unsent>) -> End {
        if let Some(again) = unsent.take()
            && let Err(end) = self.send(again).await.map_err(Stuck::for_good)
        {
            return self.close(end).await;
        }
        let end = loop {
            if self.leaves.is_some() && self.owed.is_empty() {
                break End::Renewed;
            }
            let until = self.owed.values().map(|owed| owed.until).min();
            let overdue = sleep_until_then(until.filter(|_| !mutated("a-run-has-a-deadline")));
            let drained = sleep_until_then(self.leaves);
            let turn = tokio::select! {
                // What the runner says comes first, above all that it has ended.
                biased;
                answer = self.answers.recv() => self.answered(answer),
                () = overdue => self.overdue(),
                () = drained => Turn::End(End::Renewed),
                ask = asks.recv(), if self.leaves.is_none() => match ask {
                    None => Turn::End(End::Done),
                    Some(ask) => self.asked(ask, unsent).await,
                },
            };
            if let Turn::End(end) = turn {
                break end;
            }
        };
        self.close(end).await
    }

    async fn asked(&mut self, ask: Ask, unsent: &mut Option<Unsent>) -> Turn {
        let (request, time, tell) = match ask {
            Ask::Kill => return Turn::End(End::Lost("the runner was killed on demand".to_owned())),
            Ask::Renew => {
                self.leaves = Some(Instant::now() + DRAIN_FOR);
                return Turn::On;
            }
            Ask::Request { request, time, tell } => (request, time, tell),
        };
        if tell.is_closed() {
            return Turn::On;
        }
        self.next += 1;
        let id = self.next;
        let request: ToRunner = request(id);
        match self.send(Unsent { id, request, time, tell }).await {
            Ok(()) => Turn::On,
            Err(Stuck { end, again }) => {
                *unsent = again;
                Turn::End(end)
            }
        }
    }

    /// Writes one request. A runner that has closed its end takes nothing any more, and half a message
    /// is none: such a request is given back, because no runner has begun with it.
    async fn send(&mut self, unsent: Unsent) -> Result<(), Stuck> {
        let Unsent { id, request, time, tell } = unsent;
        self.next = self.next.max(id);
        let until = Instant::now() + time;
        match timeout(WRITE_FOR, frame::write_async(&mut self.writer, &request)).await {
            Ok(Ok(())) => {
                self.owed.insert(id, Owed { until, tell });
                Ok(())
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                let _ = tell.send(Reply::Lost(error.to_string()));
                Ok(())
            }
            Ok(Err(error)) => Err(Stuck {
                end: End::Lost(format!("the runner does not listen: {error}")),
                again: Some(Unsent { id, request, time, tell }),
            }),
            Err(_) => {
                let why = "the runner does not listen".to_owned();
                let _ = tell.send(Reply::Lost(why.clone()));
                Err(Stuck { end: End::Lost(why), again: None })
            }
        }
    }

    fn answered(&mut self, answer: Option<io::Result<FromRunner>>) -> Turn {
        match answer {
            Some(Ok(FromRunner::Answer { id, answer })) => {
                self.reply(id, Reply::Answer(answer));
                Turn::On
            }
            Some(Ok(FromRunner::Unable { reason })) => {
                Turn::End(End::Lost(format!("the runner cannot go on: {reason}")))
            }
            Some(Ok(FromRunner::Ready { .. })) => {
                Turn::End(End::Lost("the runner answers what was not asked".to_owned()))
            }
            // It ended with something unread, and says nothing any more.
            Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                Turn::End(End::Lost(String::new()))
            }
            Some(Err(error)) => Turn::End(End::Lost(format!("the runner speaks nonsense: {error}"))),
            None => Turn::End(End::Lost(String::new())),
        }
    }

    fn overdue(&mut self) -> Turn {
        let now = Instant::now();
        let late: Vec<u64> =
            self.owed.iter().filter(|(_, owed)| owed.until <= now).map(|(id, _)| *id).collect();
        if late.is_empty() {
            return Turn::On;
        }
        for id in late {
            self.reply(id, Reply::Overdue);
        }
        Turn::End(End::Lost("the runner was killed, because a run in it did not end".to_owned()))
    }

    fn reply(&mut self, id: u64, reply: Reply) {
        if let Some(owed) = self.owed.remove(&id) {
            // A caller that has gone needs no answer.
            let _ = owed.tell.send(reply);
        }
    }

    /// Kills what is left, and tells everybody who waits.
    async fn close(mut self, end: End) -> End {
        self.killer.kill();
        self.reader.abort();
        let ended = timeout(WRITE_FOR, &mut self.ended).await;
        let status = match &ended {
            Ok(Ok(Ok(status))) => status.to_string(),
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(_)) | Err(_) => "not known".to_owned(),
        };
        let killed = matches!(&ended, Ok(Ok(Ok(status))) if status.signal() == Some(Signal::KILL.as_raw()));
        let end = match end {
            End::Done => End::Done,
            End::Renewed => End::Renewed,
            // It was gone before it was killed here.
            End::Lost(why) if why.is_empty() && killed => End::Lost(format!(
                "the runner was killed from outside, most often for want of memory ({status})"
            )),
            End::Lost(why) if why.is_empty() => End::Lost(format!("the runner ended ({status})")),
            // How it ended says more than that it did; one that had not is killed here.
            End::Lost(why) => End::Lost(format!("{why} ({status})")),
        };
        let why = match &end {
            End::Done => "the agent ends",
            End::Renewed => "the runner was replaced by one that reaches another folder",
            End::Lost(why) => why,
        };
        for (_, owed) in std::mem::take(&mut self.owed) {
            let _ = owed.tell.send(Reply::Lost(why.to_owned()));
        }
        end
    }
}

/// Waits until then; for ever where there is no such moment.
async fn sleep_until_then(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Reads answers on a task of its own: a message that is half read must not be given up.
async fn read(reader: OwnedReadHalf, tell: mpsc::Sender<io::Result<FromRunner>>) {
    // Length and message come with one look. Answers carry no secrets: those were taken out.
    let mut reader = BufReader::new(reader);
    loop {
        let answer = match frame::read_async(&mut reader).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let broken = answer.is_err();
        if tell.send(answer).await.is_err() || broken {
            return;
        }
    }
}
