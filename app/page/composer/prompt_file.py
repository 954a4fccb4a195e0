"""Files of values: a line for each prompt, or a table whose columns are fields of the form."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO

from tether.core.errors import BadInput
from tether.workflows.variants import MOST

Columns = Mapping[str, Sequence[str]]
"""Values by the header of their column; "" for a file that is no table."""

_TABLES = (".csv", ".tsv")
_SEPARATORS = ",;\t"
"""What separates the cells of tables: what Excel writes depends on the country."""


def _columns(name: str, text: str) -> dict[str, list[str]]:
    lines = StringIO(text, newline=None)  # an older Excel ends them in another way
    first = lines.getvalue().lstrip().partition("\n")[0]
    is_tabbed = name.lower().endswith(".tsv")
    separator = "\t" if is_tabbed else max(_SEPARATORS, key=first.count)
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if any(row)]
    except csv.Error as error:
        raise BadInput("values_none", file=name) from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    twice = next((title for title in head if title and head.count(title) > 1), "")
    if twice:
        raise BadInput("values_twice", file=name, column=twice)
    places = {title: head.index(title) for title in head if title}
    columns: dict[str, list[str]] = {title: [] for title in places}
    for number, row in enumerate(rows[1:], 2):
        if len(head) == 1:
            row = [separator.join(row)]  # nobody quotes what stands alone
        elif any(map(str.strip, row[len(head) :])):
            raise BadInput("values_extra", file=name, row=number)
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
    if "\ufffd" in text or "\0" in text:  # what is read in the wrong encoding has these
        raise BadInput("values_encoded", file=name)
    if name.lower().endswith(_TABLES):
        columns = _columns(name, text)
    else:
        columns = {"": list(filter(str.strip, text.splitlines()))}
    count = max(map(len, columns.values()), default=0)
    if not count:
        raise BadInput("values_none", file=name)
    if count > MOST:
        raise BadInput("values_many", file=name, count=count, most=MOST)
    return columns
