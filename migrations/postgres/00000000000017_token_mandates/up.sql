-- What a representative has done by a mandate that is nowhere recorded: the token carried it, and what it said is kept. The
-- representative is whom the token named, and need not be known here.

ALTER TABLE acts_on_behalf
    ADD COLUMN mandate_issuer text CHECK (length(mandate_issuer) BETWEEN 1 AND 2048);
ALTER TABLE acts_on_behalf
    ADD COLUMN mandate_scope text CHECK (mandate_scope IN ('vouchers', 'vouchers_read'));
ALTER TABLE acts_on_behalf
    ADD COLUMN mandate_ends_at timestamptz
    CONSTRAINT acts_on_behalf_mandate_holds CHECK (mandate_ends_at > recorded_at);
ALTER TABLE acts_on_behalf
    ADD COLUMN representative_id uuid
    CONSTRAINT acts_on_behalf_not_for_oneself CHECK (representative_id <> person_id);

-- The first of the table's checks, which the database has named: a representative has a mandate that is recorded.
ALTER TABLE acts_on_behalf DROP CONSTRAINT acts_on_behalf_check;
ALTER TABLE acts_on_behalf
    ADD CONSTRAINT acts_on_behalf_has_mandate
    CHECK ((maker = 'representative') = (mandate_id IS NOT NULL OR mandate_issuer IS NOT NULL));
ALTER TABLE acts_on_behalf
    ADD CONSTRAINT acts_on_behalf_one_mandate CHECK (mandate_issuer IS NULL OR mandate_id IS NULL);
ALTER TABLE acts_on_behalf
    ADD CONSTRAINT acts_on_behalf_whole_mandate CHECK (
        (mandate_issuer IS NULL) = (mandate_scope IS NULL)
        AND (mandate_issuer IS NULL) = (mandate_ends_at IS NULL)
        AND (mandate_issuer IS NOT NULL OR representative_id IS NULL)
    );
