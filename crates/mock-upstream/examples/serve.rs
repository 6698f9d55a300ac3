//! An upstream on a port of its own, with which every key is good, until it is ended. It prints its address.

#![expect(clippy::print_stdout, reason = "whoever starts it reads the address there")]

use rotator_mock_upstream::MockUpstream;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let upstream = MockUpstream::start().await?;
    println!("listens on {}", upstream.base_url());
    std::future::pending().await
}
