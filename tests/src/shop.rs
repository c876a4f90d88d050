//! A tiny shop for the tests: a login with a form, a session and a logout, and faults to switch on.
//!
//! It runs in the test's own process, so that a test can look at what was asked of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Trace contexts that are remembered.
const TRACES: usize = 2_000;

/// A running shop; it ends with the test's process.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Its address, such as `http://127.0.0.1:4000`.
    pub url: String,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    sessions: Mutex<BTreeSet<String>>,
    next: AtomicU64,
    lose_sessions: AtomicBool,
    logouts: AtomicU64,
    down: AtomicBool,
    hang: AtomicBool,
    /// Whoever asked while it hung, so that nobody is hung up on.
    hung: Mutex<Vec<TcpStream>>,
    /// Pages of which every nth call fails, and how often each was asked for.
    failing: Mutex<BTreeMap<String, (u64, u64)>>,
    /// The newest trace contexts that it was asked with.
    traces: Mutex<VecDeque<String>>,
}

struct Ask {
    method: String,
    path: String,
    cookie: String,
    trace: String,
    body: String,
}

impl Shop {
    /// Starts a shop on a free loopback port.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start() -> Shop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let state = Arc::new(State::default());
        let shop = Shop { url, state: Arc::clone(&state) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || serve(stream, &state));
            }
        });
        shop
    }

    /// Logins go on working, but no session is honoured.
    pub fn lose_sessions(&self, lose: bool) {
        self.state.lose_sessions.store(lose, Ordering::SeqCst);
    }

    /// Everything answers 503.
    pub fn down(&self, down: bool) {
        self.state.down.store(down, Ordering::SeqCst);
    }

    /// Takes every connection and never answers.
    ///
    /// # Panics
    /// When a thread of the shop has panicked.
    pub fn hang(&self, hang: bool) {
        self.state.hang.store(hang, Ordering::SeqCst);
        if !hang {
            self.state.hung.lock().expect("no thread panics while it holds the streams").clear();
        }
    }

    /// Every `nth` call of the page fails, beginning with the nth; 1 is every call.
    ///
    /// # Panics
    /// When a thread of the shop has panicked.
    pub fn fail_every(&self, page: &str, nth: u64) {
        self.state
            .failing
            .lock()
            .expect("no thread panics while it holds the pages")
            .insert(page.to_owned(), (nth, 0));
    }

    /// The newest trace contexts (`traceparent`) that it was asked with.
    ///
    /// # Panics
    /// When a thread of the shop has panicked.
    pub fn traces(&self) -> Vec<String> {
        self.state
            .traces
            .lock()
            .expect("no thread panics while it holds the traces")
            .iter()
            .cloned()
            .collect()
    }

    /// How many people have signed out: one a run of the login check.
    pub fn logouts(&self) -> u64 {
        self.state.logouts.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, state: &State) {
    if let Some(ask) = read(&stream) {
        {
            let mut traces = state.traces.lock().expect("no thread panics while it holds the traces");
            traces.push_back(ask.trace.clone());
            if traces.len() > TRACES {
                traces.pop_front();
            }
        }
        if state.hang.load(Ordering::SeqCst) {
            state.hung.lock().expect("no thread panics while it holds the streams").push(stream);
            return;
        }
        let answer = answer(&ask, state);
        // The asker may be gone; that is its own affair.
        let _ = stream.write_all(answer.as_bytes());
    }
}

fn read(stream: &TcpStream) -> Option<Ask> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut cookie, mut trace) = (0, String::new(), String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "cookie" => cookie = value.trim().to_owned(),
            "traceparent" => trace = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Ask { method, path, cookie, trace, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The call is one that this page fails.
fn fails(page: &str, state: &State) -> bool {
    let mut failing = state.failing.lock().expect("no thread panics while it holds the pages");
    failing.get_mut(page).is_some_and(|(nth, asked)| {
        *asked += 1;
        asked.is_multiple_of(*nth)
    })
}

fn answer(ask: &Ask, state: &State) -> String {
    if state.down.load(Ordering::SeqCst) || fails(&ask.path, state) {
        return page("503 Service Unavailable", "", "not now");
    }
    let mut sessions = state.sessions.lock().expect("no test panics while it holds the sessions");
    let cookie = |name: &str| {
        (ask.cookie.split("; "))
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or("")
            .to_owned()
    };
    match (ask.method.as_str(), ask.path.as_str()) {
        ("GET", "/healthz") => page("200 OK", "", "ok"),
        ("GET", path) if path.starts_with("/page/") => page("200 OK", "", "a page"),
        // Out of every target, to where clouds keep their credentials.
        ("GET", "/away") => page("302 Found", "Location: http://169.254.169.254/latest/meta-data\r\n", ""),
        // A queue as RabbitMQ tells of it: everything that was put in was taken.
        ("GET", path) if path.starts_with("/api/queues/") => {
            let name = path.rsplit('/').next().unwrap_or_default();
            let queue = format!(
                "{{\"name\":\"{name}\",\"state\":\"running\",\"messages\":0,\"messages_ready\":0,\
                 \"messages_unacknowledged\":0,\"consumers\":1,\"message_stats\":{{\"publish\":7}}}}"
            );
            page("200 OK", "", &queue)
        }
        ("GET", "/api/products") => page("200 OK", "", "[{\"name\":\"tea\",\"stock\":3}]"),
        ("GET", "/login") => {
            let form = "<form method=post><input type=hidden name=\"csrf_token\" value=\"c-1\"></form>";
            page("200 OK", "Set-Cookie: anon=a-1\r\n", form)
        }
        ("POST", "/login") if !ask.body.contains("csrf_token=c-1") => page("403 Forbidden", "", "bad token"),
        ("POST", "/login") if ask.body.contains("password=right") => {
            let session = format!("s-{}", state.next.fetch_add(1, Ordering::SeqCst));
            sessions.insert(session.clone());
            page("303 See Other", &format!("Set-Cookie: session={session}\r\nLocation: /account\r\n"), "")
        }
        ("POST", "/login") => page("401 Unauthorized", "", "wrong password"),
        ("GET", "/account") if state.lose_sessions.load(Ordering::SeqCst) => {
            page("303 See Other", "Location: /login\r\n", "")
        }
        ("GET", "/account") if sessions.contains(&cookie("session")) => {
            page("200 OK", "", "Signed in as probe")
        }
        ("GET", "/account") => page("303 See Other", "Location: /login\r\n", ""),
        ("POST", "/logout") => {
            sessions.remove(&cookie("session"));
            state.logouts.fetch_add(1, Ordering::SeqCst);
            page("303 See Other", "Location: /\r\n", "")
        }
        _ => page("404 Not Found", "", "nothing here"),
    }
}

fn page(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
