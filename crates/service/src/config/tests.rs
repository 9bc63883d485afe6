//! Settings that are right, left out, and wrong.

use super::*;

fn env(settings: &[(&str, &str)]) -> Environment {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const SECRETS: [(&str, &str); 3] =
    [(KEYS, "/etc/valinta/keys.json"), (ISSUER, "https://id.example"), (AUDIENCE, "valinta")];

fn named(mistakes: &ConfigError) -> Vec<&str> {
    mistakes.mistakes.iter().filter_map(|m| m.split([' ', ':']).next()).collect()
}

#[test]
fn nothing_set_is_the_demo_on_a_sqlite_file_with_its_keys_beside_it() {
    let config = Config::from_env(&env(&[]), DemoWish::Unsaid).unwrap();
    assert!(config.demo);
    assert_eq!(config.database, DatabaseUrl::Sqlite("valinta.db".into()));
    assert_eq!(config.keys, KeysAt::DemoFile("valinta.keys.json".into()));
    assert_eq!(config.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!((config.issuer.as_str(), config.audience.as_str()), (DEMO_ISSUER, DEMO_AUDIENCE));
    let elsewhere = Config::from_env(&env(&[(DATABASE_URL, "sqlite:///var/x/y.db")]), DemoWish::Unsaid).unwrap();
    assert_eq!(elsewhere.keys, KeysAt::DemoFile("/var/x/y.keys.json".into()));
}

#[test]
fn without_the_demo_every_secret_must_be_set() {
    let refused = Config::from_env(&env(&[]), DemoWish::No).unwrap_err();
    assert_eq!(named(&refused), [KEYS, ISSUER, AUDIENCE]);
    let config = Config::from_env(&env(&SECRETS), DemoWish::No).unwrap();
    assert!(!config.demo);
    assert_eq!(config.keys, KeysAt::File("/etc/valinta/keys.json".into()));
}

#[test]
fn postgres_has_no_demo_unless_asked_and_no_default_secrets() {
    let postgres = (DATABASE_URL, "postgres://localhost/valinta");
    let refused = Config::from_env(&env(&[postgres]), DemoWish::Unsaid).unwrap_err();
    assert_eq!(named(&refused), [KEYS, ISSUER, AUDIENCE]);
    let refused = Config::from_env(&env(&[postgres]), DemoWish::Yes).unwrap_err();
    assert_eq!(named(&refused), [KEYS]);
    let mut all = SECRETS.to_vec();
    all.push(postgres);
    assert!(!Config::from_env(&env(&all), DemoWish::Unsaid).unwrap().demo);
    assert!(Config::from_env(&env(&all), DemoWish::Yes).unwrap().demo);
}

#[test]
fn all_mistakes_are_told_together_and_no_value_is_repeated() {
    let refused = Config::from_env(
        &env(&[
            (DATABASE_URL, "mysql://root:secret@h/d"),
            (LISTEN, "8080"),
            (LOG, "valinta=loud"),
            (LOG_FORMAT, "xml"),
            (ISSUER, "valinta"),
            (AUDIENCE, "two words"),
            ("VALINTA_LISTEM", "127.0.0.1:1"),
        ]),
        DemoWish::Unsaid,
    )
    .unwrap_err();
    assert_eq!(named(&refused), ["VALINTA_LISTEM", DATABASE_URL, LISTEN, LOG, LOG_FORMAT, ISSUER, AUDIENCE]);
    assert!(!refused.to_string().contains("secret"));
}

#[test]
fn files_are_kept_beside_the_sqlite_file_and_on_postgres_nowhere_unless_said() {
    let files = |settings: &[(&str, &str)]| Config::from_env(&env(settings), DemoWish::Yes).unwrap().files;
    assert_eq!(files(&[]), Some(FilesAt::Folder("valinta-files".into())));
    let elsewhere = [(DATABASE_URL, "sqlite:///var/x/y.db")];
    assert_eq!(files(&elsewhere), Some(FilesAt::Folder("/var/x/y-files".into())));
    let postgres = [(DATABASE_URL, "postgres://localhost/valinta"), (KEYS, "/etc/keys.json")];
    assert_eq!(files(&postgres), None);
    assert_eq!(files(&[(FILES, "/srv/files")]), Some(FilesAt::Folder("/srv/files".into())));
}

const S3: [(&str, &str); 4] = [
    (FILES, "s3://county-files/valinta/attachments/"),
    (S3_ENDPOINT, "https://s3.example"),
    (S3_ACCESS_KEY, "AKEXAMPLE"),
    (S3_SECRET_KEY, "secret-example"),
];

#[test]
fn a_store_that_speaks_s3_is_named_with_its_key() {
    let config = Config::from_env(&env(&S3), DemoWish::Yes).unwrap();
    let Some(FilesAt::S3(settings)) = &config.files else { panic!("{:?}", config.files) };
    assert_eq!((settings.bucket.as_str(), settings.prefix.as_str()), ("county-files", "valinta/attachments"));
    assert_eq!(settings.region, S3_REGION_DEFAULT);
    assert!(!format!("{config:?}").contains("secret-example"), "settings are logged without their secrets");
}

#[test]
fn what_is_wrong_with_the_place_for_files_is_told_together() {
    let told = |settings: &[(&str, &str)]| Config::from_env(&env(settings), DemoWish::Yes).unwrap_err();
    let refused = told(&[(FILES, "s3://../x"), (S3_ENDPOINT, "s3.example"), (S3_SECRET_KEY, "sec ret")]);
    assert_eq!(named(&refused), [FILES, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY]);
    assert!(!refused.to_string().contains("sec ret"));
    assert_eq!(named(&told(&S3[1..])), [S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY]);
    assert_eq!(named(&told(&[(FILES, "https://files.example/x")])), [FILES]);
    assert_eq!(named(&told(&[(FILES, "s3://county-files/a/../b"), S3[1], S3[2], S3[3]])), [FILES]);
}

#[test]
fn what_leaves_the_house_waits_unless_a_folder_is_named() {
    let outgoing = |settings: &[(&str, &str)]| Config::from_env(&env(settings), DemoWish::Yes).map(|c| c.outgoing);
    assert_eq!(outgoing(&[]).unwrap(), None);
    assert_eq!(outgoing(&[(OUTGOING, "/srv/outgoing")]).unwrap(), Some("/srv/outgoing".into()));
    assert_eq!(named(&outgoing(&[(OUTGOING, "sftp://bank.example/in")]).unwrap_err()), [OUTGOING]);
}

#[test]
fn a_variable_set_to_nothing_is_not_set_and_port_0_is_allowed() {
    let config = Config::from_env(&env(&[(KEYS, " "), (LISTEN, "127.0.0.1:0")]), DemoWish::Unsaid).unwrap();
    assert_eq!(config.keys, KeysAt::DemoFile("valinta.keys.json".into()));
    assert_eq!(config.listen.port(), 0);
}

#[test]
fn networks_of_webhooks_are_named_as_such() {
    let wished = |stated: &str, wish| {
        let required = [(KEYS, "/etc/valinta.json"), (ISSUER, "https://id.example"), (AUDIENCE, "valinta")];
        let all: Vec<_> = required.into_iter().chain([(WEBHOOK_NETWORKS, stated)]).collect();
        let networks = Config::from_env(&env(&all), wish).map(|config| config.webhook_networks);
        networks.map(|networks| (networks.of_organisers.len(), networks.of_providers.len()))
    };
    let networks = |stated: &str| wished(stated, DemoWish::No);
    assert_eq!(networks("").unwrap(), (0, 0));
    assert_eq!(wished("", DemoWish::Yes).unwrap(), (2, 2), "a trial calls the machine that it runs on");
    assert_eq!(wished("10.20.0.0/16", DemoWish::Yes).unwrap(), (1, 2));
    assert_eq!(networks("10.20.0.0/16, fd12::/16").unwrap(), (2, 0), "the house's own networks are not for providers");
    for bad in ["10.20.0.0", "10.20.0.0/33", "inside.example", "10.20.0.0/16,"] {
        assert_eq!(named(&networks(bad).unwrap_err()), [WEBHOOK_NETWORKS], "{bad}");
    }
}

#[test]
fn openid_providers_are_named_by_addresses_that_can_be_trusted_each_once() {
    let issuers = |stated: &str| {
        Config::from_env(&env(&[(OPENID_ISSUERS, stated)]), DemoWish::Yes).map(|config| config.openid_issuers)
    };
    assert_eq!(issuers(" ").unwrap(), [""; 0]);
    let two = "https://id.example/realms/county, http://127.0.0.1:8081";
    assert_eq!(issuers(two).unwrap(), ["https://id.example/realms/county", "http://127.0.0.1:8081"]);
    for bad in [
        "http://id.example",
        "http://127.0.0.1.example",
        "http://localhost@id.example",
        "https://",
        "https://id.example?x",
        "https://id.example,",
        "https://id.example,https://id.example",
        DEMO_ISSUER,
    ] {
        assert_eq!(named(&issuers(bad).unwrap_err())[0], OPENID_ISSUERS, "{bad}");
    }
}
