-- One file holds all state. Money is whole cents, notes are whole notes, times are ISO 8601 UTC.
CREATE TABLE vault (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    ring  BLOB NOT NULL,                      -- the unit's own keys, sealed under the master key
    state BLOB NOT NULL DEFAULT x''           -- sealed: sums of all rows, the journal's end
) STRICT;

CREATE TABLE customers (
    customer_id   TEXT PRIMARY KEY,           -- random pseudonym, the only name in the journal
    card_hash     BLOB NOT NULL UNIQUE,       -- keyed; the card number itself is never stored
    card_last4    TEXT NOT NULL,
    name_box      BLOB,                       -- sealed holder name, NULL before enrolment
    pin_box       BLOB,                       -- sealed scrypt hash of the terminal PIN
    pin_failures  INTEGER NOT NULL DEFAULT 0 CHECK (pin_failures >= 0),
    face_failures INTEGER NOT NULL DEFAULT 0 CHECK (face_failures >= 0),
    pin_failed_at  TEXT,                      -- the last of those in a row, NULL without one
    face_failed_at TEXT,
    last_version  INTEGER NOT NULL DEFAULT 0, -- of this customer's templates; an older is revoked
    -- NULL, or why the last template is gone; after 'leaked' only another model's may follow.
    revoked       TEXT CHECK (revoked IN ('revoked', 'leaked')),
    leaked_model  TEXT CHECK ((leaked_model IS NULL) = (revoked IS NOT 'leaked')),
    touch_agreed  INTEGER NOT NULL DEFAULT 0 CHECK (touch_agreed IN (0, 1)), -- else none is learnt
    age_band      TEXT CHECK (age_band IN ('under-50', '50-plus')), -- as the bank said, or NULL
    last_habit    INTEGER NOT NULL DEFAULT 0, -- of this customer's habits; an older is revoked
    leaked_habit  TEXT                        -- what a habit that leaked was told by
) STRICT;

CREATE TABLE templates (
    customer_id  TEXT PRIMARY KEY REFERENCES customers (customer_id),
    template_id  TEXT NOT NULL UNIQUE,        -- random; the row's own key is derived from it
    version      INTEGER NOT NULL CHECK (version > 0),
    embedding_id TEXT NOT NULL,
    policy       TEXT NOT NULL,               -- how it was made: frames, gate, coding
    enrolled_at  TEXT NOT NULL,
    box          BLOB NOT NULL                -- the face at enrolment, and as adapted since
) STRICT;

-- How a customer taps the PIN. A PIN that is loaded anew ends it, and it begins again.
CREATE TABLE habits (
    customer_id TEXT PRIMARY KEY REFERENCES customers (customer_id),
    version     INTEGER NOT NULL CHECK (version > 0),
    model       TEXT NOT NULL,                -- what its entries were told by
    box         BLOB NOT NULL                 -- the newest right entries, embedded, oldest first
) STRICT;

-- Failed looks and wrong PINs of whatever card, the newest of each; for the unit's own limit.
CREATE TABLE failures (
    failure INTEGER PRIMARY KEY,
    way     TEXT NOT NULL CHECK (way IN ('face', 'pin')),
    at      TEXT NOT NULL
) STRICT;

-- For the bank only: the unit has no key that opens these.
CREATE TABLE escrow (
    customer_id TEXT PRIMARY KEY REFERENCES customers (customer_id),
    version     INTEGER NOT NULL,
    box         BLOB NOT NULL
) STRICT;

CREATE TABLE accounts (
    customer_id   TEXT PRIMARY KEY REFERENCES customers (customer_id),
    balance_cents INTEGER NOT NULL CHECK (balance_cents >= 0),
    held_cents    INTEGER NOT NULL DEFAULT 0 CHECK (held_cents >= 0)
) STRICT;

CREATE TABLE storage_units (
    position    INTEGER PRIMARY KEY CHECK (position BETWEEN 1 AND 4),
    value_cents INTEGER NOT NULL CHECK (value_cents >= 0),
    initial     INTEGER NOT NULL CHECK (initial >= 0),
    presented   INTEGER NOT NULL DEFAULT 0 CHECK (presented >= 0),
    rejected    INTEGER NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    unknown     INTEGER NOT NULL DEFAULT 0 CHECK (unknown >= 0),
    -- No rule ties the counts together: a surplus note must be bookable, and show.
    accuracy    TEXT NOT NULL DEFAULT 'accurateSet' CHECK (
        accuracy IN ('accurate', 'accurateSet', 'inaccurate', 'unknown')
    ),
    manipulated INTEGER NOT NULL DEFAULT 0 CHECK (manipulated IN (0, 1))
) STRICT;

CREATE TABLE payouts (
    payout_id       TEXT PRIMARY KEY,
    customer_id     TEXT NOT NULL REFERENCES accounts (customer_id),
    session_id      TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN (
        'INTENT', 'SENT', 'ACCEPTED', 'RESULT', 'PARTIAL', 'REFUSED', 'NOT_SENT', 'SUSPECT',
        'SETTLED'
    )),
    requested_cents INTEGER NOT NULL CHECK (requested_cents > 0),
    presented_cents INTEGER NOT NULL DEFAULT 0 CHECK (presented_cents >= 0),
    opened_at       TEXT NOT NULL
) STRICT;
-- One at a time: two open payouts would both claim the dispenser's one record.
CREATE UNIQUE INDEX one_open_payout ON payouts ((1)) WHERE state <> 'SETTLED';

-- A batch is one DISPENSE command; the key of its result makes a second booking impossible.
CREATE TABLE batches (
    payout_id TEXT NOT NULL REFERENCES payouts (payout_id),
    batch     INTEGER NOT NULL CHECK (batch > 0),
    asked     TEXT NOT NULL,
    baseline  TEXT NOT NULL,
    PRIMARY KEY (payout_id, batch)
) STRICT;
CREATE TABLE results (
    payout_id TEXT NOT NULL,
    batch     INTEGER NOT NULL,
    outcome   TEXT NOT NULL,
    PRIMARY KEY (payout_id, batch),
    FOREIGN KEY (payout_id, batch) REFERENCES batches (payout_id, batch)
) STRICT;

-- A purge or a test dispense; its outcome is NULL until it is counted.
CREATE TABLE service_moves (
    move      INTEGER PRIMARY KEY,
    operation TEXT NOT NULL CHECK (operation IN ('purge', 'test_dispense')),
    asked     TEXT NOT NULL,
    baseline  TEXT NOT NULL,
    outcome   TEXT
) STRICT;

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    event    TEXT NOT NULL,
    detail   TEXT NOT NULL,
    mac      BLOB NOT NULL
) STRICT;
-- When a customer's face was last adapted: found without reading the journal.
CREATE INDEX adaptations ON journal (json_extract(detail, '$.customer')) WHERE event = 'adapted';
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

PRAGMA user_version = 5;
