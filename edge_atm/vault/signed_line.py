"""One line of JSON that a unit signed: what leaves it sealed, and may come to another unit."""

import json
import re

from edge_atm.errors import SealBroken
from edge_atm.vault.keys import Keys
from edge_atm.vault.signing import is_signed, sign

SIGNATURE = re.compile(rb',"signature":"([0-9a-f]{128})"\}')
SIGNATURE_BYTES = len(b',"signature":"') + 128 + len(b'"}')
FORGED = (
    "Sealing proves nothing about who sealed: ask the bank for the file, and for the public key"
    " of the unit that it comes from, again. Nothing was changed."
)

Fields = dict[str, object]


def signed_line(keys: Keys, fields: Fields) -> bytes:
    """Return `fields` in one spelling, signed, without the line's end."""
    body = _body(fields)
    return body[:-1] + b',"signature":"' + sign(keys, body).hex().encode() + b'"}'


def signed_fields(line: bytes, public: bytes) -> Fields:
    """Return the fields if `public`'s unit signed every byte of the line. Raises SealBroken."""
    found = SIGNATURE.fullmatch(line[-SIGNATURE_BYTES:])
    if found is None:
        raise SealBroken("this is not a line that a unit signed", FORGED)
    body = line[:-SIGNATURE_BYTES] + b"}"
    # Nothing is parsed before it is known who wrote it.
    if not is_signed(body, bytes.fromhex(found[1].decode()), public):
        raise SealBroken("it was not signed by the unit of this key, or was changed since", FORGED)
    fields: Fields = json.loads(body)
    return fields


def _body(fields: Fields) -> bytes:
    return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode("ascii")
