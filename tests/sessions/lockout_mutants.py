"""The rules that make who failed wait, each taken out of the product: the suite has to notice."""

from tests.sessions.mutants import Mutant

POLICY, COUNTED = "edge_atm/policy/lockout.py", "tests/unit/test_vault_faces.py"
WAYS = "tests/unit/test_atm_ways.py"
RULES = "tests/unit/test_lockout.py"

LOCKOUT_MUTANTS = (
    Mutant(
        "a look counts before it begins",
        "edge_atm/atm.py",
        "    atm.people.note_face(visit.customer.customer_id, False)\n",
        "",
        "tests/unit/test_atm.py::test_pulling_the_plug_during_the_look_buys_no_further_one",
    ),
    Mutant(
        "delays end in a stop",
        POLICY,
        "        if not failures < self.stop:\n            return math.inf\n",
        "",
        RULES,
    ),
    Mutant(
        "a clock that went back opens nothing",
        POLICY,
        "        if not since_seconds >= 0:\n            return delay_seconds\n",
        "",
        RULES,
    ),
    Mutant(
        "a clock that went back closes nothing for ever",
        "edge_atm/vault/customers.py",
        "            failures.settle(connection, customer_id, now)\n",
        "            pass\n",
        COUNTED,
    ),
    Mutant(
        "the unit counts over all cards",
        "edge_atm/vault/failures.py",
        '    connection.execute("INSERT INTO failures (way, at) VALUES (?, ?)"'
        ", (way.value, stamp(now)))\n",
        "",
        COUNTED,
    ),
    Mutant(
        "the delay begins within a session",
        "edge_atm/asking.py",
        "if pin_closed(customer, lately(atm)) is not None or (entry := atm.pad.pin()) is None:",
        "if (entry := atm.pad.pin()) is None:",
        WAYS,
    ),
    Mutant(
        "failed looks close no card number and PIN",
        "edge_atm/policy/decision.py",
        '        return Closed("above_card_pin_limit")\n    return pin_closed(customer, lately)\n',
        '        return Closed("above_card_pin_limit")\n'
        "    return pin_closed(customer, lately) or face_closed(customer, 1, limits, lately)\n",
        WAYS,
    ),
)
