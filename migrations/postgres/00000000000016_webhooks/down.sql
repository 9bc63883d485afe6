-- Whoever is told would not be told any more; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be) SELECT count(*) FROM webhooks;
DROP TABLE nothing_is_lost;

DROP TABLE webhook_calls;
DROP TABLE webhook_secrets;
DROP TABLE webhooks;
