-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be) SELECT (SELECT count(*) FROM issue_references) + (SELECT count(*) FROM voucher_batches);
DROP TABLE nothing_is_lost;

DROP TABLE voucher_batch_rows;
DROP TABLE voucher_batch_requests;
DROP TABLE voucher_batches;
DROP TABLE issue_references;
