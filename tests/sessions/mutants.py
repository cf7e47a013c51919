"""The rules that keep money whole, each taken out of the product: the suite has to notice."""

from dataclasses import dataclass

DISK = "tests/unit/test_rig_disk.py::test_a_commit_is_one_sync"
CASHIER = "tests/unit/test_cash_cashier.py"
BATCHES = "tests/unit/test_cash_batches.py"
LEDGER = "tests/unit/test_cash_ledger.py"
JOURNAL = "tests/unit/test_journal.py::test_the_chain_is_the_one_that_the_page_describes"
CRASH = "tests/unit/test_cash_crash.py"
PROOF = "tests/unit/test_cash_proof.py"
WIRE = "tests/wire/test_dispenser.py::test_every_moving_command_is_sent_once"
STEPS = "tests/wire/test_dispenser_steps.py::test_each_step_is_called_once_in_its_place"
ALIKE = "tests/unit/test_cash_alike.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule removed: `before`, found once in the file, becomes `after`. `suite` must fail."""

    rule: str
    path: str
    before: str
    after: str
    suite: str


MUTANTS = (
    Mutant("fsync", "edge_atm/store.py", "synchronous = FULL", "synchronous = OFF", DISK),
    Mutant(
        "baseline: an unchanged memory is no proof",
        "edge_atm/cash/proof.py",
        "if now != baseline:",
        "if now is not None:",
        PROOF,
    ),
    Mutant(
        "baseline: read before each command",
        "edge_atm/cash/cashier.py",
        "            memory = self._told_apart(memory, asked)\n",
        "            memory = Outcome(Operation.NONE, 0, (0, 0, 0, 0), (0, 0, 0, 0))\n",
        BATCHES,
    ),
    Mutant(
        "once-key: one result for each command",
        "edge_atm/schema.sql",
        "    outcome   TEXT NOT NULL,\n    PRIMARY KEY (payout_id, batch),",
        "    outcome   TEXT NOT NULL,",
        LEDGER,
    ),
    Mutant(
        "once-key: one state after the other",
        "edge_atm/cash/states.py",
        '" AND state IN (SELECT value FROM json_each(?))"',
        '" AND json_valid(?)"',
        "tests/unit/test_cash_states.py",
    ),
    Mutant(
        "never re-send",
        "edge_atm/device/dispenser.py",
        "        if isinstance(reply, Response):\n            return lcdm_reports.outcome(reply)\n",
        "            if reply is None:\n"
        "                self._line.say(request)\n"
        "                reply = self._await(command, 1.0, 1.0)\n"
        "        if isinstance(reply, Response):\n            return lcdm_reports.outcome(reply)\n",
        WIRE,
    ),
    Mutant(
        "never re-send after a NAK",
        "edge_atm/device/dispenser.py",
        "        if isinstance(reply, Response):\n            return lcdm_reports.outcome(reply)\n",
        "            if reply is Control.NAK:\n"
        "                self._line.say(request)\n"
        "                reply = self._await(command, 1.0, 1.0)\n"
        "        if isinstance(reply, Response):\n            return lcdm_reports.outcome(reply)\n",
        WIRE,
    ),
    Mutant(
        "check byte",
        "edge_atm/device/lcdm.py",
        "    if reduce(xor, response) != 0:\n",
        "    if reduce(xor, response) > 255:\n",
        "tests/unit/test_lcdm.py::test_one_damaged_byte_is_never_another_outcome",
    ),
    Mutant(
        "chain key",
        "edge_atm/journal.py",
        "hmac.digest(self._key, ",
        'hmac.digest(b"", ',
        JOURNAL,
    ),
    Mutant(
        "chain",
        "edge_atm/journal.py",
        "before + body",
        "body",
        JOURNAL,
    ),
    Mutant(
        "intent on disk before the first byte",
        "edge_atm/device/dispenser.py",
        "        sending()\n",
        "",
        STEPS,
    ),
    Mutant(
        "hold and intent are one commit",
        "edge_atm/cash/ledger.py",
        "            balances.hold(connection, customer_id, amount_cents)\n",
        "            pass\n        with self._store.transaction() as connection:\n"
        "            balances.hold(connection, customer_id, amount_cents)\n"
        "        with self._store.transaction() as connection:\n",
        CRASH,
    ),
    Mutant(
        "an answer is booked when the memory says it too",
        "edge_atm/cash/cashier.py",
        "        return self._ask(payout_id, batch, asked, baseline, accepted, answer)\n",
        "        if answer is not None:\n"
        "            self._ledger.book(payout_id, batch, answer)\n"
        "            return answer\n"
        "        return self._ask(payout_id, batch, asked, baseline, accepted, answer)\n",
        "tests/unit/test_cash_contradictions.py",
    ),
    Mutant(
        "the memory is believed when it is told twice",
        "edge_atm/device/dispenser.py",
        "            if now == before:\n",
        "            if now is not None:\n",
        "tests/wire/test_dispenser_recall.py",
    ),
    Mutant(
        "the log is written again at the start",
        "edge_atm/store.py",
        "                self._write_log_again()\n",
        "",
        "tests/unit/test_store_power.py",
    ),
    Mutant(
        "a look-alike is purged away",
        "edge_atm/cash/cashier.py",
        'self._rules.equal_commands == "purge" and looks_alike(memory, asked)',
        "False",
        ALIKE,
    ),
    Mutant(
        "only proof gives a hold back",
        "edge_atm/cash/faults.py",
        "return outcome.error in PROVEN or",
        "return outcome.error != 0 or",
        "tests/unit/test_cash_faults.py",
    ),
    Mutant(
        "a surplus is the bank's loss",
        "edge_atm/cash/ledger.py",
        "debit_cents = min(presented_cents, payout.requested_cents)",
        "debit_cents = presented_cents",
        CASHIER,
    ),
)
