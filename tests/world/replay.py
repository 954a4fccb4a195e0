"""Plays one history again and tells its story: `python -m tests.world.replay --seed 123`."""

import argparse

from tests.world.history import History
from tests.world.rules import Broken


def main() -> int:
    """Tell the story of a seed; return 1 when it breaks a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--calm", action="store_true", help="without faults")
    parser.add_argument("--stealing", action="store_true", help="tasks move to idle servers")
    parser.add_argument("--aim", nargs=2, metavar=("FAULT", "STATE"), help="at a cell of the table")
    parser.add_argument("--quiet", action="store_true", help="only how it ends")
    given = parser.parse_args()
    story = None if given.quiet else print
    try:
        history = History(
            given.seed,
            story,
            cell=given.aim,
            is_calm=given.calm,
            is_stealing=given.stealing,
        )
        report = history.play()
    except Broken as broken:
        print(f"\nBROKEN: {broken}")
        if broken.__cause__ is not None:
            raise
        return 1
    print(f"\nall right: {report.steps} steps, {report.jobs} jobs, {sorted(report.kinds)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
