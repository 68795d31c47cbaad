"""The catalogs of translations: taken from the code, brought up to date, and checked.

python -m bot.catalogs extract    write locales/bot.pot from the code
python -m bot.catalogs update     the same, then bring every shipped language up to date
python -m bot.catalogs check      exit 1 and say what keeps the catalogs from being complete
python -m bot.catalogs pseudo     print the pseudo-locale, to look for strings that do not fit
"""

import argparse
import io
import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot import i18n

ROOT = Path(__file__).parents[1]
SOURCES = ("bot", "handlers")
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}

# Pinned, because Babel's own table misses or misstates half of these languages. Checked below
# against the plural rules of CLDR.
PLURAL_FORMS = {
    "en": "nplurals=2; plural=(n != 1);",
    "sw": "nplurals=2; plural=(n != 1);",
    "fil": "nplurals=2; plural=(n%10==4 || n%10==6 || n%10==9);",
    "hi": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "pt_BR": "nplurals=2; plural=(n > 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : "
    "n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "zh_Hans": "nplurals=1; plural=0;",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
    "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "id": "nplurals=1; plural=0;",
    "bn": "nplurals=2; plural=(n > 1);",
}
COUNTED = range(201)  # integers for which plural rules are compared

TAGS = frozenset({"b", "i", "code"})
LONGEST = {"button": 20, "toast": 180, "menu": 60}  # characters by context; Telegram cuts later
GROWTH = 1.4  # a translation may be this much longer
COUNT = "count"  # a form for a single number may leave this one out: "one task"

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_COMMAND = re.compile(r"(?<![\w<])/[a-z][a-z_]*")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_OVERRIDES = re.compile("[\u202a-\u202e]")
_OPENING, _CLOSING = "\u2066\u2067\u2068", "\u2069"
# What Babel writes anew each time, or as a form to fill in: noise in every difference
_NOISE = re.compile(
    r'^"(?:POT-Creation-Date|Generated-By|.*EMAIL@ADDRESS|.*LL@li\.org|PO-Revision-Date: YEAR).*\n',
    re.MULTILINE,
)


def extract(root: Path = ROOT) -> None:
    """Write the template from what the code says today."""
    template_path(root).parent.mkdir(exist_ok=True)
    template_path(root).write_text(_as_text(template(root)), "utf-8")


def update(root: Path = ROOT, codes: Iterable[str] = i18n.SHIPPED) -> None:
    """Bring template and catalogs up to date. Reworded strings become fuzzy, to be confirmed."""
    extract(root)
    for code in codes:
        path = catalog_path(root, code)
        catalog = _read(path) if path.exists() else _empty(code)
        catalog.update(template(root))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_as_text(catalog), "utf-8")


def check(root: Path = ROOT, codes: Iterable[str] = i18n.SHIPPED) -> list[str]:
    """Everything that keeps the catalogs from being shipped, one sentence each."""
    wanted = template(root)
    faults = [*_source_faults(wanted)]
    path = template_path(root)
    if not path.exists() or path.read_text("utf-8") != _as_text(wanted):
        faults.append("locales/bot.pot does not match the code. Run: make catalogs")
    for code in codes:
        name = catalog_path(root, code).relative_to(root)
        faults += [f"{name}: {fault}" for fault in catalog_faults(root, code, wanted)]
    return faults


def template_path(root: Path) -> Path:
    return root / "locales" / "bot.pot"


def catalog_path(root: Path, code: str) -> Path:
    return root / "locales" / code / "LC_MESSAGES" / "bot.po"


