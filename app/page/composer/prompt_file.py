"""Files of values: a line for each prompt, or a table whose columns are fields of the form."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO

from tether.core.errors import BadInput
from tether.workflows.variants import MOST

Columns = Mapping[str, Sequence[str]]
"""Values by the header of their column; "" for a file that is no table."""

_TABLES = {".csv": ",", ".tsv": "\t"}
"""The endings of tables, each with what separates its cells."""


def _columns(name: str, text: str, separator: str) -> dict[str, list[str]]:
    try:
        rows = [row for row in csv.reader(StringIO(text), delimiter=separator) if any(row)]
    except csv.Error as error:
        raise BadInput("values_none", file=name) from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    places = {title: head.index(title) for title in head if title}
    columns: dict[str, list[str]] = {title: [] for title in places}
    for number, row in enumerate(rows[1:], 2):
        for title, place in places.items():
            value = " ".join(row[place].split()) if place < len(row) else ""  # a line is a value
            if not value:
                raise BadInput("values_lacking", file=name, row=number, column=title)
            columns[title].append(value)
    return columns


def read_values_file(name: str, text: str) -> Columns:
    """Return the values of a file; lines without any are left out.

    Raises:
        BadInput: It has none, more than `MOST`, or a row that lacks a value.
    """
    text = text.removeprefix("\ufeff")  # as Excel writes it
    separator = _TABLES.get(name[-4:].lower())
    if separator is None:
        columns: dict[str, list[str]] = {"": list(filter(str.strip, text.splitlines()))}
    else:
        columns = _columns(name, text, separator)
    count = max(map(len, columns.values()), default=0)
    if not count:
        raise BadInput("values_none", file=name)
    if count > MOST:
        raise BadInput("values_many", file=name, count=count, most=MOST)
    return columns
