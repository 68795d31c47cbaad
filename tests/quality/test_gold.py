"""Answers beside the one that is known to be right."""

from decimal import Decimal

import pytest

from bot.quality import gold


@pytest.mark.parametrize(
    ("combine", "label", "right"), [("vote", "yes", True), ("vote", "Yes", False)]
)
def test_labels_are_the_same_or_not(combine: gold.Combine, label: str, right: bool) -> None:
    assert gold.agrees(combine, "yes", label) is right


@pytest.mark.parametrize(
    ("label", "tolerance", "right"),
    [
        ("12.5", "0", True),
        ("012.50", "0", True),
        ("12.6", "0", False),
        ("12.6", "0.1", True),
        ("12.4", "0.1", True),
        ("12.61", "0.1", False),
        ("-12.5", "20", False),
    ],
)
def test_a_number_may_be_a_little_away(label: str, tolerance: str, right: bool) -> None:
    assert gold.agrees("mean", "12.5", label, tolerance=Decimal(tolerance)) is right


def test_free_text_is_not_compared() -> None:
    assert gold.comparable("vote")
    assert gold.comparable("mean")
    assert not gold.comparable("none")
