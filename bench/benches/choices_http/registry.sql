-- A registry of as many offerings as `wanted` says of each of twenty voucher types, and vouchers of the first two, in a
-- database that holds the demo county. Whatever differs is drawn by a generator with a seed, so that every run has the same
-- registry. Ids are made of what a row is and its number. Sealed names and codes hold nothing: nobody opens them.

CREATE TEMP TABLE example AS
SELECT v.id AS voucher_id, v.client_id, v.person_id, v.organiser_id, t.id AS voucher_type_id, r.id AS rulebook_id,
    r.decision_id, (SELECT id FROM applications LIMIT 1) AS application_id,
    (SELECT decision_id FROM approvals LIMIT 1) AS approval_decision_id, p.created_at
FROM vouchers AS v
JOIN voucher_types AS t ON t.id = v.voucher_type_id
JOIN persons AS p ON p.id = v.person_id
JOIN rulebooks AS r ON r.voucher_type_id = t.id AND r.state = 'adopted' AND r.valid_to IS NULL
WHERE t.code = 'home-care'
LIMIT 1;

-- Lehmer's generator: seven draws for each number.
CREATE TEMP TABLE draws (i INTEGER PRIMARY KEY, a INTEGER, b INTEGER, c INTEGER, d INTEGER, e INTEGER, f INTEGER);
INSERT INTO draws
WITH RECURSIVE d (i, a, b, c, d, e, f, x) AS (
    SELECT 0, 1, 1, 1, 1, 1, 1, 20261122
    UNION ALL
    SELECT i + 1, x * 48271 % 2147483647, x * 182605794 % 2147483647, x * 1291394886 % 2147483647,
        x * 1914720637 % 2147483647, x * 2078669041 % 2147483647, x * 407355683 % 2147483647,
        x * 1105902161 % 2147483647
    FROM d WHERE i < (SELECT max(200000, sum(size)) FROM wanted)
)
SELECT i - 1 AS i, a, b, c, d, e, f FROM d WHERE i > 0;

-- Fifty municipalities: those of the demo, and others that there are not.
INSERT OR IGNORE INTO municipalities (code, name_fi, name_sv, latitude_e6, longitude_e6)
SELECT printf('9%02d', i + 40), printf('Kunta %d', i), printf('Kommun %d', i), 61000000 + a % 2000000, 21500000 + b % 2500000
FROM draws WHERE i < max(0, 50 - (SELECT count(*) FROM municipalities));
CREATE TEMP TABLE places AS
SELECT row_number() OVER (ORDER BY code) - 1 AS n, code, latitude_e6, longitude_e6 FROM municipalities LIMIT 50;
CREATE UNIQUE INDEX temp.places_n ON places (n);

INSERT INTO voucher_types (
    id, organiser_id, code, name_fi, name_sv, name_en, description_fi, description_sv, description_en, unit, version, created_at
)
SELECT unhex(printf('00000001%04x70008000%012x', 0, w.type)), t.organiser_id, printf('measured-%d', w.type), t.name_fi,
    t.name_sv, t.name_en, t.description_fi, t.description_sv, t.description_en, t.unit, 1, t.created_at
FROM wanted AS w, voucher_types AS t WHERE t.id = (SELECT voucher_type_id FROM example);

-- Home care's own rules, but nothing is asked of approvals, so that none lapses, and nothing of changes of prices.
INSERT INTO rulebooks (
    id, organiser_id, voucher_type_id, number, terms, state, valid_from, decision_id, version, created_at, proposed_at, proposed_by
)
SELECT unhex(printf('00000002%04x70008000%012x', 0, w.type)), r.organiser_id,
    unhex(printf('00000001%04x70008000%012x', 0, w.type)), 1,
    json_remove(json_set(r.terms, '$.requirements', json('[]')), '$.price_changes'), 'adopted', date('now', '-700 days'),
    r.decision_id, 1, r.created_at, r.proposed_at, r.proposed_by
FROM wanted AS w, rulebooks AS r WHERE r.id = (SELECT rulebook_id FROM example);

-- A unit serves in four voucher types on average, and a provider has three units.
CREATE TEMP TABLE units AS
SELECT i FROM draws WHERE i < (SELECT max(max(size), sum(size) / 4) FROM wanted);

INSERT INTO providers (id, business_id, name, email, phone, website, version, created_at)
SELECT unhex(printf('00000003%04x70008000%012x', 0, n)), business_id, printf('Hoiva %d Oy', n), 'office@provider.example',
    '+358 50 000 0000', 'https://provider.example', 1, (SELECT created_at FROM example)
