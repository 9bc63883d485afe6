-- What the table did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be) SELECT count(*) FROM acts_on_behalf WHERE mandate_issuer IS NOT NULL;
DROP TABLE nothing_is_lost;

ALTER TABLE acts_on_behalf DROP CONSTRAINT acts_on_behalf_whole_mandate;
ALTER TABLE acts_on_behalf DROP CONSTRAINT acts_on_behalf_one_mandate;
ALTER TABLE acts_on_behalf DROP CONSTRAINT acts_on_behalf_has_mandate;
ALTER TABLE acts_on_behalf
    ADD CONSTRAINT acts_on_behalf_check CHECK ((maker = 'representative') = (mandate_id IS NOT NULL));
ALTER TABLE acts_on_behalf DROP COLUMN representative_id;
ALTER TABLE acts_on_behalf DROP COLUMN mandate_ends_at;
ALTER TABLE acts_on_behalf DROP COLUMN mandate_scope;
ALTER TABLE acts_on_behalf DROP COLUMN mandate_issuer;
