-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be) SELECT count(*) FROM machine_clients;
DROP TABLE nothing_is_lost;

DROP TABLE used_assertions;
DROP TABLE machine_credentials;
DROP TABLE machine_clients;
