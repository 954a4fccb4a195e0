"""How well tasks are spread over servers: a simulation that runs the page's own choice.

    make fleet                              the table, and the plot in docs/pictures
    .venv/bin/python -m bench.fleet --seeds 40 --tasks 4000

Windows get tasks by chance; each asks the servers for their queues, uploads, and posts. Every rule
is measured against one central first-come queue that does not know how long tasks take, and that
needs no upload: no page can have it. All rules of a seed meet the same tasks at the same times.
"""

import argparse
import math
import multiprocessing
import statistics
from pathlib import Path
from typing import NamedTuple

from bench.fleet.launch import (
    fullest_of_a_crowd,
    fullest_of_a_launch,
    fullest_of_pages,
    wait_beside_a_batch,
)
from bench.fleet.moves import MovingWindow
from bench.fleet.page import PageWindow
from bench.fleet.play import play_pages
from bench.fleet.rules import ALL, MOVES, ONE_BROWSER, PAGE
from bench.fleet.world import SECONDS, Outcome, Scene, play, play_centrally

PLOT = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "fleet.svg"
SCENES = (
    Scene("4 equal servers, 12 windows", (1.0,) * 4, 12, upload=0.2),
    Scene("the same, heavy-tailed tasks", (1.0,) * 4, 12, upload=0.2, is_heavy=True),
    Scene("the same, servers that stop now and then", (1.0,) * 4, 12, upload=0.2, stops=0.05),
    Scene("speeds 3, 1, 1, 0.5, 12 windows", (3.0, 1.0, 1.0, 0.5), 12, upload=0.2),
    Scene("8 equal servers, 40 windows, 2 s upload", (1.0,) * 8, 40, upload=2.0),
)
LOAD = 0.8
LIMIT = "the limit"
T_95 = 2.093
"""Student's t for 20 seeds, 95 %, both sides; more seeds need a little less."""


class Row(NamedTuple):
    """A rule in a scene: mean waits in seconds, and how often as long as the limit's, ± 95 %."""

    scene: str
    rule: str
    wait: float
    ratio: float
    ratio_by: float
    end_ratio: float


def erlang_c(servers: int, load: float, seconds: float) -> float:
    """Return the mean wait of a central queue before equal servers, by Erlang's formula."""
    offered = load * servers
    blocked = offered**servers / math.factorial(servers) / (1 - load)
    free = sum(offered**k / math.factorial(k) for k in range(servers))
    return blocked / (free + blocked) * seconds / (servers * (1 - load))


def _play(given: tuple[int, str, int, int]) -> Outcome:
    scene, rule, tasks, seed = given
    if rule in (PAGE, MOVES, ONE_BROWSER):
        kind = MovingWindow if rule == MOVES else PageWindow
        is_one = rule == ONE_BROWSER
        return play_pages(SCENES[scene], LOAD, tasks, seed, is_one_browser=is_one, kind=kind)
    chosen = next((each for each in ALL if each.name == rule), None)
    if chosen is None:
        return play_centrally(SCENES[scene], LOAD, tasks, seed)
    return play(SCENES[scene], chosen, LOAD, tasks, seed)


def _rules_of(scene: Scene) -> list[str]:
    """Return all; windows of one browser talk a lot, and take minutes where others take seconds."""
    pages = [PAGE, MOVES]
    if scene in (SCENES[0], SCENES[3]):
        pages.append(ONE_BROWSER)
    return [LIMIT, *(rule.name for rule in ALL), *pages]


def _seeds_of(scene: Scene, rule: str, seeds: int) -> int:
    """Return how many seeds are played: more where a figure that is to be held is near."""
    is_near = scene is SCENES[0] and rule in (LIMIT, PAGE, MOVES, ONE_BROWSER)
    return 5 * seeds if is_near else seeds


def measure(seeds: int, tasks: int) -> list[Row]:
    """Play every rule in every scene."""
    todo = [
        (number, rule, tasks, seed)
        for number, scene in enumerate(SCENES)
        for rule in _rules_of(scene)
        for seed in range(_seeds_of(scene, rule, seeds))
    ]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        outcomes = dict(zip(todo, pool.map(_play, todo, chunksize=4), strict=True))
    rows = []
    for number, scene in enumerate(SCENES):
        for rule in _rules_of(scene):
            pairs = [
                (outcomes[number, rule, tasks, seed], outcomes[number, LIMIT, tasks, seed])
                for seed in range(_seeds_of(scene, rule, seeds))
            ]
            wait = statistics.mean(own.wait for own, _ in pairs)
            limit = statistics.mean(limit.wait for _, limit in pairs)
            ratio = wait / limit
            # The interval of a ratio of means, from what each seed is off by.
            off = statistics.stdev(own.wait - ratio * limit.wait for own, limit in pairs)
            by = T_95 * off / limit / math.sqrt(len(pairs))
            ends = statistics.mean(own.end for own, _ in pairs)
            ends /= statistics.mean(limit.end for _, limit in pairs)
            rows.append(Row(scene.name, rule, wait, ratio, by, ends))
    return rows


