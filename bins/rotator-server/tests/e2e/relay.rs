//! A way to a server that can be closed and opened again, on one port.

use std::net::Ipv4Addr;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// Passes connections on while it is open; while it is closed nobody listens.
pub(crate) struct Relay {
    port: u16,
    target: Url,
    open: Option<JoinHandle<()>>,
}

// === impl Relay ===

impl Relay {
    /// A way to the server of this URL, closed as yet.
    pub(crate) async fn to(url: &str) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { port: free.local_addr().unwrap().port(), target: Url::parse(url).unwrap(), open: None }
    }

    /// The URL that leads through it.
    pub(crate) fn url(&self) -> String {
        let mut url = self.target.clone();
        url.set_port(Some(self.port)).unwrap();
        url.into()
    }

    pub(crate) async fn open(&mut self) {
        let target = self.target.port().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        self.open = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                connections.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                        // However it ends, both ends see it.
                        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        }));
    }

    /// Ends every connection.
    pub(crate) async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            drop(open.await);
        }
    }
}
