"""The bot is killed under load, again and again, and no answer and no cent is lost or doubled.

`KAZI_CHAOS_KILLS=50` and `KAZI_CHAOS_SECONDS=600` make the storms long, `KAZI_CHAOS_SEED` repeats
one; README.md has the rest.
"""

import os
import secrets
from pathlib import Path

import pytest

from tests.chaos import storm
from tests.chaos.storm import Trouble
from tests.life import TOKEN

KILLS = int(os.environ.get("KAZI_CHAOS_KILLS", "6"))
SEED = int(os.environ.get("KAZI_CHAOS_SEED") or secrets.randbelow(10**6))
AWAY = float(os.environ.get("KAZI_CHAOS_AWAY", "4"))  # seconds without a database
SECONDS = float(os.environ.get("KAZI_CHAOS_SECONDS", "5"))  # of everything at once
COLD = os.environ.get("KAZI_CHAOS_COLD") == "1"


@pytest.mark.timeout(120 + 15 * KILLS)
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_bot_killed_under_load_loses_and_doubles_nothing(
    mode: str, database_url: str, tmp_path: Path
):
    await _weather(mode, database_url, tmp_path)


@pytest.mark.timeout(120 + 15 * KILLS)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_replicas_killed_one_by_one_lose_and_double_nothing(
    database_url: str, tmp_path: Path
):
    await _weather("replicas", database_url, tmp_path)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_rolling_restart_is_not_noticed(database_url: str, tmp_path: Path):
    trouble = Trouble(restarts=1)
    report = await storm.rage("replicas", database_url, tmp_path, seed=SEED, trouble=trouble)
    print(report.line(), report.goodbyes, f"gap {report.gap:.1f} s")
    assert not report.faults, "\n".join(report.faults)
    assert [code for code, _ in report.goodbyes] == [0, 0, 0]
    assert max(seconds for _, seconds in report.goodbyes) < 15
    assert report.gap < 2
    assert "Traceback" not in report.said, report.said[-4000:]


@pytest.mark.timeout(180 + 2 * AWAY)
@pytest.mark.skipif(
    "KAZI_TEST_POSTGRES" in os.environ, reason="somebody else's server is left alone"
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_replicas_outlive_a_database_that_falls_and_comes_back(
    database_url: str, tmp_path: Path
):
    trouble = Trouble(kills=1, outages=(0, AWAY, 0))
    report = await storm.rage("replicas", database_url, tmp_path, seed=SEED, trouble=trouble)
    print(report.line())
    assert not report.faults, "\n".join(report.faults)
    assert TOKEN not in report.said


@pytest.mark.timeout(240 + 2 * SECONDS)
@pytest.mark.skipif(
    "KAZI_TEST_POSTGRES" in os.environ, reason="somebody else's server is left alone"
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_everything_at_once_loses_and_doubles_nothing(database_url: str, tmp_path: Path):
    print(f"KAZI_CHAOS_SEED={SEED}")
    trouble = Trouble(seconds=SECONDS, muddle=0.05, people=32)
    report = await storm.rage("replicas", database_url, tmp_path, seed=SEED, trouble=trouble)
    print(report.line())
    assert not report.faults, "\n".join(report.faults)
    assert report.muddled
    assert TOKEN not in report.said


async def _weather(mode: str, database_url: str, tmp_path: Path) -> None:
    print(f"KAZI_CHAOS_SEED={SEED}")
    report = await storm.rage(
        mode, database_url, tmp_path, seed=SEED, trouble=Trouble(KILLS), cold=COLD
    )
    print(report.line())
    assert not report.faults, "\n".join(report.faults)
    assert TOKEN not in report.said
    assert "Traceback" not in report.said, report.said[-4000:]
    assert report.answers > KILLS
