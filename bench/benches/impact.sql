-- 5,000 clients with a voucher each for home care, and 20 service events under each. Incomes, households, prices and
-- sectors differ. Ids are made of what a row is and its number. Sealed names and codes hold nothing: nobody opens them.

PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TEMP TABLE example AS
SELECT v.id AS voucher_id, c.id AS choice_id, a.id AS allotment_id, e.id AS event_id
FROM vouchers AS v
JOIN voucher_types AS t ON t.id = v.voucher_type_id
JOIN service_events AS e ON e.voucher_id = v.id
JOIN choices AS c ON c.id = e.choice_id
JOIN allotments AS a ON a.id = e.allotment_id
WHERE t.code = 'home-care'
LIMIT 1;

CREATE TEMP TABLE numbers AS
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
SELECT i FROM n;

INSERT INTO persons (id, key_hash, created_at)
SELECT unhex(printf('00000001%04x70008000%012x', 0, i)), randomblob(32), p.created_at
FROM numbers, persons AS p
WHERE p.id = (SELECT person_id FROM vouchers WHERE id = (SELECT voucher_id FROM example));

INSERT INTO clients (
    id, organiser_id, person_id, identity_code_sealed, name_sealed, municipality_code, language, protected_address, version,
    created_at
)
SELECT unhex(printf('00000002%04x70008000%012x', 0, i)), c.organiser_id, unhex(printf('00000001%04x70008000%012x', 0, i)),
    randomblob(60), randomblob(60), c.municipality_code, c.language, 0, 1, c.created_at
FROM numbers, clients AS c
WHERE c.id = (SELECT client_id FROM vouchers WHERE id = (SELECT voucher_id FROM example));

INSERT INTO vouchers (
    id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit, quantity_e4, per,
    free_of_charge, valid_from, valid_to, decision_id, issued_at, version, measure, unused, facts
)
SELECT unhex(printf('00000003%04x70008000%012x', 0, i)), v.organiser_id, unhex(printf('00000002%04x70008000%012x', 0, i)),
    unhex(printf('00000001%04x70008000%012x', 0, i)), v.voucher_type_id, v.rulebook_id, printf('0000-0000-0000-%04d', i),
    'in_use', 700 + (i * 37) % 2700, v.unit, v.quantity_e4, v.per, 0, date('now', '-200 days'), date('now', '+160 days'),
    v.decision_id, v.issued_at, 1, v.measure, v.unused,
    printf('{"gross_income_per_month":"%d.50","household_size":"%d"}', 600 + (i * 53) % 4000, 1 + i % 7)
FROM numbers, vouchers AS v
WHERE v.id = (SELECT voucher_id FROM example);

INSERT INTO allotments (id, voucher_id, valid_from, valid_to, granted_e4, used_e4)
SELECT unhex(printf('00000004%04x70008000%012x', 0, i)), unhex(printf('00000003%04x70008000%012x', 0, i)),
    date('now', '-200 days'), date('now', '+160 days'), 10000000, 300000
FROM numbers;

INSERT INTO choices (
    id, organiser_id, voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, chosen_by, chosen_at
)
SELECT unhex(printf('00000005%04x70008000%012x', 0, i)), c.organiser_id, unhex(printf('00000003%04x70008000%012x', 0, i)),
    c.offering_id, c.provider_id, c.unit_id,
    CASE i % 5 WHEN 0 THEN 'public' WHEN 1 THEN 'ngo' ELSE 'company' END,
    CASE i % 5 WHEN 0 THEN 'client_fee' ELSE 'voucher' END,
    CASE i % 5 WHEN 0 THEN NULL ELSE 3000 + i % 2000 END,
    CASE i % 5 WHEN 0 THEN 1240 END, CASE i % 5 WHEN 0 THEN 5800 END,
    date('now', '-200 days'), c.chosen_by, c.chosen_at
FROM numbers, choices AS c
WHERE c.id = (SELECT choice_id FROM example);

INSERT INTO service_events (
    id, organiser_id, voucher_id, allotment_id, choice_id, provider_id, unit_id, person_id, rulebook_id, day, quantity_e4,
    started_at, ended_at, value_minor, charging, total_minor, organiser_pays_minor, co_payment_minor, client_fee_minor, steps,
    recorded_by, recorded_at, facts
)
SELECT unhex(printf('00000006%04x70008000%012x', k.i, n.i)), e.organiser_id, v.id,
    unhex(printf('00000004%04x70008000%012x', 0, n.i)), c.id, e.provider_id, e.unit_id, v.person_id, v.rulebook_id,
    date('now', '-' || (1 + 4 * k.i) || ' days'), 15000,
    strftime('%s', datetime('now', 'start of day', '-' || (1 + 4 * k.i) || ' days', '+15 hours')) * 1000000,
    strftime('%s', datetime('now', 'start of day', '-' || (1 + 4 * k.i) || ' days', '+15 hours')) * 1000000 + 5400000000,
    v.value_minor, c.charging,
    CASE c.charging WHEN 'voucher' THEN (c.price_minor * 3 + 1) / 2 ELSE 8700 END,
    CASE c.charging WHEN 'voucher' THEN (min(c.price_minor, v.value_minor) * 3 + 1) / 2 ELSE 0 END,
    CASE c.charging
        WHEN 'voucher' THEN (c.price_minor * 3 + 1) / 2 - (min(c.price_minor, v.value_minor) * 3 + 1) / 2 ELSE 0
    END,
    CASE c.charging WHEN 'voucher' THEN 0 ELSE 1860 END, e.steps, e.recorded_by, e.recorded_at, '{}'
FROM numbers AS n
JOIN numbers AS k ON k.i < 20
JOIN vouchers AS v ON v.id = unhex(printf('00000003%04x70008000%012x', 0, n.i))
JOIN choices AS c ON c.id = unhex(printf('00000005%04x70008000%012x', 0, n.i))
JOIN service_events AS e ON e.id = (SELECT event_id FROM example);

INSERT INTO service_event_lines (
    service_event_id, line, organiser_id, quantity_e4, value_minor, price_minor, total_minor, organiser_pays_minor,
    co_payment_minor, client_fee_minor
)
SELECT e.id, 0, e.organiser_id, e.quantity_e4, e.value_minor, c.price_minor, e.total_minor, e.organiser_pays_minor,
    e.co_payment_minor, e.client_fee_minor
FROM service_events AS e JOIN choices AS c ON c.id = e.choice_id
WHERE e.id BETWEEN x'00000006000000000000000000000000' AND x'00000006ffffffffffffffffffffffff';

COMMIT;
ANALYZE;
