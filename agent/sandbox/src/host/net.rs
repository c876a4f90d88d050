//! From a granted name to a connection: resolved once, judged, and connected to what was judged.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::CallError;
use crate::confine;
use crate::grants::address;
use crate::grants::network::Network;

pub(crate) mod alias;
mod dns;

/// Addresses of one name that are looked at.
const MAX_ADDRESSES: usize = 64;

/// What a name turned out to be; nothing where the host was an address already.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// All its addresses, not only the one that is called.
    pub(crate) addresses: Vec<IpAddr>,
}

/// Finds the address of a host and judges it, also when the host is an address itself.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    granted: &[Network],
    deadline: Instant,
) -> Result<SocketAddr, CallError> {
    Ok(resolve_all(host, port, granted, deadline).await?.0)
}

/// The same, with everything that the name turned out to be.
pub(crate) async fn resolve_all(
    host: &str,
    port: u16,
    granted: &[Network],
    deadline: Instant,
) -> Result<(SocketAddr, Resolved), CallError> {
    resolve_by(|| look_up(host, port, deadline), host, port, granted).await
}

/// The same with somebody to ask for a name, who is asked once.
async fn resolve_by<F: Future<Output = Result<Vec<SocketAddr>, CallError>>>(
    ask: impl FnOnce() -> F,
    host: &str,
    port: u16,
    granted: &[Network],
) -> Result<(SocketAddr, Resolved), CallError> {
    let (addresses, resolved) = match host.parse::<IpAddr>() {
        Ok(literal) => (vec![SocketAddr::new(literal, port)], Resolved::default()),
        Err(_) => {
            let found = ask().await?;
            let resolved = Resolved { addresses: found.iter().map(SocketAddr::ip).collect() };
            (found, resolved)
        }
    };
    if addresses.len() > MAX_ADDRESSES {
        return Err(CallError::Denied(format!("{host} has more than {MAX_ADDRESSES} addresses")));
    }
    let chosen = address::choose(&addresses, granted);
    Ok((chosen.map_err(|why| CallError::Denied(format!("{host}: {why}")))?, resolved))
}

async fn look_up(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, CallError> {
    let found = timeout_at(deadline, lookup_host((host, port))).await;
    if let Some(file) = confine::replaced() {
        // Looked up without it, the name may be another machine: whatever was found is worth nothing.
        confine::end_for(file);
    }
    match found {
        Ok(Ok(addresses)) => Ok(addresses.take(MAX_ADDRESSES + 1).collect()),
        Ok(Err(error)) => Err(CallError::Dns(format!("{host}: {error}"))),
        Err(_) => Err(CallError::Dns(format!("{host}: no answer from the resolver in time"))),
    }
}

/// Connects to a judged address.
pub(crate) async fn dial(address: SocketAddr, deadline: Instant) -> Result<(TcpStream, Duration), CallError> {
    let begun = Instant::now();
    match timeout_at(deadline, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Small requests must not wait for more; a socket that cannot say so works all the same.
            let _ = stream.set_nodelay(true);
            Ok((stream, begun.elapsed()))
        }
        Ok(Err(error)) => Err(CallError::Connect(format!("{address}: {error}"))),
        Err(_) => Err(CallError::Timeout(format!("{address}: no connection in time"))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_judged_at_each_call_and_gains_nothing_in_between() {
        let shop = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = shop.local_addr().unwrap();
        let inside = SocketAddr::from(([127, 0, 0, 2], at.port()));
        let granted = ["127.0.0.1".parse::<Network>().unwrap()];
        let resolve = |told: Vec<SocketAddr>| {
            resolve_by(move || async move { Ok(told) }, "shop.example", at.port(), &granted)
        };
        let (judged, resolved) = resolve(vec![at]).await.unwrap();
        assert_eq!((judged, resolved.addresses), (at, vec![at.ip()]));
        for told in [vec![inside], vec![at, inside]] {
            let refused = resolve(told).await.map(|(address, _)| address);
            let why = "shop.example: 127.0.0.2 is a loopback address; `addresses` does not name it";
            assert_eq!(refused, Err(CallError::Denied(why.to_owned())));
        }
        // The name is somewhere else by now, and what was judged is what is called.
        let dialled = dial(judged, Instant::now() + Duration::from_secs(5)).await;
        assert_eq!(dialled.unwrap().0.peer_addr().unwrap(), at);
        assert!(shop.accept().await.is_ok());
    }
}
