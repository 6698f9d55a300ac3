//! `healthcheck`: asks the running server, so that a container needs no other program for it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::Config;
use crate::error::AppError;

const LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn run(config: &Config) -> Result<(), AppError> {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
    }
    let asked = tokio::time::timeout(LIMIT, ask(address)).await;
    let failed = |source: String| AppError::failed(format!("no healthy server at {address}"), source);
    match asked {
        Ok(Ok(status)) if status.contains(" 200 ") => Ok(()),
        Ok(Ok(status)) => Err(failed(status)),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("no answer in 5 s".to_owned())),
    }
}

/// The status line of `/healthz`.
async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
