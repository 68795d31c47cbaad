"""Every kazi command that a file of deploy/ calls is there, with the options it is given."""

import json
import re

import pytest
import typer
import yaml

from bot.cli import app

KAZI = typer.main.get_command(app)


def command(words):
    """The command that these words name; raises LookupError when there is none."""
    found, rest = KAZI, list(words)
    while (commands := getattr(found, "commands", None)) and rest and not rest[0].startswith("-"):
        found = commands[rest.pop(0)]
    options = {name for parameter in found.params for name in parameter.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word not in options]
    if unknown:
        raise LookupError(unknown)
    return found


def in_the_image(deploy):
    text = (deploy / "Dockerfile").read_text()
    entry = json.loads(re.search(r"^ENTRYPOINT (.+)$", text, re.MULTILINE)[1])
    assert entry == ["kazi"]
    yield json.loads(re.findall(r"^CMD (.+)$", text, re.MULTILINE)[-1])


def in_compose(deploy):
    services = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]
    yield from (one["command"] for one in services.values() if "kazi" in one["image"])


def in_kubernetes(deploy):
    for name in ("deployment.yaml", "migrate.yaml"):
        manifest = yaml.safe_load((deploy / "k8s" / name).read_text())
        yield from (one["args"] for one in manifest["spec"]["template"]["spec"]["containers"])


def in_systemd(deploy):
    for path in sorted((deploy / "systemd").glob("*.service")):
        line = re.search(r"^ExecStart=(.+)$", path.read_text(), re.MULTILINE)[1]
        yield re.search(r"/opt/kazi/\.venv/bin/kazi (.+?)['\"]*$", line)[1].split()


def in_the_readme(deploy):
    """What is said as `kazi …`, and what follows kazi or tools in the lines to be copied."""
    text = (deploy / "README.md").read_text()
    said = re.findall(r"`kazi ([a-z][^`]*)`", text)
    before = r"(?:kazi:latest|--rm tools|-- kazi|sudo kazi|^kazi)"
    copied = re.findall(before + r" ([a-z][^\n`,#>]*)", text, re.MULTILINE)
    assert len(said) > 5
    assert len(copied) > 5
    yield from (line.split() for line in (*said, *copied))


@pytest.mark.parametrize(
    "place", [in_the_image, in_compose, in_kubernetes, in_systemd, in_the_readme]
)
def test_the_commands_exist(place, deploy):
    calls = list(place(deploy))
    assert calls
    for words in calls:
        assert command(words), words


def test_a_command_that_is_not_there_would_be_noticed():
    with pytest.raises(LookupError):
        command(["surf"])
    with pytest.raises(LookupError):
        command(["serve", "--surf"])
