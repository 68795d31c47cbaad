"""What a stage's answers add up to, by the method it names; and how far they agree."""

import asyncio
import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, literal, select, update

from bot.models.people import Consent, Worker
from bot.models.work import Answer, Assignment, Project, StageVersion, Task
from bot.quality import agreement, analytics
from bot.store.database import Database
from bot.work import results, stages, votes
from bot.work.results import Export
from tests.work import crowd
from tests.work.crowd import Given

GOLD = ["g1", "g2", "g3", "g4"]  # "yes" is right
# Ann knows, the others guess and outnumber her.
PEOPLE = ["w-ann", "w-ben", "w-cem"]
PROOF = [Given(key, who, "yes" if who == "w-ann" else "no") for key in GOLD for who in PEOPLE]
SPLIT = [Given("t1", "w-ann", "yes"), Given("t1", "w-ben", "no"), Given("t1", "w-cem", "no")]
OPTIONS = {"options": ["yes", "no"]}


async def test_the_accuracy_that_gold_shows_decides_a_weighted_vote(database: Database) -> None:
    made = await crowd.fill(database, [*PROOF, *SPLIT], gold=GOLD, settings=OPTIONS)
    assert (await outcome(database, made, "majority")).label == "no"
    found = await outcome(database, made, "weighted")
    assert (found.label, found.method, found.answers) == ("yes", "weighted", 3)
    assert str(found.confidence) == "0.8182"  # 0.9 of 0.9 + 0.1 + 0.1


async def test_without_gold_a_weighted_vote_is_the_majority(database: Database) -> None:
    made = await crowd.fill(database, SPLIT, settings=OPTIONS)
    found = await outcome(database, made, "weighted")
    assert (found.label, str(found.confidence)) == ("no", "0.6667")


async def test_a_corrected_gold_answer_counts_as_corrected(database: Database) -> None:
    proof = [Given(key, "w-ann", "no", corrections=("yes",)) for key in GOLD]
    proof += [Given(key, "w-ben", "no") for key in GOLD]
    made = await crowd.fill(database, [*proof, *SPLIT[:2]], gold=GOLD, settings=OPTIONS)
    assert (await outcome(database, made, "weighted")).label == "yes"


async def test_how_the_crowd_agrees_decides_one_coin(database: Database) -> None:
    said = {"w-ann": "y", "w-ben": "y", "w-dan": "y", "w-cem": "n", "w-eve": "n"}
    agreed = [
        Given(f"a{n}", who, "yes" if (label == "y") == (n % 2 == 0) else "no")
        for n in range(10)
        for who, label in said.items()
    ]
    split = [Given("t1", "w-ann", "yes"), Given("t1", "w-cem", "no"), Given("t1", "w-new", "no")]
    made = await crowd.fill(database, [*agreed, *split], settings=OPTIONS)
    found = await outcome(database, made, "one-coin")
    assert (found.label, found.method, found.answers) == ("yes", "one-coin", 3)
    assert found.confidence is not None


async def test_of_a_very_large_stage_a_part_teaches_enough(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "LEARNT", 10)
    given = [Given(f"t{n}", who, "yes") for n in range(12) for who in ("w-ann", "w-ben")]
    made = await crowd.fill(database, given, settings=OPTIONS)
    found = await outcomes(database, made, "one-coin")
    assert len(found) == 12
    assert {one.label for one in found.values()} == {"yes"}
    [confidence] = {one.confidence for one in found.values()}
    assert confidence is not None
    monkeypatch.undo()
    [whole] = {one.confidence for one in (await outcomes(database, made, "one-coin")).values()}
    assert whole is not None
    assert whole > confidence  # four tasks say less of a worker than twelve


@pytest.mark.parametrize("method", ["dawid-skene", "glad"])
async def test_a_model_of_crowd_kit_takes_all_answers_at_once(
    database: Database, method: str
) -> None:
    pytest.importorskip("crowdkit", reason="no extra [analytics]: make test has it")
    given = [Given(f"t{n}", who, "yes" if n % 2 else "no") for n in range(6) for who in PEOPLE]
    made = await crowd.fill(database, given, keys=[*(f"t{n}" for n in range(7))], settings=OPTIONS)
    found = await outcomes(database, made, method)
    assert [one.label for one in found.values()] == ["no", "yes"] * 3 + [""]
    assert [one.status for one in found.values()] == ["settled"] * 6 + ["open"]
    assert {one.method for one in found.values()} == {method}


async def test_a_model_is_refused_where_crowd_kit_is_missing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    made = await crowd.fill(database, SPLIT, settings=OPTIONS)
    with pytest.raises(analytics.ExtraMissing, match="dawid-skene needs the extra"):
        await outcomes(database, made, "dawid-skene")


