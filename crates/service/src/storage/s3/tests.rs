//! The S3 store against a small server in this process: it keeps bytes and looks whether calls are signed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;

const SECRET: &str = "a-secret-that-nobody-repeats";

/// What the server keeps, by path.
type Kept = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Serves until the test ends. A bucket `gone` is not there.
fn serve() -> (String, Kept) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let kept = Kept::default();
    let shared = Arc::clone(&kept);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = Arc::clone(&shared);
            thread::spawn(move || answer(stream, &kept));
        }
    });
    (address, kept)
}

fn answer(mut stream: TcpStream, kept: &Kept) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    reader.read_line(&mut head).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (method, target) = (head.split(' ').next().unwrap(), head.split(' ').nth(1).unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let signed = query.contains("X-Amz-Algorithm=AWS4-HMAC-SHA256")
        && query.split("X-Amz-Signature=").nth(1).is_some_and(|rest| rest.len() >= 64)
        && query.contains("X-Amz-Credential=access%2F");
    let mut kept = kept.lock().unwrap();
    let (status, body) = match method {
        _ if !signed => ("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>".to_vec()),
        _ if path.starts_with("/gone/") => ("404 Not Found", b"<Error><Code>NoSuchBucket</Code></Error>".to_vec()),
        "PUT" => {
            kept.insert(path.to_owned(), body);
            ("200 OK", Vec::new())
        }
        "DELETE" => {
            kept.remove(path);
            ("204 No Content", Vec::new())
        }
        _ => match kept.get(path) {
            Some(bytes) => ("200 OK", bytes.clone()),
            None => ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        },
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
}

fn store(endpoint: &str, bucket: &str, prefix: &str) -> S3 {
    let settings = S3Settings {
        endpoint: endpoint.into(),
        region: "eu-north-1".into(),
        bucket: bucket.into(),
        prefix: prefix.into(),
        access_key: "access".into(),
        secret_key: SECRET.into(),
    };
    assert!(!format!("{settings:?}").contains(SECRET));
    S3::new(&settings).unwrap()
}

#[test]
fn bytes_are_stored_under_the_prefix_and_calls_are_signed() {
    let (endpoint, kept) = serve();
    let store = store(&endpoint, "files", "valinta/attachments");
    assert!(store.get("a-1").unwrap().is_none());
    store.put("a-1", &[0, 255, 7]).unwrap();
    assert_eq!(kept.lock().unwrap().keys().collect::<Vec<_>>(), ["/files/valinta/attachments/a-1"]);
    assert_eq!(store.get("a-1").unwrap(), Some(vec![0, 255, 7]));
    store.delete("a-1").unwrap();
    assert!(store.get("a-1").unwrap().is_none());
    assert!(matches!(store.put("../a", b""), Err(StorageError::Key)));
}

#[test]
fn a_bucket_that_is_not_there_is_an_error_and_not_an_absent_file() {
    let (endpoint, _) = serve();
    let store = store(&endpoint, "gone", "");
    for told in [store.get("a").unwrap_err().to_string(), store.put("a", b"x").unwrap_err().to_string()] {
        assert!(told.contains("404 NoSuchBucket"), "{told}");
    }
}

#[test]
fn a_store_that_is_away_is_told_without_secrets() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let store = store(&format!("http://127.0.0.1:{port}"), "files", "");
    let told = store.put("a", b"x").unwrap_err().to_string();
    assert!(told.starts_with("an object could not be stored: "), "{told}");
    assert!(!told.contains(SECRET) && !told.contains("Signature"), "{told}");
}

#[test]
fn an_endpoint_that_is_no_address_is_refused() {
    let settings = S3Settings {
        endpoint: "no address".into(),
        region: "r".into(),
        bucket: "b".into(),
        prefix: String::new(),
        access_key: "a".into(),
        secret_key: SECRET.into(),
    };
    assert!(matches!(S3::new(&settings), Err(StorageError::Settings(_))));
}
