"""Compares Tether's conversion of the official templates with the official frontend's own.

`python -m tools.oracle` takes all whose classes are described; `--spread 60` as many, evenly
over all; names (or parts of names) take those. It ends with 1 if one of them has another effect
than the editor's, and prints each difference that has one.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from playwright.async_api import Error as PlaywrightError

from tether.core.errors import BadInput
from tether.workflows.convert import convert
from tether.workflows.graph import classes_needed, read_graph
from tools.comfy.frontend import FrontendMissing
from tools.oracle.classes import described, infos
from tools.oracle.compare import Difference, Prompt, Verdict, compare, verdict_on
from tools.oracle.editor import opened
from tools.oracle.templates import Workflow, sort_out, spread, templates


class Outcome(NamedTuple):
    """What became of a template; `note` says why it was refused."""

    name: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    note: str = ""

    def lines(self) -> list[str]:
        """Return its row of the table, and below it the differences with an effect."""
        reasons = dict.fromkeys(each.allowed for each in self.differences if each.allowed)
        row = f"{self.verdict.value:15} {self.name}"
        told = [f"  {each}" for each in self.differences if not each.allowed]
        return [row, *(f"  ({each})" for each in reasons), *told, *filter(None, [self.note])]


def converted(workflow: Workflow) -> Prompt:
    """Return Tether's conversion, as it would be sent.

    Raises:
        BadInput: Tether refuses the workflow.
    """
    graph = read_graph(workflow)
    known = {name: infos().get(name) for name in classes_needed(graph)}
    prompt: Prompt = json.loads(json.dumps(convert(graph, known).nodes))
    return prompt


async def outcomes(names: Sequence[str]) -> AsyncIterator[Outcome]:
    """Compare templates one after the other.

    Raises:
        FrontendMissing: The frontend isn't installed.
    """
    async with opened() as editor:
        for name in names:
            workflow = templates()[name]
            try:
                theirs = await editor.prompt_of(workflow)
                differences = compare(theirs, converted(workflow), described())
            except PlaywrightError as error:
                yield Outcome(name, Verdict.REFUSED, note=f"  by the editor: {error.message}")
            except BadInput as error:
                yield Outcome(name, Verdict.REFUSED, note=f"  by Tether: {error}")
            else:
                yield Outcome(name, verdict_on(differences), differences)


async def print_all(names: Sequence[str]) -> Counter[Verdict]:
    """Print a row for each template as it comes; return how many came to what."""
    counts: Counter[Verdict] = Counter()
    async for each in outcomes(names):
        print("\n".join(each.lines()), flush=True)
        counts[each.verdict] += 1
    return counts


def main() -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.oracle", description=__doc__)
    parser.add_argument("names", nargs="*", help="templates, or parts of their names")
    parser.add_argument("--spread", type=int, metavar="N", help="only so many, evenly over all")
    given = parser.parse_args()
    try:
        usable, without_class = sort_out(templates(), described())
        names = tuple(
            name for name in usable if not given.names or any(part in name for part in given.names)
        )
        counts = asyncio.run(print_all(spread(names, given.spread or len(names))))
    except FrontendMissing as error:
        print(f"There is nothing to compare with: {error}.", file=sys.stderr)
        return 1
    print()
    for verdict in Verdict:
        print(f"{counts[verdict]:4} {verdict.value}")
    print(f"{len(without_class):4} skipped: the templates don't tell enough of a class of theirs")
    return 1 if counts[Verdict.OTHER_EFFECT] else 0


if __name__ == "__main__":
    sys.exit(main())
