//! The person in front of the terminal: what they type, and how they stop. Neither may hold up the
//! lease or a command, so both are heard beside the walk.

use std::io::BufRead as _;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::exit::{Exit, Trouble, While as _};
use crate::out;

/// Lines that may wait to be read; a question takes the next one.
const WAITING_LINES: usize = 16;

/// What is typed, line by line.
#[derive(Default)]
pub(super) struct Typed {
    lines: Option<mpsc::Receiver<String>>,
}

impl Typed {
    /// Asks; what was typed before the question is no answer to it.
    pub(super) fn ask(&mut self, question: &str) {
        let lines = self.lines.get_or_insert_with(typed);
        while lines.try_recv().is_ok() {}
        out::prompt(question);
    }

    /// The next line; none where nobody will type one any more.
    pub(super) async fn line(&mut self) -> Option<String> {
        self.lines.get_or_insert_with(typed).recv().await
    }
}

fn typed() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(WAITING_LINES);
    // A thread of its own: a read that nobody answers ends with the process.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line.trim().to_owned()).is_err() {
                return;
            }
        }
    });
    lines
}

/// The wish to stop: once to leave after the present command, once more to kill it.
pub(super) struct Stop {
    pressed: watch::Receiver<Pressed>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pressed {
    times: u32,
    exit: Option<Exit>,
}

impl Stop {
    /// Listens to Ctrl-C, and to being ended or left alone by the terminal.
    pub(super) fn listen() -> Result<Stop, Trouble> {
        let open = |kind| signal(kind).while_doing("listen to signals");
        let (interrupt, end, alone) =
            (open(SignalKind::interrupt())?, open(SignalKind::terminate())?, open(SignalKind::hangup())?);
        let (tell, pressed) = watch::channel(Pressed::default());
        tokio::spawn(hear(interrupt, end, alone, tell));
        Ok(Stop { pressed })
    }

    /// A wish to stop, and the way to press it.
    #[cfg(test)]
    pub(super) fn of_test() -> (Stop, impl Fn()) {
        let (tell, pressed) = watch::channel(Pressed::default());
        let press = move || {
            tell.send_modify(|pressed| {
                pressed.times += 1;
                pressed.exit.get_or_insert(Exit::Interrupted);
            });
        };
        (Stop { pressed }, press)
    }

    /// The exit that it means, once somebody wished it.
    pub(super) fn wished(&self) -> Option<Exit> {
        self.pressed.borrow().exit
    }

    /// Waits until it was wished so often.
    pub(super) async fn until(&self, times: u32) {
        let mut pressed = self.pressed.clone();
        if pressed.wait_for(|pressed| pressed.times >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn hear(mut interrupt: Signal, mut end: Signal, mut alone: Signal, tell: watch::Sender<Pressed>) {
    loop {
        let (heard, exit) = tokio::select! {
            heard = interrupt.recv() => (heard, Exit::Interrupted),
            heard = end.recv() => (heard, Exit::Terminated),
            heard = alone.recv() => (heard, Exit::Terminated),
        };
        if heard.is_none() {
            return;
        }
        tell.send_modify(|pressed| {
            pressed.times += 1;
            pressed.exit.get_or_insert(exit);
        });
    }
}
