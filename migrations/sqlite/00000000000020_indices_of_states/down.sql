CREATE INDEX event_accounts_open ON event_accounts (organiser_id ASC, service_event_id ASC)
WHERE state IN ('recorded', 'contested');

DROP INDEX deliveries_open;
CREATE INDEX deliveries_open ON deliveries (organiser_id ASC, state ASC, id ASC) WHERE state IN ('waiting', 'dead');

DROP INDEX vouchers_by_end;
CREATE INDEX vouchers_by_end ON vouchers (voucher_type_id ASC, valid_to ASC, id ASC)
WHERE told_of_end < 2 AND state IN ('offered', 'accepted', 'chosen', 'in_use');