def tell(rows: list[Row], seeds: int, tasks: int) -> None:
    """Print the table."""
    print(f"load {LOAD}, tasks of 30 s in the mean, {seeds} seeds of {tasks} tasks; ± is 95 %")
    print(f"the limit and the page on {SCENES[0].name}: {5 * seeds} seeds")
    scene = ""
    for row in rows:
        if row.scene != scene:
            scene = row.scene
            print(f"\n{scene}")
            print(
                f"  {'':26}{'mean wait':>10}{'over the limit':>18}{'at most':>10}{'whole time':>12}"
            )
        times = f"{row.ratio:.3f} ± {row.ratio_by:.3f}"
        most = row.ratio + row.ratio_by
        print(f"  {row.rule:26}{row.wait:8.1f} s{times:>18}{most:10.3f}{row.end_ratio:12.2f}")


def check_limit() -> None:
    """Hold the simulated limit against theory where servers are equal, in runs that are longer."""
    print("\nmean wait of the limit, 8 seeds of 10,000 tasks, and by Erlang's formula")
    for scene in (SCENES[0], SCENES[-1]):
        waits = [play_centrally(scene, LOAD, 10_000, 1000 + seed).wait for seed in range(8)]
        by = 2.365 * statistics.stdev(waits) / math.sqrt(8)
        found, theory = statistics.mean(waits), erlang_c(len(scene.speeds), LOAD, SECONDS)
        print(f"  {len(scene.speeds)} servers: {found:.1f} ± {by:.1f} s; theory {theory:.1f} s")


def draw(rows: list[Row], path: Path) -> None:
    """Draw how often as long as the limit's each wait is."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "fleet"
    from matplotlib import pyplot

    scenes = [scene.name for scene in SCENES]
    figure, panels = pyplot.subplots(len(scenes), 1, figsize=(7, 1.9 * len(scenes)))
    for panel, scene in zip(panels, scenes, strict=True):
        shown = [row for row in rows if row.scene == scene and row.rule != LIMIT][::-1]
        panel.barh(
            [row.rule for row in shown],
            [min(row.ratio, 6.0) for row in shown],
            xerr=[row.ratio_by if row.ratio < 6.0 else 0.0 for row in shown],
            color=["#2f6f9f" if "page" in row.rule else "#b8b8b8" for row in shown],
        )
        panel.axvline(1.0, color="black", linewidth=0.8)
        panel.set_title(scene, fontsize=9, loc="left")
        panel.tick_params(labelsize=8)
        panel.set_xlim(0, 6)
    panels[-1].set_xlabel("mean wait over that of a central queue (bars end at 6)", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print the table and draw the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--plot", type=Path, default=PLOT)
    given = parser.parse_args()
    rows = measure(given.seeds, given.tasks)
    tell(rows, given.seeds, given.tasks)
    check_limit()
    print("\n8 windows launch one task each at once on 4 idle servers; tasks on the fullest")
    for rule in ALL:
        fullest = statistics.mean(fullest_of_a_launch(rule, seed) for seed in range(200))
        print(f"  {rule.name:24}{fullest:8.1f}")
    for name in (PAGE, ONE_BROWSER):
        fullest = statistics.mean(fullest_of_pages(name, seed) for seed in range(200))
        print(f"  {name:24}{fullest:8.1f}")
    print("\n4 servers; a window has sent 200 tasks, another one of its browser sends one")
    for is_hidden, which in ((False, "in view"), (True, "hidden")):
        waits = [wait_beside_a_batch(seed, is_hidden=is_hidden) for seed in range(20)]
        told = f"waits for {statistics.mean(waits):.2f} tasks, {max(waits):.2f} at most"
        print(f"  the batch's window {which}: the one {told}")
    print("\n200 servers, 10,000 windows launch one task each within a minute; the page's choice")
    for upload, is_known in ((2.0, False), (10.0, False), (10.0, True)):
        crowd = [fullest_of_a_crowd(seed, upload, is_known=is_known) for seed in range(given.seeds)]
        fullest, probes = max(each[0] for each in crowd), max(each[1] for each in crowd)
        told = f"at most {fullest:.2f} × the mean, with {probes:.0f} probes a task"
        known = ", known beforehand" if is_known else ""
        print(f"  {upload:.0f} s of upload{known}: the fullest has {told}")
    draw(rows, given.plot)


if __name__ == "__main__":
    main()