def template(root: Path = ROOT) -> Catalog:
    """The messages of the code, with the translators' comments and the files they are in."""
    catalog = Catalog(
        project="Kazi", version="bot", header_comment="# What Kazi says.", charset="utf-8"
    )
    for folder in SOURCES:
        found = extract_from_dir(
            root / folder,
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for file, _, message, comments, context in found:
            place = [(f"{folder}/{Path(file).as_posix()}", 0)]
            catalog.add(message, None, place, auto_comments=comments, context=context)
    return catalog


def pseudo(root: Path = ROOT) -> Catalog:
    """Every message as the pseudo-locale says it. To speak it, `i18n.use_pseudo` is enough."""
    catalog = template(root)
    for message in _messages(catalog):
        forms = tuple(i18n.pseudo(text) for text in _texts(message.id))
        message.string = forms if message.pluralizable else forms[0]
    return catalog


# One catalog


def catalog_faults(root: Path, code: str, wanted: Catalog) -> Iterator[str]:
    """What is wrong with one language's catalog, compared with the messages of the code."""
    path = catalog_path(root, code)
    if not path.exists():
        yield "is not there. Run: make catalogs"
        return
    catalog = _read(path)
    yield from plural_faults(code, catalog)
    yield from _membership_faults(catalog, wanted)
    for message in _messages(catalog):
        yield from (
            f"{_name(message)}: {fault}" for fault in message_faults(message, code, catalog)
        )


def plural_faults(code: str, catalog: Catalog) -> Iterator[str]:
    """Whether the header has the pinned plural forms, and whether those follow CLDR."""
    if _squeezed(catalog.plural_forms) != _squeezed(PLURAL_FORMS[code]):
        yield f"Plural-Forms must be: {PLURAL_FORMS[code]}"
    index = c2py(catalog.plural_expr)
    rule = Locale.parse(code).plural_form
    pairs = {(rule(n), index(n)) for n in COUNTED}
    if len(pairs) != len({category for category, _ in pairs}) or (
        len(pairs) != len({position for _, position in pairs})
    ):
        yield "Plural-Forms disagree with the plural rules of the language"
    if max(position for _, position in pairs) >= catalog.num_plurals:
        yield "Plural-Forms count fewer forms than they use"


def message_faults(message: Message, code: str, catalog: Catalog) -> Iterator[str]:
    """What is wrong with one translation."""
    forms = _texts(message.string)
    if message.fuzzy:
        yield "is fuzzy: confirm the translation"
    if code == i18n.ENGLISH and not any(forms):
        return
    if not all(forms):
        yield "has no translation"
        return
    if message.pluralizable and len(forms) != catalog.num_plurals:
        yield f"has {len(forms)} plural forms instead of {catalog.num_plurals}"
    single = _single_forms(catalog)
    for position, form in enumerate(forms):
        alone = message.pluralizable and position in single
        yield from _form_faults(message, form, code, count_needed=not alone)


def _membership_faults(catalog: Catalog, wanted: Catalog) -> Iterator[str]:
    ours, theirs = _keys(catalog), _keys(wanted)
    yield from (f"{_quoted(key[0])} is missing" for key in theirs if key not in ours)
    yield from (f"{_quoted(key[0])} is no longer used" for key in ours if key not in theirs)
    yield from (f"{_name(message)} is obsolete" for message in catalog.obsolete.values())


def _single_forms(catalog: Catalog) -> set[int]:
    """The positions of the forms that serve one number only."""
    index = c2py(catalog.plural_expr)
    return {form for form, uses in Counter(map(index, COUNTED)).items() if uses == 1}


def _form_faults(message: Message, form: str, code: str, *, count_needed: bool) -> Iterator[str]:
    source = _texts(message.id)[-1]
    yield from _placeholder_faults(source, form, count_needed=count_needed)
    for what, signs in PARITIES.items():
        if signs(source) != signs(form):
            yield f"its {what} differ from the English"
    yield from _direction_faults(form)
    if i18n.LANGUAGES[code].rtl and any(map(_turns_left, form.splitlines())):
        yield "a line does not begin with a right-to-left word"
    yield from _length_faults(form, message.context, GROWTH)


# One text


def _tags(text: str) -> Counter[str]:
    return Counter(_TAG.findall(text))


def _commands(text: str) -> set[str]:
    return set(_COMMAND.findall(_TAG.sub(" ", text)))


def _ends(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


PARITIES: dict[str, Callable[[str], object]] = {
    "tags": _tags,
    "commands": _commands,
    "first or last spaces": _ends,
}


def _source_faults(wanted: Catalog) -> Iterator[str]:
    """What translators could not work with: said about the code, not about a language."""
    for message in _messages(wanted):
        files = ", ".join(sorted({file for file, _ in message.locations}))
        for text in _texts(message.id):
            yield from (
                f"{files}: {_quoted(text)}: {fault}" for fault in _text_faults(text, message)
            )


def _text_faults(text: str, message: Message) -> Iterator[str]:
    fields = _fields(text)
    if fields is None or not all(re.match(r"[a-z_]+(?![^!:])", field) for field in fields):
        yield "its placeholders must be named"
    strange = {tag.strip("</>") for tag in _TAG.findall(text)} - TAGS
    if strange:
        yield f"only the tags {', '.join(sorted(TAGS))} may be used"
    yield from _nesting_faults(text)
    yield from _direction_faults(text)
    yield from _length_faults(text, message.context, 1)


def _placeholder_faults(source: str, form: str, *, count_needed: bool) -> Iterator[str]:
    wanted, found = _fields(source) or set(), _fields(form)
    if found is None:
        yield "a brace is not closed"
        return
    optional = set() if count_needed else {COUNT}
    if wanted - found - optional:
        yield f"does not use {_listed(wanted - found - optional)}"
    if found - wanted:
        yield f"uses {_listed(found - wanted)}, which the English does not have"


def _nesting_faults(text: str) -> Iterator[str]:
    opened: list[str] = []
    for tag in _TAG.findall(text):
        name = tag.strip("</>")
        if not tag.startswith("</"):
            opened.append(name)
        elif not opened or opened.pop() != name:
            yield f"the tag {tag} closes nothing"
    if opened:
        yield f"the tag <{opened[-1]}> is not closed"


def _direction_faults(text: str) -> Iterator[str]:
    if _OVERRIDES.search(text):
        yield "has direction overrides; use isolates"
    for line in text.splitlines():
        if sum(map(line.count, _OPENING)) != line.count(_CLOSING):
            yield "its isolates are not closed within the line"


def _turns_left(line: str) -> bool:
    """Whether the first strong sign would make clients lay the line out from left to right."""
    directions = map(unicodedata.bidirectional, _TAG.sub("", line))
    return next((one for one in directions if one in ("L", "R", "AL")), "R") == "L"


def _length_faults(text: str, context: str | None, growth: float) -> Iterator[str]:
    longest = round(LONGEST.get(context or "", sys.maxsize) * growth)
    length = len(_PLACEHOLDER.sub("", text))
    if length > longest:
        yield f"has {length} characters; a {context} has room for {longest}"


def _fields(text: str) -> set[str] | None:
    """The placeholders, each with its conversion and format; None when braces do not match."""
    try:
        parsed = [*string.Formatter().parse(text)]
    except ValueError:
        return None
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, name, form, conversion in parsed
        if name is not None
    }


# Files


def _read(path: Path) -> Catalog:
    return read_po(io.BytesIO(path.read_bytes()))


def _empty(code: str) -> Catalog:
    language = i18n.LANGUAGES[code]
    header = (
        f'# {language.name}\nmsgid ""\nmsgstr ""\n"Project-Id-Version: Kazi bot\\n"\n'
        f'"Language: {code}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {PLURAL_FORMS[code]}\\n"\n'
    )
    return read_po(io.BytesIO(header.encode()))


def _as_text(catalog: Catalog) -> str:
    """Sorted and without line numbers, so that a change in the code changes few lines here."""
    written = io.BytesIO()
    write_po(written, catalog, sort_output=True, include_lineno=False, include_previous=True)
    return _NOISE.sub("", written.getvalue().decode())


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _keys(catalog: Catalog) -> dict[tuple[str, str, str | None], None]:
    """Singular, last form and context of every message, in order."""
    texts = ((_texts(message.id), message.context) for message in _messages(catalog))
    return {(forms[0], forms[-1], context): None for forms, context in texts}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(value)
    return (str(value or ""),)


def _name(message: Message) -> str:
    return _quoted(_texts(message.id)[0])


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= 60 else line[:59] + '…'}”"


def _listed(fields: set[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in sorted(fields))


def _squeezed(text: str) -> str:
    return re.sub(r"[\s();]", "", text)


# Command line


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bot.catalogs", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("action", choices=("extract", "update", "check", "pseudo"))
    match parser.parse_args(arguments).action:
        case "extract":
            extract()
        case "update":
            update()
        case "pseudo":
            sys.stdout.write(_as_text(pseudo()))
        case _:
            faults = check()
            sys.stdout.writelines(f"{fault}\n" for fault in faults)
            return 1 if faults else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
