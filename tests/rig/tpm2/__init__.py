"""A TPM with one scripted counter, reached as the product reaches a real one: by tpm2-tools."""

from pathlib import Path

TOOL = Path(__file__).with_name("tpm2")
NAMES = ("tpm2_nvdefine", "tpm2_nvincrement", "tpm2_nvread", "tpm2_nvreadpublic")


class ScriptedTpm:
    """The tools in `folder`, to be put on PATH, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for name in NAMES:
            (folder / name).symlink_to(TOOL)

    def script(self, name: str, lines: str) -> None:
        """Let the tool run shell lines before it answers; `fail WHY` and `exit` end it there."""
        (self.folder / f"script.{name}").write_text(lines + "\n")

    def holds(self, value: int, attributes: int = 0x22060016) -> None:
        """Put an index with these attributes and this value in the counter's place."""
        (self.folder / "attributes").write_text(f"{attributes:#x}")
        (self.folder / "value").write_text(str(value))

    def remove(self) -> None:
        """Undefine the index, as the TPM's owner may."""
        (self.folder / "attributes").unlink()

    def calls(self) -> list[str]:
        """Return each command line, oldest first."""
        return (self.folder / "calls").read_text().splitlines()

    def environ(self) -> str:
        """Return what every call had in its environment."""
        return (self.folder / "environ").read_text()
