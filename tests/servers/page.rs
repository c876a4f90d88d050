//! One page of the test's own over HTTP, whose words the test changes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A page under every path; it ends with the test's process.
pub(crate) struct Page {
    pub(crate) port: u16,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Page {
    /// Shows these words.
    pub(crate) fn start(words: &str) -> Page {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(Mutex::new((200, words.to_owned())));
        let shown = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (status, words) = shown.lock().unwrap().clone();
                // Whoever asks may be gone; that is its own affair.
                let _ = serve(stream, status, &words);
            }
        });
        Page { port, answer }
    }

    /// Shows other words from now on.
    pub(crate) fn say(&self, words: &str) {
        *self.answer.lock().unwrap() = (200, words.to_owned());
    }

    /// Answers with this status from now on.
    pub(crate) fn fail(&self, status: u16) {
        *self.answer.lock().unwrap() = (status, "not now".to_owned());
    }
}

fn serve(mut stream: TcpStream, status: u16, words: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut head = BufReader::new(stream.try_clone()?).lines();
    while head.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{words}",
        words.len()
    )
}