FROM (
    SELECT row_number() OVER (ORDER BY number) - 1 AS n, printf('%d-%d', number, (11 - rest) % 11) AS business_id
    FROM (
        SELECT 9600000 + i AS number, (9 * 7 + (600000 + i) / 100000 % 10 * 9 + i / 10000 % 10 * 10 + i / 1000 % 10 * 5
            + i / 100 % 10 * 8 + i / 10 % 10 * 4 + i % 10 * 2) % 11 AS rest
        FROM draws WHERE i < 100000
    ) WHERE rest <> 1
) WHERE n <= (SELECT max(i) / 3 FROM units);

CREATE TEMP TABLE sectors (provider INTEGER PRIMARY KEY, sector TEXT);
INSERT INTO sectors
SELECT i, CASE WHEN a % 10 = 0 THEN 'public' WHEN a % 10 < 3 THEN 'ngo' ELSE 'company' END
FROM draws WHERE i <= (SELECT max(i) / 3 FROM units);
INSERT INTO provider_sectors (id, provider_id, sector, valid_from)
SELECT unhex(printf('00000004%04x70008000%012x', 0, provider)), unhex(printf('00000003%04x70008000%012x', 0, provider)),
    sector, '2020-01-01'
FROM sectors;

-- The first ten providers have a member who changes things.
INSERT INTO provider_members (provider_id, subject, created_at)
SELECT unhex(printf('00000003%04x70008000%012x', 0, i)), 'measured', (SELECT created_at FROM example) FROM draws WHERE i < 10;

INSERT INTO service_units (
    id, provider_id, name, street_address, postal_code, postal_place, municipality_code, latitude_e6, longitude_e6, languages,
    modes, service_area, step_free, version, created_at
)
SELECT unhex(printf('00000005%04x70008000%012x', 0, u.i)), unhex(printf('00000003%04x70008000%012x', 0, u.i / 3)),
    printf('Hoivayksikkö %d', d.b % 1000000), printf('Esimerkkikatu %d', 1 + d.c % 200), '28100', 'Pori', p.code,
    CASE WHEN d.c % 20 > 0 THEN p.latitude_e6 - 150000 + d.d % 300000 END,
    CASE WHEN d.c % 20 > 0 THEN p.longitude_e6 - 300000 + d.e % 600000 END,
    CASE WHEN d.d % 10 < 6 THEN '["fi"]' WHEN d.d % 10 < 9 THEN '["fi","sv"]' ELSE '["sv","en"]' END,
    CASE d.e % 4 WHEN 0 THEN '["on_site"]' WHEN 1 THEN '["at_home"]' WHEN 2 THEN '["on_site","at_home"]' ELSE '["at_home","remote"]' END,
    CASE d.f % 4 WHEN 0 THEN '[]' ELSE (SELECT json_group_array(code) FROM places WHERE n BETWEEN d.f % 48 AND d.f % 48 + d.f % 4 - 1) END,
    d.f % 3 > 0, 1, (SELECT created_at FROM example)
FROM units AS u JOIN draws AS d ON d.i = u.i JOIN places AS p ON p.n = d.a % 50;

-- Which unit offers for which voucher type; the number counts through all types.
CREATE TEMP TABLE offered (i INTEGER PRIMARY KEY, type INTEGER, unit INTEGER);
INSERT INTO offered
SELECT d.i, w.type, (d.i - w.before + w.type * 1009) % (SELECT count(*) FROM units)
FROM wanted AS w JOIN draws AS d ON d.i >= w.before AND d.i < w.before + w.size;

INSERT INTO approvals (
    id, organiser_id, provider_id, unit_id, voucher_type_id, application_id, state, valid_from, decision_id, version
)
SELECT unhex(printf('00000006%04x70008000%012x', 0, o.i)), e.organiser_id,
    unhex(printf('00000003%04x70008000%012x', 0, o.unit / 3)), unhex(printf('00000005%04x70008000%012x', 0, o.unit)),
    unhex(printf('00000001%04x70008000%012x', 0, o.type)), e.application_id, 'active', date('now', '-500 days'),
    e.approval_decision_id, 1
FROM offered AS o, example AS e;

INSERT INTO offerings (
    id, organiser_id, provider_id, unit_id, voucher_type_id, accepts_new_clients, earliest_start, version, created_at, queue
)
SELECT unhex(printf('00000007%04x70008000%012x', 0, o.i)), e.organiser_id,
    unhex(printf('00000003%04x70008000%012x', 0, o.unit / 3)), unhex(printf('00000005%04x70008000%012x', 0, o.unit)),
    unhex(printf('00000001%04x70008000%012x', 0, o.type)), 1,
    CASE WHEN d.b % 5 = 0 THEN date('now', '+' || (1 + d.c % 60) || ' days') END, 1, e.created_at,
    CASE WHEN d.d % 4 = 0 THEN d.e % 30 END
FROM offered AS o JOIN draws AS d ON d.i = o.i, example AS e;

