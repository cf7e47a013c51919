"""Something that must never be so is so."""


class Violation(AssertionError):
    """One sentence, and what it is about."""


def check(holds: bool, sentence: str, *about: object) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(f"{sentence}: {', '.join(map(str, about))}" if about else sentence)
