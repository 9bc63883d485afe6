-- Indices of the rows in some states alone, by conditions that statements repeat as they stand: SQLite compares them term by
-- term, and for a list of more than two it would make a table of them at every row that is added.
DROP INDEX vouchers_by_end;
CREATE INDEX vouchers_by_end ON vouchers (voucher_type_id ASC, valid_to ASC, id ASC)
WHERE told_of_end < 2 AND (state = 'offered' OR state = 'accepted' OR state = 'chosen' OR state = 'in_use');

DROP INDEX deliveries_open;
CREATE INDEX deliveries_open ON deliveries (organiser_id ASC, state ASC, id ASC) WHERE state = 'waiting' OR state = 'dead';

-- Nothing is found by it.
DROP INDEX event_accounts_open;