async def test_a_model_is_refused_more_than_it_bears(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = analytics.Model(lambda _kit, _rows: None, 2, 2)
    monkeypatch.setitem(analytics.MODELS, "glad", small)
    made = await crowd.fill(database, SPLIT, settings=OPTIONS)
    with pytest.raises(analytics.TooManyAnswers, match="at most 2 answers and this stage has 3"):
        await outcomes(database, made, "glad")


@pytest.mark.parametrize("method", ["majority", "weighted", "one-coin"])
async def test_a_task_with_too_few_answers_is_open_by_any_method(
    database: Database, method: str
) -> None:
    made = await crowd.fill(database, SPLIT[:2], keys=["t1", "t2"], settings=OPTIONS)
    found = await outcomes(database, made, method)
    assert [(one.answers, one.status) for one in found.values()] == [(2, "open"), (0, "open")]


@pytest.mark.parametrize("method", ["majority", "weighted", "one-coin"])
async def test_whoever_withdrew_their_consent_is_left_out_by_any_method(
    database: Database, method: str
) -> None:
    made = await crowd.fill(database, [*PROOF, *SPLIT], gold=GOLD, settings=OPTIONS)
    async with database.transaction() as session:
        ann = await session.scalar(select(Worker.id).where(Worker.pseudonym == "w-ann"))
        session.add(
            Consent(
                worker_id=ann,
                document="answers",
                version="1",
                locale="sw",
                withdrawn_at=crowd.START,
            )
        )
    found = await outcome(database, made, method)
    assert (found.label, found.answers) == ("no", 2)


async def test_the_manifest_names_the_method(database: Database) -> None:
    made = await crowd.fill(database, SPLIT, settings=OPTIONS)
    assert await named(database, made) == "majority"
    await choose(database, "one-coin")
    assert await named(database, made) == "one-coin"


@pytest.mark.parametrize(
    ("name", "method", "as_"),
    [
        ("snow_rte", "majority", "mv"),
        ("multipico_hi", "majority", "mv"),
        ("pandalm", "majority", "mv"),
        ("snow_rte", "dawid-skene", "ds"),
        ("multipico_hi", "dawid-skene", "ds"),
        ("pandalm", "dawid-skene", "ds"),
        ("snow_rte", "one-coin", "ds"),
        ("pandalm", "one-coin", "ds"),
    ],
)
async def test_exported_results_of_real_crowds_are_accepted(
    database: Database, shared: Path, tmp_path: Path, name: str, method: str, as_: str
) -> None:
    if method == "dawid-skene":
        pytest.importorskip("crowdkit", reason="no extra [analytics]: make test has it")
    folder = shared / name
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        recorded = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(file)]
    await crowd.pour(database, recorded)
    options = sorted({label for _, _, label in recorded})
    await choose(database, method, {"options": options})
    file = tmp_path / "results.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        async with database.reading() as session:
            project = (await session.scalars(select(Project))).one()
            await results.export(session, project, Export("results"), stream, actor=None)
    check = [sys.executable, shared / "check.py", folder, "--export", file, "--method", as_]
    checked = await asyncio.create_subprocess_exec(*check, stdout=subprocess.PIPE)
    said, _ = await checked.communicate()
    assert checked.returncode == 0, said.decode()


# What was compared


async def test_what_was_compared_is_put_in_order(database: Database) -> None:
    pytest.importorskip("crowdkit", reason="no extra [analytics]: make test has it")
    made = await compared(database, {"t1": ("ours", "theirs"), "t2": ("theirs", "ours")})
    async with database.reading() as session:
        found = await results.ranking(session, made, ("who", "whom"), actor=None)
    assert list(found) == ["ours", "theirs"]
    assert found["ours"] == pytest.approx(3.5 / 4)  # three wins, and half of a tie


async def test_where_nothing_was_compared_the_fields_are_named(database: Database) -> None:
    made = await compared(database, {"t1": ("ours", "theirs")})
    other = await crowd.fill(database, SPLIT, slug="other", people=False)
    async with database.reading() as session:
        with pytest.raises(results.NothingCompared, match="the fields “left” and “right”"):
            await results.ranking(session, made, actor=None)
        with pytest.raises(results.NothingCompared, match="In project other"):
            await results.ranking(session, other, ("who", "whom"), actor=None)


