//! The bytes below SMTP: TCP or TLS over it, and how much of a write may have left when it fails.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A write that failed.
#[derive(Debug)]
pub(super) struct Broken {
    /// So many bytes, from the first on, may have reached the other side. What lies behind has certainly not.
    pub may_have_left: usize,
    pub why: io::Error,
}

impl Stream {
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Our own end of the connection.
    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(tcp) => tcp.local_addr(),
            Self::Tls(tls) => tls.get_ref().0.local_addr(),
        }
    }

    /// Adds what has come to `bytes`; 0 is the end of the stream.
    pub(super) async fn read(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read_buf(bytes).await,
            Self::Tls(tls) => tls.read_buf(bytes).await,
        }
    }

    /// Writes everything; `patience` is for each block that the network takes.
    pub(super) async fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<(), Broken> {
        let mut taken = 0;
        while taken < bytes.len() {
            let rest = &bytes[taken..];
            let wrote = match self {
                Self::Plain(tcp) => timeout(patience, tcp.write(rest)).await,
                Self::Tls(tls) => timeout(patience, tls.write(rest)).await,
            };
            match wrote.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(0) => return Err(self.broken(taken, rest, io::ErrorKind::WriteZero.into())),
                Ok(count) => taken += count,
                Err(why) => return Err(self.broken(taken, rest, why)),
            }
        }
        if let Self::Tls(tls) = self {
            let flushed = timeout(patience, tls.flush()).await;
            let flushed = flushed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            flushed.map_err(|why| Broken { may_have_left: bytes.len(), why })?;
        }
        Ok(())
    }

    /// The kernel takes nothing of a write that it fails, but TLS has its own buffer: a failed write there may
    /// have sent some of what it was given.
    fn broken(&self, taken: usize, offered: &[u8], why: io::Error) -> Broken {
        let more = if self.is_plain() { 0 } else { offered.len() };
        Broken { may_have_left: taken + more, why }
    }

    /// Turns TCP into TLS; the caller has made sure that nothing read before survives.
    pub(super) async fn secured(self, settings: Arc<ClientConfig>, host: &str) -> anyhow::Result<Self> {
        let Self::Plain(tcp) = self else { panic!("TLS is begun once") };
        let name = ServerName::try_from(host.to_owned())?;
        let tls = TlsConnector::from(settings).connect(name, tcp).await?;
        Ok(Self::Tls(Box::new(tls)))
    }
}
