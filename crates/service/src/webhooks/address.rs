//! Addresses that may be called: by https on the public network, and otherwise in networks that the installation names.

use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;
use ureq::http::Uri;
use valinta_domain::webhook::{URL_CHARS_MAX, may_be_called};

/// Why an address is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AddressError {
    /// It is none.
    #[error("must be https:// and a host, without a user or a fragment, of at most {URL_CHARS_MAX} characters")]
    NotOne,
    /// It is called in the open.
    #[error("must begin with https://: plain http is for the networks of VALINTA_WEBHOOK_NETWORKS alone")]
    Plain,
    /// It is in a network that is not called.
    #[error("is not an address of the public network")]
    NotPublic,
}

/// An address as it was written, if it may be called as far as that can be seen. A name is looked up with each call.
pub(super) fn checked(text: &str, networks: &[IpNet]) -> Result<String, AddressError> {
    if text.chars().count() > URL_CHARS_MAX || text.contains('#') || !text.is_ascii() {
        return Err(AddressError::NotOne);
    }
    let uri: Uri = text.parse().map_err(|_| AddressError::NotOne)?;
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(AddressError::NotOne)?;
    let host = authority.host();
    if host.is_empty() {
        return Err(AddressError::NotOne);
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if !networks.is_empty() => {}
        Some("http") => return Err(AddressError::Plain),
        _ => return Err(AddressError::NotOne),
    }
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        may_call(&uri, address, networks)?;
    }
    Ok(text.to_owned())
}

/// Goes on if an address that was looked up may be called so.
pub(super) fn may_call(uri: &Uri, address: IpAddr, networks: &[IpNet]) -> Result<(), AddressError> {
    let own = networks.iter().any(|network| network.contains(&address));
    match uri.scheme_str() {
        Some("https") if may_be_called(address, networks) => Ok(()),
        _ if own => Ok(()),
        Some("http") => Err(AddressError::Plain),
        _ => Err(AddressError::NotPublic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_is_public_and_https_or_in_a_network_that_is_named() {
        let own: Vec<IpNet> = vec!["10.20.0.0/16".parse().unwrap()];
        for url in [
            "https://county.example/hear",
            "https://county.example:8443/hear?x=1",
            "https://1.1.1.1/",
            "https://[2a00:1450::1]/",
        ] {
            assert_eq!(checked(url, &[]).as_deref(), Ok(url));
        }
        assert!(checked("http://10.20.1.1:8080/hear", &own).is_ok());
        assert!(checked("http://inside.example/hear", &own).is_ok(), "it is looked up with each call");
        for (url, why) in [
            ("", AddressError::NotOne),
            ("county.example", AddressError::NotOne),
            ("ftp://county.example/", AddressError::NotOne),
            ("https://", AddressError::NotOne),
            ("https://user:secret@county.example/", AddressError::NotOne),
            ("https://county.example/#x", AddressError::NotOne),
            ("https://cöunty.example/", AddressError::NotOne),
            ("http://county.example/", AddressError::Plain),
            ("https://127.0.0.1/", AddressError::NotPublic),
            ("https://169.254.169.254/latest", AddressError::NotPublic),
            ("https://[::1]/", AddressError::NotPublic),
            ("https://[::ffff:10.0.0.1]/", AddressError::NotPublic),
            ("https://10.20.1.1/", AddressError::NotPublic),
        ] {
            assert_eq!(checked(url, &[]), Err(why), "{url}");
        }
        assert_eq!(checked("http://10.21.1.1/", &own), Err(AddressError::Plain));
        assert_eq!(checked(&format!("https://a.example/{}", "x".repeat(1_000)), &[]), Err(AddressError::NotOne));
    }
}