async def compared(database: Database, bodies: dict[str, tuple[str, str]]) -> Project:
    said = [("t1", "w-ann", "left"), ("t1", "w-ben", "left"), ("t1", "w-cem", "tie")]
    said += [("t2", "w-ann", "right"), ("t2", "w-ben", "bad")]
    given = [Given(*one) for one in said if one[0] in bodies]
    made = await crowd.fill(database, given, type="compare")
    async with database.transaction() as session:
        for key, (who, whom) in bodies.items():
            body = {"who": who, "whom": whom}
            await session.execute(update(Task).where(Task.key == key).values(body=body))
    return made


# Agreement


async def test_the_agreement_of_a_stage_is_that_of_its_answers(database: Database) -> None:
    agreed = [Given(f"t{n:02}", who, "yes" if n % 2 else "no") for n in range(12) for who in PEOPLE]
    made = await crowd.fill(database, agreed)
    assert await alpha(database, made) == 1
    differ = [Given(f"t{n:02}", "w-dan", "no" if n % 2 else "yes") for n in range(12)]
    other = await crowd.fill(database, [*agreed, *differ], slug="other", people=["w-dan"])
    found = await alpha(database, other)
    assert found is not None
    assert 0 < found < 1


async def test_gold_skipped_and_corrected_answers_do_not_disturb_the_agreement(
    database: Database,
) -> None:
    given = [Given(f"t{n:02}", "w-ann", "yes" if n % 2 else "no") for n in range(12)]
    given += [Given(one.task, "w-ben", "oops", corrections=(one.label,)) for one in list(given)]
    given += [Given(f"t{n:02}", "w-cem", "", state="skipped") for n in range(12)]
    made = await crowd.fill(database, [*given, *PROOF], gold=GOLD)
    async with database.transaction() as session:
        of_gold = select(Task.id).where(Task.gold.is_not(None))
        await session.execute(
            update(Assignment).where(Assignment.task_id.in_(of_gold)).values(gold=True)
        )
    assert await alpha(database, made) == 1


async def test_a_reviewers_correction_makes_the_result_and_nobody_more_accurate(
    database: Database,
) -> None:
    labels = [Given(f"t{n:02}", who, "no") for n in range(12) for who in PEOPLE]
    labels[0] = labels[0]._replace(label="yes")
    made = await crowd.fill(database, [*PROOF, *labels], gold=GOLD, settings=OPTIONS)
    before = await alpha(database, made)
    weighted = await outcomes(database, made, "weighted")
    async with database.transaction() as session:
        reviewer = await session.scalar(select(Worker.id).limit(1))
        fixed = insert(Answer).from_select(
            ["assignment_id", "revision", "value", "label", "at", "reviewer_id"],
            select(Answer.assignment_id, 2, Answer.value, literal("yes"), Answer.at, reviewer)
            .join(Assignment)
            .where(Assignment.task_id.in_(select(Task.id).where(Task.key.in_([*GOLD, "t01"])))),
        )
        await session.execute(fixed)
    assert await alpha(database, made) == before
    after = await outcomes(database, made, "weighted")
    assert (weighted["t01"].label, after["t01"].label) == ("no", "yes")
    assert after["t00"] == weighted["t00"]
    assert after["t00"].label == "yes"  # Ann's, who alone was right about the gold
    majority = await outcomes(database, made, "majority")
    assert (majority["t01"].label, majority["t02"].label) == ("yes", "no")


async def test_only_the_newest_answers_are_measured(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [Given(f"t{n:02}", who, "yes") for n in range(12) for who in PEOPLE]
    made = await crowd.fill(database, given)
    monkeypatch.setattr(votes, "NEWEST", 3)
    assert (await measured(database, made)).reason == agreement.TOO_FEW


async def outcomes(database: Database, project: Project, method: str) -> dict[str, results.Outcome]:
    await choose(database, method)
    async with database.reading() as session:
        return await results.outcomes(session, project)


async def outcome(database: Database, project: Project, method: str) -> results.Outcome:
    return (await outcomes(database, project, method))["t1"]


async def choose(
    database: Database, method: str, settings: dict[str, list[str]] | None = None
) -> None:
    values: dict[str, object] = {"quality": {"aggregate": method}}
    if settings:
        values["settings"] = settings
    async with database.transaction() as session:
        await session.execute(update(StageVersion).values(**values))


async def named(database: Database, project: Project) -> str:
    async with database.reading() as session:
        written = await results.export(
            session, project, Export("results"), io.StringIO(), actor=None
        )
        content = json.loads(await results.manifest(session, project, {"results.csv": written}))
    return content["stages"][0]["aggregate"]


async def measured(database: Database, project: Project) -> agreement.Agreement:
    async with database.reading() as session:
        [spec] = await stages.current(session, project.id)
        return await votes.agreement(session, spec)


async def alpha(database: Database, project: Project) -> float | None:
    return (await measured(database, project)).alpha
