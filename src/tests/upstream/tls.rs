//! TLS in front of a server of the tests, as real providers have it: HTTP/1.1 byte for byte, or HTTP/2.
//!
//! Who starts a hub here lets it trust the authority that has signed the certificate. Its files were made once with
//! openssl, for a hundred years, and the authority's own key was thrown away.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{hub::root, patience::background};

/// What a front speaks.
#[derive(Clone, Copy, Debug)]
pub enum Speaks {
    /// HTTP/1.1, or whatever stands behind it.
    Http1,
    /// HTTP/2, and so many requests on a connection at once.
    Http2(u32),
}

/// A server that speaks TLS and hands everything on.
#[derive(Clone)]
pub struct Front {
    pub address: SocketAddr,
    /// What each connection has agreed on.
    agreed: Arc<Mutex<Vec<String>>>,
    /// Connections before this one are dead: they stay, and nothing passes.
    n_dead: watch::Sender<usize>,
}

fn file(name: &str) -> PathBuf {
    root().join("src/tests/upstream/tls").join(name)
}

/// The certificate of the authority that the fronts' certificate is signed by.
pub fn authority() -> PathBuf {
    file("authority.pem")
}

/// The certificate of an authority that has signed none: the fronts' own.
pub fn another_authority() -> PathBuf {
    file("server.pem")
}

impl Front {
    /// In front of the server at `to`.
    pub async fn start(to: SocketAddr, speaks: Speaks) -> Self {
        let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        config.alpn_protocols = match speaks {
            Speaks::Http1 => vec![b"http/1.1".to_vec()],
            Speaks::Http2(_) => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = background().spawn(async { TcpListener::bind("127.0.0.1:0").await.unwrap() }).await.unwrap();
        let front =
            Self { address: listener.local_addr().unwrap(), agreed: Arc::default(), n_dead: watch::Sender::new(0) };
        let own = front.clone();
        background().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(acceptor.clone(), stream, to, speaks));
            }
        });
        front
    }

    /// What each connection so far has agreed on, oldest first.
    pub fn agreed(&self) -> Vec<String> {
        self.agreed.lock().unwrap().clone()
    }

    /// All connections of now are dead from now on. New ones are not.
    pub fn kill_lines(&self) {
        self.n_dead.send_replace(self.agreed().len());
    }

    async fn serve(self, acceptor: TlsAcceptor, stream: TcpStream, to: SocketAddr, speaks: Speaks) {
        stream.set_nodelay(true).unwrap();
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let agreed = stream.get_ref().1.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        let number = {
            let mut all = self.agreed.lock().unwrap();
            all.push(agreed.clone().unwrap_or_default());
            all.len()
        };
        let working = async {
            match (speaks, agreed.as_deref()) {
                (Speaks::Http2(n_max), Some("h2")) => serve_http2(stream, to, n_max).await,
                _ => serve_bytes(stream, to).await,
            }
        };
        tokio::pin!(working);
        let mut n_dead = self.n_dead.subscribe();
        let dead = async { drop(n_dead.wait_for(|n| *n >= number).await) };
        tokio::select! {
            () = &mut working => {}
            // It is not dropped: the connection stays open.
            () = dead => std::future::pending().await,
        }
    }
}

async fn serve_bytes(mut near: TlsStream<TcpStream>, to: SocketAddr) {
    let Ok(mut far) = TcpStream::connect(to).await else { return };
    far.set_nodelay(true).unwrap();
    let _ = copy_bidirectional(&mut near, &mut far).await;
}

async fn serve_http2(near: TlsStream<TcpStream>, to: SocketAddr, n_max: u32) {
    let service = service_fn(move |request| forward(request, to));
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.max_concurrent_streams(n_max).serve_connection(TokioIo::new(near), service).await;
}

type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Hands one request on, over a connection of its own.
async fn forward(request: Request<Incoming>, to: SocketAddr) -> Result<Response<Incoming>, Broken> {
    let (mut head, body) = request.into_parts();
    let body = Full::<Bytes>::new(body.collect().await?.to_bytes());
    if let Some(authority) = head.uri.authority() {
        head.headers.insert(header::HOST, authority.as_str().parse()?);
    }
    head.uri = head.uri.path_and_query().unwrap().clone().into();
    head.version = hyper::Version::HTTP_11;
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(Request::from_parts(head, body)).await?)
}
