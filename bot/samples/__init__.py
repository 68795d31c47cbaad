"""The projects that `kazi demo` opens: a project file and its rows, for each."""

from importlib import resources

PROJECTS = ("sw-fluency", "answer-check", "message-topics")  # in the order they are opened


def read(name: str) -> bytes:
    """A file of a project: "sw-fluency.toml" or "sw-fluency.jsonl"."""
    return resources.files(__package__).joinpath(name).read_bytes()
