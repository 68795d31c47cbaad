"""The tables of results on recorded crowds come out."""

import json
from pathlib import Path

import pytest

from tests.bench import exporting, quality

EXPECTED = {
    "MV": {"no": 5, "yes": 5},
    "mv_acc_lo": 90,
    "mv_acc_hi": 100,
    "alpha_krippendorff": 0.5,
    "mean": {"MAE": 1},
    "median": {"MAE": 2},
}
LABELS = [
    (f"t{n}", worker, "yes" if (n % 2 == 0) == (worker != "eve") else "no")
    for n in range(10)
    for worker in ("ann", "ben", "cem", "eve")
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small crowds under the names of the recorded ones."""
    yes_no = [",".join(row) for row in LABELS]
    truth = [f"t{n},{'no' if n % 2 else 'yes'}" for n in range(10)]
    _write(tmp_path / "snow_rte", yes_no, truth)
    _write(tmp_path / "multipico_hi", yes_no)
    _write(tmp_path / "pandalm", yes_no)
    _write(tmp_path / "n_emotion", ["t0,ann,10", "t0,ben,20"], ["t0,12"])
    _write(tmp_path / "crowdwsa_j1", ["t0,ann,Habari", "t0,ben,Habari", "t1,ann,Ndiyo"])
    return tmp_path


def test_every_table_has_its_figures(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for slow in ("glad", "mace"):
        monkeypatch.delitem(quality.METHODS, slow)
    monkeypatch.setattr(quality, "EXPORTED", ("one-coin",))
    monkeypatch.setattr(exporting, "CROWD", 20)
    quality.main(folder, large=50)
    said = " ".join(capsys.readouterr().out.split())
    for method in quality.METHODS:
        assert f"│ snow_rte │ {method} │" in said
    assert "│ majority │ 100.00% │ 0 │ 90 to 100 by how ties are broken │" in said
    assert "│ n_emotion │ mean │ 3.00 │ 1 │" in said
    assert "│ crowdwsa_j1 │ unanimous │ 2 │ 2 │ answers of this type cannot be compared │" in said
    assert "│ 2 to 10, 80% sure │ 10% │" in said
    assert "50 tasks with 10 answers each" in said
    assert "Export of 50 tasks with 10 answers each, from SQLite" in said


def _write(folder: Path, labels: list[str], truth: list[str] | None = None) -> None:
    folder.mkdir()
    (folder / "labels.csv").write_text("\n".join(["task,worker,label", *labels]))
    (folder / "expected.json").write_text(json.dumps(EXPECTED))
    if truth:
        (folder / "truth.csv").write_text("\n".join(["task,truth", *truth]))
