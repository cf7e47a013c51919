"""The one error of this tool: a sentence saying what is wrong and a hint saying what to do next."""


class ExportError(Exception):
    """A fault we expect; `hint` is the next action for the person at the keyboard."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
