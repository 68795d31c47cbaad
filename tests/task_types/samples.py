"""One or more settings of each type, with a row that fits, for the contract that all types keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from bot.task_types import TASK_TYPES
from bot.task_types.kind import TaskType, Value, Wording

PHOTO = "https://example.org/market.jpg"
SHOWN = {"show": ["sentence"]}
ROW: Mapping[str, object] = {"sentence": "Mvua inanyesha."}
BOUNDED = st.integers(0, 10_000).map(lambda n: n // 100 if n % 100 == 0 else n / 100)


@dataclass(frozen=True)
class Sample:
    name: str
    raw: Mapping[str, object]
    values: st.SearchStrategy[Value]
    row: Mapping[str, object] = field(default_factory=lambda: ROW)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> TaskType:
        return TASK_TYPES[self.name]

    @property
    def settings(self) -> dict[str, Any]:
        return self.type.settings(self.raw)

    @property
    def wording(self) -> Wording:
        return Wording("sw", "Ni ipi?", "Soma yote.", self.labels)


def _subsets(options: list[str], low: int) -> st.SearchStrategy[Value]:
    marks = st.lists(st.booleans(), min_size=len(options), max_size=len(options))
    return marks.map(lambda on: [o for o, m in zip(options, on, strict=True) if m]).filter(
        lambda picks: len(picks) >= low
    )


SAMPLES = {
    "choice": Sample(
        "choice",
        {"options": ["yes", "no", "unclear"], **SHOWN},
        st.sampled_from(["yes", "no", "unclear"]),
        labels={"yes": "Ndiyo", "no": "Hapana", "unclear": "Haijulikani kwa sababu " * 3},
    ),
    "choice with a photo": Sample(
        "choice",
        {"options": [True, 2, 0.5], "photo": "image"},
        st.sampled_from(["true", "2", "0.5"]),
        row={"image": PHOTO},
    ),
    "multi": Sample(
        "multi",
        {"options": ["cat", "dog", "bird"], **SHOWN},
        _subsets(["cat", "dog", "bird"], 1),
        labels={"cat": "Paka"},
    ),
    "multi or none": Sample(
        "multi",
        {"options": list("abcdefghijkl"), "min": 0, **SHOWN},
        _subsets(list("abcdefghijkl"), 0),
    ),
    "compare": Sample(
        "compare",
        {"show": ["source"]},
        st.sampled_from(["left", "right", "tie", "bad"]),
        row={"source": "It rains.", "left": "Mvua.", "right": "Kunanyesha."},
    ),
    "compare without ties": Sample(
        "compare",
        {"ties": False, "bad": False},
        st.sampled_from(["left", "right"]),
        row={"left": "Mvua.", "right": "Kunanyesha."},
    ),
    "rating": Sample(
        "rating",
        SHOWN,
        st.integers(1, 5),
        labels={"low": "Mbaya", "high": "Nzuri"},
    ),
    "rating to ten": Sample("rating", {"scale": 10, **SHOWN}, st.integers(1, 10)),
    "number": Sample(
        "number",
        SHOWN,
        st.integers(-(10**14), 10**14)
        | st.integers(-(10**14), 10**14).map(lambda n: n / 10**6).filter(lambda f: f % 1 != 0),
    ),
    "number in bounds": Sample("number", {"min": 0, "max": 100, "decimals": 2, **SHOWN}, BOUNDED),
    "text": Sample(
        "text",
        SHOWN,
        st.text("abc ñ中ক্ষ\u200d👩🏽\n", min_size=1).map(str.strip).filter(bool),
        row={"sentence": "It rains."},
    ),
    "text of some words": Sample(
        "text",
        {"min_words": 2, "max_words": 4, "max_chars": 400, **SHOWN},
        st.sampled_from(["two words", "four words make it", "一二三"]),
    ),
}
