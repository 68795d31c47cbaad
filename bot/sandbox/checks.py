"""Does a value fit the Bot API's table? Each type is compiled to a function once.

`fits("Message", value)` is for what the sandbox emits, `parameters("sendMessage")` reads what a
program sends: form fields arrive as text, JSON bodies as values, files as uploads.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec

from bot.sandbox import schema
from bot.sandbox.refusals import Misfit

Check = Callable[[Any], None]


class Upload(NamedTuple):
    """A file that came with a call."""

    filename: str
    content: bytes
    mime_type: str


class Parameter(NamedTuple):
    """How one parameter of a method is read from the wire."""

    read: Callable[[Any], Any]
    required: bool


def fits(kind: str, value: Any) -> None:
    """Raise Misfit unless `value` is a `kind` of the table, with no field too many or too few."""
    check_of(kind)(value)


@cache
def parameters(method: str) -> dict[str, Parameter]:
    """The parameters of a method."""
    rows = schema.table().methods[method].fields
    fields = {name: schema.field(spec) for name, spec in rows.items()}
    return {name: Parameter(_reader(field), field.required) for name, field in fields.items()}


@cache
def check_of(kind: str) -> Check:
    """The compiled check of a type, `[]` before it meaning a list of it."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind.startswith("[]"):
        return _list_check(kind[2:])
    row = schema.table().types[kind]
    if kind == "KeyboardButton":
        return _keyboard_button
    if row.subtypes:
        return _union_check(tuple(row.subtypes))
    return _object_check(kind, {name: schema.field(spec) for name, spec in row.fields.items()})


def utf16(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _integer(value: Any) -> None:
    if type(value) is not int:
        raise Misfit("must be an Integer")


def _float(value: Any) -> None:
    if type(value) not in (int, float):
        raise Misfit("must be a Float")


def _boolean(value: Any) -> None:
    if type(value) is not bool:
        raise Misfit("must be a Boolean")


def _string(value: Any) -> None:
    if type(value) is not str:
        raise Misfit("must be a String")


def _anything(_: Any) -> None:
    return


_PLAIN: dict[str, Check] = {
    "Integer": _integer,
    "Float": _float,
    "Boolean": _boolean,
    "String": _string,
    "InputFile": _anything,
    "RichText": _anything,  # a string, a list or an object: the sandbox never makes one
}


def _keyboard_button(value: Any) -> None:
    if type(value) is not str:  # a text alone stands for a plain button
        _button_fields()(value)


@cache
def _button_fields() -> Check:
    rows = schema.table().types["KeyboardButton"].fields
    return _object_check("KeyboardButton", {name: schema.field(row) for name, row in rows.items()})


def _list_check(kind: str) -> Check:
    def check(value: Any) -> None:
        if type(value) is not list:
            raise Misfit("must be an Array")
        inner = check_of(kind)
        for at, item in enumerate(value):
            try:
                inner(item)
            except Misfit as misfit:
                raise misfit.under(at) from None

    return check


def _object_check(kind: str, fields: dict[str, schema.Field]) -> Check:
    required = frozenset(name for name, field in fields.items() if field.required)
    checks: dict[str, Check] = {}

    def check(value: Any) -> None:
        if type(value) is not dict:
            raise Misfit(f"must be a {kind}")
        if not checks:  # types refer to each other: look inside at first use, not while compiling
            checks.update({name: _field_check(field) for name, field in fields.items()})
        for name, item in value.items():
            inner = checks.get(name)
            if inner is None:
                raise Misfit(f"has no field {name!r} in {kind}")
            try:
                inner(item)
            except Misfit as misfit:
                raise misfit.under(name) from None
        if not required <= value.keys():
            raise Misfit(f"lacks {', '.join(sorted(required - value.keys()))} of {kind}")

    return check


def _union_check(kinds: tuple[str, ...]) -> Check:
    def check(value: Any) -> None:
        first: Misfit | None = None
        for kind in kinds:
            if not _could_be(kind, value):
                continue
            try:
                return check_of(kind)(value)
            except Misfit as misfit:
                first = first or misfit
        raise first or Misfit(f"must be one of {', '.join(kinds)}")

    return check


def _could_be(kind: str, value: Any) -> bool:
    """Whether the required fields and the constants are those of `kind`."""
    if type(value) is not dict or kind not in schema.table().types:
        return kind in _PLAIN or kind.startswith("[]")
    required, constants = _marks(kind)
    return required <= value.keys() and all(value.get(k) in v for k, v in constants)


@cache
def _marks(kind: str) -> tuple[frozenset[str], tuple[tuple[str, tuple[str, ...]], ...]]:
    rows = schema.table().types[kind].fields
    fields = {name: schema.field(spec) for name, spec in rows.items()}
    required = frozenset(name for name, field in fields.items() if field.required)
    return required, tuple((n, f.choices) for n, f in fields.items() if f.choices and f.required)


def _field_check(field: schema.Field) -> Check:
    kinds = check_of(field.kinds[0]) if len(field.kinds) == 1 else _union_check(field.kinds)
    limit = _limit_check(field)
    if limit is None:
        return kinds

    def check(value: Any) -> None:
        kinds(value)
        limit(value)

    return check


def _limit_check(field: schema.Field) -> Check | None:
    if field.choices:
        return _choice_check(field.choices)
    if not field.unit or field.parsed:  # the text's own length is known once its markup is read
        return None
    measure = _MEASURES[field.unit]
    low, high, unit = field.low, field.high, "" if field.unit == "value" else f" {field.unit}"
    code = "BUTTON_DATA_INVALID" if (low, high, field.unit) == (1, 64, "bytes") else ""

    def check(value: Any) -> None:
        if not low <= measure(value) <= high:
            raise Misfit(f"must be {low}-{high}{unit}, not {measure(value)}", code=code)

    return check


_MEASURES: dict[str, Callable[[Any], Any]] = {
    "characters": utf16,
    "bytes": lambda text: len(text.encode()),
    "items": len,
    "value": lambda number: number,
}


def _choice_check(choices: tuple[str, ...]) -> Check:
    def check(value: Any) -> None:
        if value not in choices:
            raise Misfit(f"must be {' or '.join(choices)}, not {value!r}")

    return check


def _reader(field: schema.Field) -> Callable[[Any], Any]:
    check = _field_check(field)
    convert = _converter(field.kinds)

    def read(value: Any) -> Any:
        value = convert(value)
        check(value)
        return value

    return read


def _converter(kinds: tuple[str, ...]) -> Callable[[Any], Any]:
    """From the text of a form field to a value; what is no text stays as it is."""
    if "InputFile" in kinds:
        return lambda value: value
    if kinds == ("String",):
        return _no_upload
    if kinds == ("Integer", "String"):
        return _read_chat
    return {"Integer": _read_integer, "Float": _read_float, "Boolean": _read_boolean}.get(
        kinds[0], _read_json
    )


def _no_upload(value: Any) -> Any:
    if isinstance(value, Upload):
        raise Misfit("must not be a file")
    return value


def _read_chat(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return value


def _read_integer(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        raise Misfit("must be an Integer") from None


def _read_float(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise Misfit("must be a Float") from None


def _read_boolean(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    return value


def _read_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise Misfit("can't be parsed as JSON") from None
