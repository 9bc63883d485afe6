//! `valinta demo`: the journey, at a running service or at one started for it on a throw-away database.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread;

use actix_web::rt::System;
use valinta_persistence::{DatabaseUrl, Db};

use super::CliError;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, DemoWish, environment};
use crate::demo::{load_if_empty, walk};
use crate::http::server::server;
use crate::keys::Keys;
use crate::storage::Folder;
use crate::tokens::Tokens;

/// Walks the journey.
pub(super) fn demo(url: Option<&str>) -> Result<(), CliError> {
    match url {
        Some(url) => {
            let config = Config::from_env(&environment(), DemoWish::Yes)?;
            let tokens = super::tokens(&config, &super::read_keys(&config)?)?;
            walk(url, &tokens).map_err(|failed| CliError::Refused(failed.to_string()))
        }
        None => on_a_throw_away_database(),
    }
}

fn on_a_throw_away_database() -> Result<(), CliError> {
    let folder = tempfile::tempdir().map_err(|source| CliError::File { path: std::env::temp_dir(), source })?;
    let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("demo.db")))?;
    db.migrate()?;
    let keys = Keys::generate();
    let tokens = Tokens::new("http://valinta.localhost", "valinta", &keys, None)
        .map_err(|error| CliError::Refused(error.to_string()))?;
    let app = App::new(db, tokens.clone(), Clock::system(), &keys).map_err(CliError::Refused)?;
    let app = app.with_files(Arc::new(Folder::new(folder.path().join("files"))));
    load_if_empty(&app).map_err(|error| CliError::Refused(error.to_string()))?;
    app.refresh_blocking().map_err(|error| CliError::Refused(error.to_string()))?;
    let (tell, told) = mpsc::channel();
    let serving = thread::spawn(move || {
        System::new().block_on(async move {
            let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let started = server(app, listen, Some(2));
            let (server, address) = match started {
                Ok(started) => started,
                Err(source) => {
                    let _ = tell.send(Err(CliError::Listen { listen, source }));
                    return Ok(());
                }
            };
            let _ = tell.send(Ok((server.handle(), address)));
            server.await
        })
    });
    let (handle, address) =
        told.recv().map_err(|_| CliError::Refused("the service ended before it began".to_owned()))??;
    let walked = walk(&format!("http://{address}"), &tokens);
    System::new().block_on(handle.stop(true));
    let served = serving.join();
    walked.map_err(|failed| CliError::Refused(failed.to_string()))?;
    match served {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(CliError::Server(error)),
        Err(_) => Err(CliError::Refused("the service ended in a panic".to_owned())),
    }
}