-- A price that was, one that is, and for one in ten one that is announced. A public unit's price is a client fee.
CREATE TEMP TABLE priced (offering INTEGER, turn INTEGER, valid_from TEXT, valid_to TEXT);
INSERT INTO priced SELECT i, 0, date('now', '-400 days'), date('now', '-100 days') FROM offered;
INSERT INTO priced
SELECT o.i, 1, date('now', '-100 days'), CASE WHEN d.f % 10 = 0 THEN date('now', '+' || (20 + d.a % 60) || ' days') END
FROM offered AS o JOIN draws AS d ON d.i = o.i;
INSERT INTO priced SELECT offering, 2, valid_to, NULL FROM priced WHERE turn = 1 AND valid_to IS NOT NULL;

INSERT INTO offering_prices (
    id, offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, valid_to, rulebook_id, created_by,
    created_at
)
SELECT unhex(printf('0000000%01x%04x70008000%012x', 8 + p.turn, 0, p.offering)),
    unhex(printf('00000007%04x70008000%012x', 0, p.offering)),
    CASE s.sector WHEN 'public' THEN 'client_fee' ELSE 'voucher' END,
    CASE s.sector WHEN 'public' THEN NULL ELSE 2800 + 10 * (d.e % 180) + 50 * p.turn END,
    CASE s.sector WHEN 'public' THEN 1240 END,
    CASE s.sector WHEN 'public' THEN 4200 + 10 * (d.e % 50) + 50 * p.turn END,
    p.valid_from, p.valid_to, unhex(printf('00000002%04x70008000%012x', 0, o.type)), 'measured', e.created_at
FROM priced AS p
JOIN offered AS o ON o.i = p.offering
JOIN draws AS d ON d.i = p.offering
JOIN sectors AS s ON s.provider = o.unit / 3, example AS e;

-- Vouchers: 400 of each of the first two voucher types, of as many clients. The demo's resident holds them all, because it is
-- the resident's token that the binary can print.
INSERT INTO persons (id, key_hash, created_at)
SELECT unhex(printf('0000000b%04x70008000%012x', 0, d.i)), randomblob(32), e.created_at
FROM draws AS d, example AS e WHERE d.i < 800;

INSERT INTO clients (
    id, organiser_id, person_id, identity_code_sealed, name_sealed, municipality_code, language, protected_address, version,
    created_at
)
SELECT unhex(printf('0000000c%04x70008000%012x', 0, d.i)), e.organiser_id,
    unhex(printf('0000000b%04x70008000%012x', 0, d.i)), randomblob(60), randomblob(60), p.code,
    CASE WHEN d.b % 10 = 0 THEN 'sv' ELSE 'fi' END, 0, 1, e.created_at
FROM draws AS d JOIN places AS p ON p.n = d.a % 50, example AS e WHERE d.i < 800;

INSERT INTO vouchers (
    id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit, quantity_e4, per,
    free_of_charge, valid_from, valid_to, decision_id, issued_at, version, measure, unused, facts
)
SELECT unhex(printf('0000000d%04x70008000%012x', 0, d.i)), v.organiser_id, unhex(printf('0000000c%04x70008000%012x', 0, d.i)),
    unhex(replace(h.value, '-', '')), unhex(printf('00000001%04x70008000%012x', 0, d.i / 400)),
    unhex(printf('00000002%04x70008000%012x', 0, d.i / 400)), printf('0000-0000-0000-%03d%s', d.i,
        substr('0123456789ABCDEFHJKLMNPRSTUVWXY', (d.i / 100 * 14 + d.i / 10 % 10 * 15 + d.i % 10 * 16) % 31 + 1, 1)), 'accepted',
    700 + (d.c % 2700), v.unit, 200000, v.per, 0, date('now', '-10 days'), date('now', '+350 days'), v.decision_id,
    v.issued_at, 1, v.measure, v.unused,
    printf('{"gross_income_per_month":"%d.50","household_size":"%d"}', 600 + d.d % 2000, 1 + d.e % 7)
FROM draws AS d, vouchers AS v, installation AS h
WHERE d.i < 800 AND v.id = (SELECT voucher_id FROM example) AND h.name = 'demo_resident';

INSERT INTO allotments (id, voucher_id, valid_from, valid_to, granted_e4, used_e4)
SELECT unhex(printf('0000000e%04x70008000%012x', 0, i)), unhex(printf('0000000d%04x70008000%012x', 0, i)),
    date('now', '-10 days'), date('now', '+350 days'), 200000, 0
FROM draws WHERE i < 800;

UPDATE registry_revision SET revision = revision + 1;

-- How the offerings stand is found by the service when it next starts.
INSERT INTO installation (name, value) VALUES ('offering_states_are_due', 'since a benchmark');
