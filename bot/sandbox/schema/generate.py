"""Write the compact table of the Bot API from its full description.

    python -m bot.sandbox.schema.generate path/to/bot-api.json

Descriptions stay behind; what they say about limits comes along. A field is one short string:
`Types[!][ LOW-HIGH unit][ parsed][ =constant][ in a,b]`, where `!` means required and `parsed`
that the limit counts the text after its markup was read.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("bot_api.json")
CHARACTERS = re.compile(r"(\d+)-(\d+) (characters|bytes)", re.IGNORECASE)
PARSED = re.compile("after entit(y|ies) parsing")
ITEMS = re.compile(r"(?:list of|must include) (?:up to )?(\d+)-(\d+)", re.IGNORECASE)
NUMBERS = re.compile(r"(?:^|[^\d-])(\d+)-(\d+)(?!\d|-)")
CONSTANT = re.compile(r"(?:always|must be) [“\"*]?([a-z_]+)[”\"*]?(?:$|[.,])")
ONE_OF = re.compile(r"must be one of ([^.]*)", re.IGNORECASE)


def main(source: Path) -> None:
    """Read the full description and write the table next to this file."""
    TABLE.write_text(_table(json.loads(source.read_text("utf-8"))), "utf-8")


def _table(full: dict[str, Any]) -> str:
    methods = [_line(name, _method(it)) for name, it in sorted(full["methods"].items())]
    types = [_line(name, _type(it)) for name, it in sorted(full["types"].items())]
    return (
        f'{{"version":{json.dumps(full["version"])},\n"methods":{{\n'
        + ",\n".join(methods)
        + '\n},\n"types":{\n'
        + ",\n".join(types)
        + "\n}}\n"
    )


def _line(name: str, value: dict[str, Any]) -> str:
    return f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'), ensure_ascii=False)}"


def _method(method: dict[str, Any]) -> dict[str, Any]:
    return {"returns": "|".join(method["returns"]), "fields": _fields(method)}


def _type(kind: dict[str, Any]) -> dict[str, Any]:
    if kind.get("subtypes"):
        return {"subtypes": kind["subtypes"]}
    return {"fields": _fields(kind)}


def _fields(owner: dict[str, Any]) -> dict[str, str]:
    return {field["name"]: _spec(owner["name"], field) for field in owner.get("fields", [])}


def _spec(owner: str, field: dict[str, Any]) -> str:
    said = field["description"]
    kinds = "|".join(kind.replace("Array of ", "[]") for kind in field["types"])
    mark = "!" if field["required"] else ""
    return f"{kinds}{mark}{_limit(owner, kinds, said)}{_choice(field, said)}"


def _limit(owner: str, kinds: str, said: str) -> str:
    if kinds == "String" and (found := CHARACTERS.search(said)):
        parsed = " parsed" if PARSED.search(said) else ""
        return f" {found[1]}-{found[2]} {found[3].lower()}{parsed}"
    if kinds.startswith("[]") and (found := ITEMS.search(said)):
        return f" {found[1]}-{found[2]} items"
    if kinds in ("Integer", "Float") and owner != "Dice" and (found := NUMBERS.search(said)):
        return f" {found[1]}-{found[2]} value"
    return ""


def _choice(field: dict[str, Any], said: str) -> str:
    if field["name"] in ("type", "status", "source") and (found := CONSTANT.search(said)):
        return f" ={found[1]}"
    if field["types"] == ["String"] and (found := ONE_OF.search(said)):
        words = re.findall(r"[“\"]([a-z_]+)[”\"]", found[1])
        return " in " + ",".join(words) if len(words) > 1 else ""
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
