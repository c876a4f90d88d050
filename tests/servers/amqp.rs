//! A consumer that takes messages and does not acknowledge them until it is told to: what AMQP 0.9.1 needs
//! for that, and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const CONNECTION: u16 = 10;
const CHANNEL: u16 = 20;
const BASIC: u16 = 60;
const METHOD: u8 = 1;
const END: u8 = 0xCE;

/// One connection with one channel that consumes one queue.
pub(crate) struct Consumer {
    stream: TcpStream,
}

/// The arguments of a method.
#[derive(Default)]
struct Arguments(Vec<u8>);

impl Arguments {
    fn octet(mut self, value: u8) -> Arguments {
        self.0.push(value);
        self
    }

    fn short(mut self, value: u16) -> Arguments {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn long(mut self, value: u32) -> Arguments {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn long_long(mut self, value: u64) -> Arguments {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn text(mut self, value: &str) -> Arguments {
        self.0.push(u8::try_from(value.len()).unwrap());
        self.0.extend(value.as_bytes());
        self
    }

    fn long_text(self, value: &str) -> Arguments {
        let mut with_length = self.long(u32::try_from(value.len()).unwrap());
        with_length.0.extend(value.as_bytes());
        with_length
    }
}

impl Consumer {
    /// Connects and consumes, with at most `prefetch` messages not acknowledged.
    pub(crate) fn start(port: u16, user: (&str, &str), queue: &str, prefetch: u16) -> Consumer {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(b"AMQP\0\0\x09\x01").unwrap();
        let mut consumer = Consumer { stream };
        let nothing = Arguments::default;
        consumer.expect(CONNECTION, 10);
        let plain = format!("\0{}\0{}", user.0, user.1);
        let start_ok = nothing().long(0).text("PLAIN").long_text(&plain).text("en_US");
        consumer.say(0, CONNECTION, 11, start_ok);
        consumer.expect(CONNECTION, 30);
        // One channel, frames of the usual size, no heartbeats.
        consumer.say(0, CONNECTION, 31, nothing().short(1).long(131_072).short(0));
        consumer.say(0, CONNECTION, 40, nothing().text("/").text("").octet(0));
        consumer.expect(CONNECTION, 41);
        consumer.say(1, CHANNEL, 10, nothing().text(""));
        consumer.expect(CHANNEL, 11);
        consumer.say(1, BASIC, 10, nothing().long(0).short(prefetch).octet(0));
        consumer.expect(BASIC, 11);
        // No flags: what is delivered must be acknowledged.
        consumer.say(1, BASIC, 20, nothing().short(0).text(queue).text("slow").octet(0).long(0));
        consumer.expect(BASIC, 21);
        consumer
    }

    /// Waits for the next message; gives its number.
    pub(crate) fn take(&mut self) -> u64 {
        let delivery = self.expect(BASIC, 60);
        // The consumer's tag, then the number.
        let tag = 1 + usize::from(delivery[0]);
        u64::from_be_bytes(delivery[tag..tag + 8].try_into().unwrap())
    }

    /// Acknowledges one message.
    pub(crate) fn ack(&mut self, number: u64) {
        self.say(1, BASIC, 80, Arguments::default().long_long(number).octet(0));
    }

    /// Refuses one message for good: it goes where dead letters go.
    pub(crate) fn refuse(&mut self, number: u64) {
        self.say(1, BASIC, 90, Arguments::default().long_long(number).octet(0));
    }

    fn say(&mut self, channel: u16, class: u16, method: u16, arguments: Arguments) {
        let payload = Arguments::default().short(class).short(method).0;
        let size = u32::try_from(payload.len() + arguments.0.len()).unwrap();
        let mut frame = Arguments::default().octet(METHOD).short(channel).long(size).0;
        frame.extend(payload);
        frame.extend(arguments.0);
        frame.push(END);
        self.stream.write_all(&frame).unwrap();
    }

    /// Reads until that method comes; gives its arguments. Contents of messages are passed over.
    fn expect(&mut self, class: u16, method: u16) -> Vec<u8> {
        loop {
            let mut head = [0; 7];
            self.stream.read_exact(&mut head).unwrap();
            let size = u32::from_be_bytes(head[3..7].try_into().unwrap());
            let mut payload = vec![0; usize::try_from(size).unwrap() + 1];
            self.stream.read_exact(&mut payload).unwrap();
            assert_eq!(payload.pop(), Some(END), "a frame has no end");
            if head[0] != METHOD {
                continue;
            }
            let word = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
            if (word(0), word(2)) == (class, method) {
                return payload.split_off(4);
            }
            // Closed by the broker: the reason is in there.
            assert_ne!(word(2), 50, "{}", String::from_utf8_lossy(&payload));
        }
    }
}
