"""The dashboard and the alerts speak of metrics that there are."""

import json
import re

import pytest
import yaml
from prometheus_client import REGISTRY

from bot import metrics

LABELS = {
    "kazi_turn_seconds": {"kind"},
    "kazi_updates_total": {"kind", "outcome"},
    "kazi_outbox_waiting": {"lane"},
    "kazi_outbox_oldest_seconds": {"lane"},
    "kazi_sends_total": {"method", "outcome"},
    "kazi_gate_wait_seconds": set(),
    "kazi_claims_total": set(),
    "kazi_leases_expired_total": set(),
    "kazi_answers_total": set(),
    "kazi_dead_updates": set(),
    "kazi_pool_used": set(),
    "kazi_pool_size": set(),
    "kazi_webhook_pending": set(),
    "kazi_webhook_last_error_seconds": set(),
    "kazi_invariant_faults": set(),
}
HISTOGRAMS = {"kazi_turn_seconds", "kazi_gate_wait_seconds"}
SERIES = {name: labels for name, labels in LABELS.items() if name not in HISTOGRAMS} | {
    f"{name}_{part}": LABELS[name] | ({"le"} if part == "bucket" else set())
    for name in HISTOGRAMS
    for part in ("bucket", "sum", "count")
}
EVERYWHERE = {"job", "instance"}
OUTCOMES = {"done", "again", "failed", "dead", "sent", "held"}
LANES = {"replies", "money", "offers", "broadcasts"}


def panels(deploy):
    found = json.loads((deploy / "grafana" / "dashboard.json").read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def rules(deploy):
    groups = yaml.safe_load((deploy / "grafana" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def of_the_dashboard(deploy):
    return [target["expr"] for panel in panels(deploy) for target in panel["targets"]]


def of_the_alerts(deploy):
    return [rule["expr"] for rule in rules(deploy)]


def test_the_metrics_are_those_that_the_bot_tells():
    told = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in REGISTRY.collect()
        if family.name.startswith("kazi_")
    }
    assert metrics.TURN_SECONDS
    assert told == set(LABELS)


both = pytest.mark.parametrize("expressions", [of_the_dashboard, of_the_alerts])


def series(expression):
    """Each series of an expression, with the labels that it is chosen by."""
    for name, chosen in re.findall(r"\b(kazi_\w+)(\{[^}]*\})?", expression.replace('"kazi"', '""')):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen))


@both
def test_every_metric_exists_and_has_the_labels_it_is_chosen_by(expressions, deploy):
    for expression in expressions(deploy):
        for name, chosen in series(expression):
            assert name in SERIES, expression
            assert chosen <= SERIES[name] | EVERYWHERE, expression


@both
def test_every_label_that_is_summed_by_exists(expressions, deploy):
    for expression in expressions(deploy):
        by = {one for many in re.findall(r"by \(([^)]+)\)", expression) for one in many.split(", ")}
        known = set().union(*(SERIES[name] for name, _ in series(expression)), EVERYWHERE)
        assert by <= known, expression


@both
def test_outcomes_and_lanes_are_those_that_there_are(expressions, deploy):
    text = "\n".join(expressions(deploy))
    assert set(re.findall(r'outcome="(\w+)"', text)) <= OUTCOMES
    lanes = re.findall(r'lane(?:=~|!~|=)"([^"]+)"', text)
    assert {one for many in lanes for one in many.split("|")} <= LANES


def test_the_dashboard_shows_every_metric(deploy):
    shown = {name for expression in of_the_dashboard(deploy) for name, _ in series(expression)}
    missing = {name for name in LABELS if not {name, f"{name}_bucket"} & shown}
    assert not missing


def test_no_two_panels_cover_each_other(deploy):
    taken = set()
    for panel in json.loads((deploy / "grafana" / "dashboard.json").read_text())["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_alert_says_how_bad_it_is_and_what_to_do(deploy):
    found = rules(deploy)
    assert len({rule["alert"] for rule in found}) == len(found)
    for rule in found:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "action"}
