//! Whom requests may reach when their address comes from data.

use std::net::IpAddr;
use std::time::Duration;

use outbound::guard::{Barred, Guard, Network, is_public};
use outbound::{Outbound, OutboundError, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Loopback, private, link-local with the metadata of clouds, shared, reserved, documentation, multicast; and what carries
/// them: mapped and compatible addresses, NAT64, 6to4, Teredo; in decimal, octal and hex.
const INSIDE: &str = "
    127.0.0.1 127.255.255.254 127.1 0x7f.1 0x7f000001 2130706433 0177.0.0.1 017700000001 10.1.2.3
    10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 192.168.255.255 169.254.169.254 169.254.170.2
    169.254.0.1 0xa9fea9fe 2852039166 100.64.0.1 100.100.100.200 100.127.255.255 0.0.0.0 0 0.1.2.3 192.0.0.1
    192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255 [::1] [::] [::2] [::ffff:127.0.0.1] [::ffff:7f00:1]
    [::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:192.168.0.1] [::127.0.0.1] [fe80::1] [febf::1]
    [fec0::1] [fc00::1] [fd00:ec2::254] [fd12:3456::1] [ff02::1] [ff0e::1] [64:ff9b::7f00:1]
    [64:ff9b::a9fe:a9fe] [64:ff9b::a00:1] [64:ff9b:1::1] [100::1] [2002:7f00:1::] [2002:a9fe:a9fe::]
    [2001::1] [2001:0:4136:e378::1] [2001:2::1] [2001:10::1] [2001:20::1] [2001:db8::1] [3fff::1] [5f00::1]
";

#[test]
fn inner_addresses_are_barred_in_every_way_of_writing_them() {
    let guard = Guard::default();
    assert!(INSIDE.split_whitespace().count() >= 60);
    for host in INSIDE.split_whitespace() {
        let url = format!("https://{host}/latest/meta-data");
        assert_eq!(guard.check(&url), Err(Barred::Inside), "{url}");
    }
    for url in ["https://example.com/a", "https://93.184.216.34:8443/", "https://[2606:2800:220:1::1]/"] {
        assert_eq!(guard.check(url), Ok(()), "{url}");
    }
}

#[test]
fn forms_that_are_not_called() {
    let guard = Guard::default();
    assert_eq!(guard.check("http://example.com/"), Err(Barred::Plain));
    assert_eq!(guard.check("https://a:b@example.com/"), Err(Barred::Userinfo));
    assert_eq!(guard.check("https://example.com:22/"), Err(Barred::Port));
    assert_eq!(guard.check("ftp://example.com/"), Err(Barred::Form));
    assert_eq!(guard.check("example.com"), Err(Barred::Form));
    let development = Guard { plain_http: true, ..Guard::default() };
    assert_eq!(development.check("http://example.com/"), Ok(()));
    assert_eq!(development.check("http://127.0.0.1/"), Err(Barred::Inside));
}

#[test]
fn networks_of_ones_own_are_let_in() {
    let network = |text: &str| text.parse::<Network>();
    let guard = Guard { inside: vec![network("10.1.0.0/16").expect("a network")], ..Guard::default() };
    assert_eq!(guard.check("https://10.1.255.255:9000/"), Ok(()));
    assert_eq!(guard.check("https://10.2.0.0/"), Err(Barred::Inside));
    let all = network("0.0.0.0/0").expect("a network");
    assert!(all.contains(IpAddr::from([1, 2, 3, 4])) && !all.contains(IpAddr::from([0; 16])));
    assert!(network("fd00::/8").expect("a network").contains("fdff::1".parse().expect("an address")));
    for bad in ["10.0.0.0/33", "10.0.0/8", "x/8", "::/129", ""] {
        assert!(network(bad).is_err(), "{bad}");
    }
    assert!(is_public(IpAddr::from([8, 8, 8, 8])));
}

/// A server that answers every connection.
async fn answering() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    port
}

#[tokio::test]
async fn a_name_is_judged_by_the_address_that_would_be_connected_to() {
    let guarded = |guard| Outbound::guarded(Duration::from_secs(5), 16, guard).expect("a client");
    let error = guarded(Guard::default()).send(Request::get("https://localhost/")).await.expect_err("barred");
    assert!(matches!(error, OutboundError::Barred { why: Barred::Inside, .. }), "{error}");
    assert!(!error.may_have_arrived());
    let error = guarded(Guard::default()).send(Request::get("https://127.0.0.1/")).await.expect_err("barred");
    assert!(matches!(error, OutboundError::Barred { why: Barred::Inside, .. }), "{error}");
}

#[tokio::test]
async fn what_is_let_in_is_answered() {
    let inside = vec!["127.0.0.0/8".parse().expect("a network")];
    let guard = Guard { inside, plain_http: true };
    let client = Outbound::guarded(Duration::from_secs(5), 16, guard).expect("a client");
    let url = format!("http://127.0.0.1:{}/", answering().await);
    assert!(client.send(Request::get(url)).await.expect("answered").status.is_success());
}
