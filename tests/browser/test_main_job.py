"""The main job, done by hand: a worker joins and works, the owner makes a project, in a browser."""

import asyncio
import csv
import io
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot import i18n, money
from bot.i18n import pgettext
from bot.work import results

BROWSERS = ("chromium", "/usr/bin/chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000  # ms; a busy machine is slow, and nothing here waits longer than it must
STEPS = 20  # of joining
REVIEWS = b"""key,text
r1,The bus was late but the driver was kind.
r2,"Asante sana, the shop opened early."
r3,Nobody answered & I left.
"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.timeout(180),
]


async def test_a_newcomer_works_and_an_owner_makes_a_project_by_hand(tmp_path: Path) -> None:
    async with demo(tmp_path) as address, browser(tmp_path) as page:
        await page.goto(address)
        zawadi = await newcomer(page, "Zawadi", "sw")
        await zawadi.join()
        await zawadi.press_home(0)
        questions = [await zawadi.answer(0) for _ in range(5)]
        assert len(set(questions[:3])) == 1
        assert len(set(questions[3:])) == 1
        assert questions[2] != questions[3], "three of a kind, then another type"
        await zawadi.take_back_and_answer(1)
        assert await zawadi.sees_in_balance(3 * 20_000 + 2 * 62_500)

        olivia = await Chat.of(page, "Olivia")
        await olivia.upload("reviews.csv", REVIEWS, caption="/newproject")
        await olivia.tap("Create draft")
        await olivia.tap("Preview")
        await expect(olivia.last).to_contain_text("The bus was late but the driver was kind.")
        await olivia.tap("Open…")
        await olivia.tap("Open it")
        await olivia.reads("Reviews · open")
        await olivia.say("/status")
        await expect(olivia.last).to_contain_text("Reviews · open")
        header, *rows = await olivia.export("Which sentence sounds more natural?")
        assert header == list(results.COLUMNS["raw"])
        assert len(rows) <= 3, "hers, without the gold"


class Chat:
    """One person's chat on the page, used as they would use it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.column = page.get_by_role("region", name=f"Chat of {name}", exact=True)
        self.log = self.column.get_by_role("log", name="Messages")
        self.last = self.log.get_by_role("article").last
        self.home = self.column.get_by_role("group", name="Reply keyboard").get_by_role("button")

    @classmethod
    async def of(cls, page: Page, name: str) -> "Chat":
        await page.get_by_role("button", name=name, exact=True).click()
        return cls(page, name)

    async def join(self) -> None:
        """START, and the first button of every step until the keyboard of Home is there."""
        await self.column.get_by_role("button", name="START", exact=True).click()
        for _ in range(STEPS):
            first = self.keys.first
            await expect(first.or_(self.home.first).first).to_be_visible()
            if await self.home.count():
                return
            await self._changes(first.click())
        raise AssertionError("joining did not end")

    async def press_home(self, index: int) -> None:
        await expect(self.home).to_have_count(4)
        await self._changes(self.home.nth(index).click())
        await expect(self.keys.first).to_be_visible()

    async def answer(self, index: int) -> str:
        """Tap an answer of the live card; the question that it answered."""
        question = await self.last.locator("b").first.inner_text()
        await self._changes(self.keys.nth(index).click())
        return question

    async def take_back_and_answer(self, index: int) -> None:
        with i18n.speaking("sw"):
            undo = pgettext("button", "Undo")
        await self._changes(self.log.get_by_role("button", name=undo, exact=True).click())
        await self.answer(index)

    async def sees_in_balance(self, micro: int) -> bool:
        with i18n.speaking("sw"):
            amount = money.show(micro, "USD")
        await self.press_home(1)
        return i18n.strip_marks(amount) in i18n.strip_marks(await self.last.inner_text())

    async def say(self, text: str) -> None:
        field = self.column.get_by_role("textbox", name="Message", exact=True)
        await field.fill(text)
        await self.column.get_by_role("button", name="Send", exact=True).click()
        await expect(self.last).not_to_have_class(re.compile(r"\bout\b"))

    async def tap(self, label: str) -> None:
        await self.log.get_by_role("button", name=label, exact=True).last.click()

    async def reads(self, text: str) -> None:
        await expect(self.log.get_by_role("article").filter(has_text=text).last).to_be_visible()

    async def upload(self, name: str, content: bytes, *, caption: str) -> None:
        async with self.page.expect_file_chooser() as choosing:
            await self.column.get_by_role("button", name="Attach", exact=True).click()
            await self.column.get_by_role("menuitem", name="File", exact=True).click()
        chooser = await choosing.value
        await chooser.set_files({"name": name, "mimeType": "text/csv", "buffer": content})
        await self.column.get_by_role("textbox", name="Caption").fill(caption)
        await self.column.get_by_role("button", name="Send file", exact=True).click()

    async def export(self, project: str) -> list[list[str]]:
        """The lines of the answers' CSV, asked for with /export and downloaded."""
        await self.say("/export")
        await self.tap(project)
        await self.log.get_by_role("button", name=re.compile("^Answers.*CSV")).click()
        await expect(self._file("-raw.manifest.json")).to_be_visible()  # nothing moves after it
        async with self.page.expect_download() as downloading:
            await self._file("-raw.csv").click()
        path = await (await downloading.value).path()
        text = await asyncio.to_thread(Path(path).read_text, "utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    def _file(self, ending: str) -> Locator:
        return self.log.get_by_role("link", name=re.compile(f"^Download .*{re.escape(ending)}"))

    @property
    def keys(self) -> Locator:
        """The buttons under the newest message."""
        return self.last.locator(".inline-keyboard").get_by_role("button")

    async def _changes(self, act: object) -> None:
        """Do it, and wait until the newest message of the bot is another or says another thing."""
        words = self.log.locator("article.in .text").last
        before = await words.inner_text()
        await act
        await expect(words).not_to_have_text(before, use_inner_text=True)


async def newcomer(page: Page, name: str, language: str) -> Chat:
    """A person made with the page's own form."""
    await page.get_by_role("button", name="Add a person").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Language code").fill(language)
    await page.get_by_role("button", name="Add", exact=True).click()
    return await Chat.of(page, name)


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """`python -m bot demo` in a process of its own; the address of its page."""
    database = f"sqlite:///{folder / 'demo.db'}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--port", "0", "--database-url", database),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"NO_COLOR": "1"},
    )
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), timeout=60)
        found = re.search(rb"http://\S+", said)
        assert found, f"the demo said {said!r}"
        yield found[0].decode()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), timeout=30)
    assert process.returncode == 0


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """A page that must not throw; what it looked like at a failure is kept beside the database."""
    faults: list[str] = []
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(str(error)))
        try:
            yield page
        except BaseException:
            await page.screenshot(path=folder / "failure.png")
            raise
        finally:
            await chromium.close()
    assert not faults
