"""The files of deploy/, read."""

from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture(scope="session")
def deploy() -> Path:
    return DEPLOY


@pytest.fixture(scope="session")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="session")
def manifests():
    """Kind to manifest; there is one of each."""
    found = {}
    for path in sorted((DEPLOY / "k8s").glob("*.yaml")):
        for one in yaml.safe_load_all(path.read_text()):
            assert one["kind"] not in found
            found[one["kind"]] = one
    return found
