//! A body whose pieces end where its messages do.
//!
//! A connection cuts its bytes wherever it likes, and whoever puts them together again makes room for what may come
//! behind a message. A session that brought four megabytes once would keep them for as long as it lives: so a message's
//! length, which is told first, comes alone, and nothing of the next message comes with the end of one.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Frame, SizeHint};
use prost::bytes::{BufMut as _, Bytes, BytesMut};

/// A flag and the length of the message, as gRPC over HTTP/2 puts them in front of each.
const HEADER_BYTES: usize = 5;

/// The body, cut anew.
pub(super) struct Pieces<B> {
    inner: B,
    /// What has come and was not given on.
    rest: Bytes,
    /// What was given on of a header.
    header: BytesMut,
    /// How much of the message is to come.
    left: usize,
}

impl<B> Pieces<B> {
    pub(super) fn new(inner: B) -> Pieces<B> {
        Pieces { inner, rest: Bytes::new(), header: BytesMut::with_capacity(HEADER_BYTES), left: 0 }
    }

    fn next(&mut self) -> Bytes {
        if self.left > 0 {
            let piece = self.rest.split_to(self.left.min(self.rest.len()));
            self.left -= piece.len();
            return piece;
        }
        let piece = self.rest.split_to((HEADER_BYTES - self.header.len()).min(self.rest.len()));
        self.header.put(piece.as_ref());
        if let [_, length @ ..] = self.header.as_ref()
            && let Ok(length) = <[u8; 4]>::try_from(length)
        {
            self.left = u32::from_be_bytes(length) as usize;
            self.header.clear();
        }
        piece
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Pieces<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.next()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use super::*;

    struct Frames(VecDeque<Bytes>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
        }
    }

    fn message(length: usize) -> Vec<u8> {
        let mut message = vec![0];
        message.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        message.extend((0..length).map(|at| (at % 251) as u8));
        message
    }

    fn pieces(frames: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
        let mut body = Pieces::new(Frames(frames.into_iter().collect()));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let next = || match Pin::new(&mut body).poll_frame(&mut cx) {
            Poll::Ready(frame) => frame.map(|frame| frame.unwrap().into_data().unwrap()),
            Poll::Pending => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn however_it_was_cut_no_piece_holds_the_end_of_one_message_and_more() {
        let lengths = [0, 1, 300, 0, 4, 70_000, 5];
        let whole: Vec<u8> = lengths.into_iter().flat_map(message).collect();
        for size in [1, 2, 3, 5, 7, 100, 16_384, whole.len()] {
            let found = pieces(whole.chunks(size).map(Bytes::copy_from_slice));
            assert_eq!(found.concat(), whole, "nothing is lost or turned around, cut by {size}");
            let mut ends: Vec<usize> = Vec::new();
            let mut at = 0;
            for length in lengths {
                ends.extend([at + HEADER_BYTES, at + HEADER_BYTES + length]);
                at += HEADER_BYTES + length;
            }
            let mut at = 0;
            for piece in found {
                assert!(!piece.is_empty() && piece.len() <= size);
                let inside = |end: &&usize| (at + 1..at + piece.len()).contains(*end);
                assert_eq!(ends.iter().find(inside), None, "a piece from {at} on, cut by {size}");
                at += piece.len();
            }
        }
    }

    #[test]
    fn what_ends_in_the_middle_is_given_on_as_far_as_it_came() {
        let cut = Bytes::from(message(300)).slice(..100);
        assert_eq!(pieces([cut.clone()]).concat(), cut);
        assert_eq!(pieces([]), Vec::<Bytes>::new());
    }
}
