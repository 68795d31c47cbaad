"""What can be wrong with a file. Every sentence names the line, and the column where there is one.

    FileFault     the file cannot be read on: its encoding, its header, an unclosed quote
      RowFault    one row does not fit; the rows below it can still be read

`line` is the physical line, counted from 1 as editors count it.
"""

from bot.errors import Invalid
from bot.i18n import N_

SHOWN = 60  # characters of a foreign name that a sentence can bear


class FileFault(Invalid):
    msgid = N_("Line {line}: this does not fit.")

    def __init__(self, **values: object) -> None:
        super().__init__(**{name: _shown(value) for name, value in values.items()})

    @property
    def line(self) -> int:
        line = self.values.get("line", 1)
        assert isinstance(line, int)
        return line


class RowFault(FileFault):
    """One row is wrong; reading goes on below it."""


# The whole file


class UnknownFormat(FileFault):
    msgid = N_("{filename} is not a CSV, TSV or JSONL file.")


class EmptyFile(FileFault):
    msgid = N_("Line {line}: the file is empty.")


class NoRows(FileFault):
    msgid = N_("Line {line}: there is a header and no row below it.")


class TooManyRows(FileFault):
    msgid = N_("Line {line}: a file can have {limit} rows. Split it and send the parts.")


class LineTooLong(FileFault):
    msgid = N_("Line {line}: the line is longer than {limit} bytes.")


class NotUtf8(FileFault):
    msgid = N_("Line {line}, character {column}: the file is not UTF-8. Save it as UTF-8 first.")


class WideEncoding(FileFault):
    msgid = N_("Line {line}: the file is in {encoding}. Save it as UTF-8 first.")


class NulFound(FileFault):
    msgid = N_("Line {line}, character {column}: a NUL character. Is this a text file?")


class EmptyColumn(FileFault):
    msgid = N_("Line {line}, column {column}: this cell of the header is empty.")


class DuplicateColumn(FileFault):
    msgid = N_("Line {line}, column {column}: the header has this column twice.")


class UnclosedQuote(FileFault):
    msgid = N_("Line {line}, column {column}: the quote that opens here is never closed.")


# One row of a table


class WrongCellCount(RowFault):
    msgid = N_("Line {line}: number of cells {cells}, but the header has {columns}.")


class CellTooLong(RowFault):
    msgid = N_("Line {line}, column {column}: longer than {limit} characters.")


class RowTooLong(RowFault):
    msgid = N_("Line {line}: the row is longer than {limit} characters.")


class StrayQuote(RowFault):
    msgid = N_("Line {line}, column {column}: there is text after the closing quote.")


# One row of JSON


class BadJson(RowFault):
    msgid = N_("Line {line}, character {column}: this is not valid JSON.")


class NotAnObject(RowFault):
    msgid = N_("Line {line}: a row must be a JSON object, in curly brackets.")


class EmptyField(RowFault):
    msgid = N_("Line {line}: a field has no name.")


class DuplicateField(RowFault):
    msgid = N_("Line {line}, field {column}: the object has this field twice.")


class NotFinite(RowFault):
    msgid = N_("Line {line}: {value} is not a number in JSON.")


class NumberTooLarge(RowFault):
    msgid = N_("Line {line}: a number is too large.")


class TooDeep(RowFault):
    msgid = N_("Line {line}: objects and lists are nested deeper than {limit} levels.")


class BadCharacter(RowFault):
    msgid = N_("Line {line}, field {column}: a NUL or half of a surrogate pair.")


# What a row means as a task


class ResultsFile(FileFault):
    msgid = N_(
        "Line {line}, column {column}: it holds answers. This is a results file, not a task file."
    )


class UnknownColumn(RowFault):
    msgid = N_("Line {line}: the column {column} has no meaning here.")


class AmbiguousColumn(RowFault):
    msgid = N_(
        "Line {line}, column {column}: the row has this field twice, with and without INPUT:."
    )


class EmptyKey(RowFault):
    msgid = N_("Line {line}, column {column}: the key is empty.")


class BadKey(RowFault):
    msgid = N_("Line {line}, column {column}: a key is one line of text, or a whole number.")


class KeyTooLong(RowFault):
    msgid = N_("Line {line}, column {column}: a key has at most {limit} characters.")


class UnknownLanguage(RowFault):
    msgid = N_("Line {line}, column {column}: the project has no language “{value}”.")


class BadGold(RowFault):
    msgid = N_(
        "Line {line}, column {column}: gold is text, a number, true, false, or a list of these."
    )


class SeveralGolds(RowFault):
    msgid = N_("Line {line}, column {column}: a row has one gold answer, and this is the second.")


class BadHint(RowFault):
    msgid = N_("Line {line}, column {column}: a hint is text.")


class BadConcept(RowFault):
    msgid = N_("Line {line}, column {column}: must be text of at most {limit} characters.")


class BadDifficulty(RowFault):
    msgid = N_("Line {line}, column {column}: “{value}” is not a whole number from 1 to 5.")


class BadPriority(RowFault):
    msgid = N_("Line {line}, column {column}: “{value}” is not a whole number from 0 to 100.")


def _shown(value: object) -> object:
    """Names come from the file, and may be long or have line breaks."""
    if not isinstance(value, str):
        return value
    line = " ".join(value[: SHOWN + 1].split())
    return line if len(value) <= SHOWN else line[: SHOWN - 1] + "…"
