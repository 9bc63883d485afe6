-- The accounts of the 100,000 events that `impact.sql` makes, and as many events again: half of all are of the month before this
-- one, the others of the month before that. Four hundred providers have given them.

PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TEMP TABLE twenty AS
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
SELECT i FROM n;

CREATE TEMP TABLE firms AS
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 399)
SELECT i FROM n;

INSERT INTO providers (id, business_id, name, version, created_at)
SELECT unhex(printf('00000007%04x70008000%012x', 0, f.i)), printf('95%05d-0', f.i), printf('Hoiva %d', f.i), 1, p.created_at
FROM firms AS f, providers AS p
WHERE p.id = (SELECT provider_id FROM service_events LIMIT 1);

INSERT INTO service_events (
    id, organiser_id, voucher_id, allotment_id, choice_id, provider_id, unit_id, person_id, rulebook_id, day, quantity_e4,
    started_at, ended_at, value_minor, charging, total_minor, organiser_pays_minor, co_payment_minor, client_fee_minor, steps,
    recorded_by, recorded_at, facts
)
SELECT unhex(printf('00000008%04x70008000%012x', k.i, n.rowid)), e.organiser_id, e.voucher_id, e.allotment_id, e.choice_id,
    unhex(printf('00000007%04x70008000%012x', 0, n.rowid % 400)), e.unit_id, e.person_id, e.rulebook_id,
    CASE k.i % 2
        WHEN 0 THEN date('now', 'start of month', '-1 month', '+' || k.i || ' days')
        ELSE date('now', 'start of month', '-2 months', '+' || k.i || ' days')
    END,
    15000, NULL, NULL, e.value_minor, e.charging, e.total_minor, e.organiser_pays_minor, e.co_payment_minor,
    e.client_fee_minor, e.steps, e.recorded_by, e.recorded_at, '{}'
FROM service_events AS e
JOIN twenty AS k
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS rowid FROM vouchers WHERE substr(hex(id), 1, 8) = '00000003') AS n
    ON n.id = e.voucher_id
WHERE substr(hex(e.id), 1, 12) = '000000060000';

INSERT INTO service_event_lines (
    service_event_id, line, organiser_id, quantity_e4, value_minor, price_minor, total_minor, organiser_pays_minor,
    co_payment_minor, client_fee_minor
)
SELECT e.id, 0, e.organiser_id, e.quantity_e4, e.value_minor, c.price_minor, e.total_minor, e.organiser_pays_minor,
    e.co_payment_minor, e.client_fee_minor
FROM service_events AS e JOIN choices AS c ON c.id = e.choice_id
WHERE substr(hex(e.id), 1, 8) = '00000008';

INSERT INTO event_accounts (
    service_event_id, organiser_id, provider_id, month, state, quantity_e4, total_minor, organiser_pays_minor,
    co_payment_minor, client_fee_minor, settlements, settled_quantity_e4, settled_total_minor, settled_organiser_pays_minor,
    settled_co_payment_minor, settled_client_fee_minor, is_due, acts, version
)
SELECT e.id, e.organiser_id, e.provider_id, date(min(e.day, date('now', 'start of month', '-1 day')), 'start of month'),
    'accepted', e.quantity_e4, e.total_minor, e.organiser_pays_minor, e.co_payment_minor, e.client_fee_minor, 0, 0, 0, 0, 0, 0,
    1, 0, 1
FROM service_events AS e
WHERE substr(hex(e.id), 1, 8) IN ('00000006', '00000008');

COMMIT;
ANALYZE;
