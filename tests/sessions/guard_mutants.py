"""The rules against swapped, changed and older rows, each taken out: the suite has to notice."""

from tests.sessions.mutants import Mutant

ANCHOR, GUARD, ROLL = (f"edge_atm/vault/{name}.py" for name in ("anchor", "guard", "roll"))
ANCHORED = "tests/unit/test_vault_anchor.py"
GUARDED = "tests/unit/test_vault_guard.py"
POWER = "tests/unit/test_vault_guard_power.py"
SUMS = "tests/unit/test_vault_roll.py"
TAMPERED = "tests/cli/test_tampering.py"
BESIDE = "tests/cli/test_tampering_beside.py"
SEALED = "tests/unit/test_vault_tampering.py"

GUARD_MUTANTS = (
    Mutant(
        "row swap: a box opens for its owner only",
        "edge_atm/vault/envelope.py",
        "return MAGIC + encode_parts(*owner)",
        "return MAGIC",
        "tests/unit/test_vault_envelope.py::test_another_owner_does_not_open_it",
    ),
    Mutant(
        "foreign model: its rows are named",
        "edge_atm/vault/faces.py",
        'row["version"] is not None and row["embedding_id"] != self._embedding_id',
        "False",
        f"{TAMPERED}::test_a_row_of_another_model_is_named_when_it_is_opened",
    ),
    Mutant(
        "old row: its version is the last",
        "edge_atm/vault/faces.py",
        'if row["version"] < row["last_version"]:',
        'if row["version"] < 0:',
        f"{SEALED}::test_an_older_row_is_revoked",
    ),
    Mutant(
        "old, changed and deleted rows: the sums are compared",
        GUARD,
        "if found[table] != sums[table]]",
        "if found[table] < 0]",
        f"{TAMPERED}::test_older_rows_put_back_together_are_noticed",
    ),
    Mutant(
        "changed rows: beside a running unit too",
        GUARD,
        "            if self._seen.get(tables) != seen:\n",
        "            if tables not in self._seen:\n",
        f"{GUARDED}::test_what_others_change_while_the_unit_runs_stops_its_next_commit",
    ),
    Mutant(
        "changed rows: history too, before more is written into it",
        GUARD,
        "if noted.keys() & {*HISTORY}",
        "if False",
        f"{BESIDE}::test_a_result_changed_before_its_payout_is_settled_is_not_believed",
    ),
    Mutant(
        "swapped rows: an index leads to its own table's",
        GUARD,
        'if said != "ok":',
        'if said == "":',
        f"{BESIDE}::test_an_index_that_leads_to_another_customers_row_is_noticed",
    ),
    Mutant(
        "deleted rows: an emptied database is no new one",
        GUARD,
        "if sealed and (commits",
        "if sealed and False and (commits",
        f"{BESIDE}::test_a_database_that_was_emptied_is_no_new_one",
    ),
    Mutant(
        "changed rows: the hash is keyed",
        ROLL,
        'hmac.digest(self._key, b"".join',
        'hmac.digest(b"", b"".join',
        f"{SUMS}::test_a_row_counts_with_its_table_its_types_and_its_borders",
    ),
    Mutant(
        "changed rows: replaced ones are noted",
        ROLL,
        '"recursive_triggers = ON", ',
        "",
        f"{SUMS}::test_what_is_noted_is_what_has_changed",
    ),
    Mutant(
        "changed schema: it is summed",
        ROLL,
        '"escrow", SCHEMA, ',
        '"escrow", ',
        f"{SUMS}::test_every_table_but_the_journal_is_summed",
    ),
    Mutant(
        "old key ring: it is summed",
        ROLL,
        '"vault": ("id", "ring"),',
        '"vault": ("id",),',
        f"{TAMPERED}::test_an_older_key_ring_put_back_is_noticed",
    ),
    Mutant(
        "cut journal: its end is sealed",
        GUARD,
        "    if state.entry and (",
        "    if not state.entry and (",
        f"{TAMPERED}::test_a_journal_that_does_not_end_as_it_did_is_noticed",
    ),
    Mutant(
        "old database: the anchor is newer",
        ANCHOR,
        "if (commits, digest) == (mark.commits, mark.digest):",
        "if commits <= mark.commits:",
        "tests/cli/test_tampering_files.py::test_older_files_put_back_are_named",
    ),
    Mutant(
        "old database: what follows the anchor names it",
        ANCHOR,
        "if (commits, before) == (mark.commits + 1, mark.digest):",
        "if commits == mark.commits + 1:",
        f"{ANCHORED}::test_any_other_state_is_refused_and_named",
    ),
    Mutant(
        "old database: every commit is marked",
        GUARD,
        "self._anchor.follow(state.commits + 1, digest, count=COUNTED in noted)",
        "pass",
        f"{GUARDED}::test_a_fork_of_the_same_length_is_not_taken",
    ),
    Mutant(
        "old database: no commit before the last one is marked",
        GUARD,
        "            self._anchor.meet(state.commits, digest, state.before)\n            noted",
        "            noted",
        f"{GUARDED}::test_a_mark_that_cannot_be_written_stops_the_unit_until_it_can",
    ),
    Mutant(
        "old disk: the counter is newer",
        ANCHOR,
        "        if number != mark.counter:\n            raise StoreFault(\n",
        "        if number < 0:\n            raise StoreFault(\n",
        f"{ANCHORED}::test_the_counter_is_one_behind_at_most",
    ),
    Mutant(
        "old disk: a counter cannot be taken away",
        ANCHOR,
        "if (self._counter is None) != (mark.counter == 0):",
        "if mark.counter < 0:",
        f"{ANCHORED}::test_a_counter_cannot_be_taken_away_or_come_later",
    ),
    Mutant(
        "both crash orders: first the mark, then the counter",
        ANCHOR,
        "        mark = self._put(replace(mark, counter=mark.counter + 1))\n"
        "        number = self._counter.advance()\n",
        "        number = self._counter.advance()\n"
        "        mark = self._put(replace(mark, counter=mark.counter + 1))\n",
        f"{POWER}::test_wherever_power_fails_the_newest_commit_opens_and_no_older",
    ),
    Mutant(
        "both crash orders: the mark is synced",
        ANCHOR,
        "            os.fdatasync(self._handle)\n",
        "",
        f"{POWER}::test_wherever_power_fails_the_newest_commit_opens_and_no_older",
    ),
    Mutant(
        "bit flips: a mark is authenticated",
        ANCHOR,
        'if not hmac.compare_digest(tag, hmac.digest(self._key, body, "sha256")):',
        "if len(tag) != TAG_BYTES or not any(tag):",
        f"{ANCHORED}::test_another_units_anchor_is_refused",
    ),
    Mutant(
        "changed rows: also those that are only read",
        "edge_atm/store.py",
        "            self._guard.compare(connection)\n",
        "",
        f"{BESIDE}::test_rows_shown_for_a_moment_between_two_commits_are_not_believed",
    ),
)
