//! A cable between the hub and a server, which can be pulled.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::patience::background;

/// What becomes of the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cable {
    /// They work.
    Plugged,
    /// They close, and new ones are closed at once.
    Pulled,
    /// They stay, and nothing passes until the next change, which closes them.
    Silent,
}

/// A forwarder to `to`. Gives its address and the handle that switches it.
pub async fn lay(to: SocketAddr) -> (SocketAddr, watch::Sender<Cable>) {
    let switch = watch::Sender::new(Cable::Plugged);
    let listener = background().spawn(async { TcpListener::bind("127.0.0.1:0").await.unwrap() }).await.unwrap();
    let address = listener.local_addr().unwrap();
    let state = switch.subscribe();
    background().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(forward(stream, to, state.clone()));
        }
    });
    (address, switch)
}

async fn forward(mut near: TcpStream, to: SocketAddr, mut state: watch::Receiver<Cable>) {
    let Ok(mut far) = TcpStream::connect(to).await else { return };
    loop {
        let now = *state.borrow_and_update();
        match now {
            Cable::Pulled => return,
            Cable::Silent => {
                // What was on its way is lost, so the connection cannot go on afterwards.
                let _ = state.changed().await;
                return;
            }
            Cable::Plugged => tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => return,
                changed = state.changed() => if changed.is_err() { return },
            },
        }
    }
}
