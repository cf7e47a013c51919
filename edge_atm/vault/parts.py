"""One spelling for a list of texts, so that no text can borrow letters from its neighbour."""

LENGTH_BYTES = 4


def encode_parts(*parts: str) -> bytes:
    """Return bytes that no other list of texts gives: each text after its length in UTF-8 bytes."""
    encoded = [part.encode("utf-8") for part in parts]
    return b"".join(len(part).to_bytes(LENGTH_BYTES, "big") + part for part in encoded)
