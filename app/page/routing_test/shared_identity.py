"""Scenes of windows that may share a client id, and then each other's frames."""

import re

from page.routing_test.stage import NOON, Outcome, PlayedStage, state_of
from page.routing_test.window import PlayedWindow, ended_by_socket
from tether.core.ids import ClientId
from tether.core.model.identity import DEFAULT_BASE, make_window_id

IDS = 10_000
_WINDOWS = 100
_FORM = re.compile(rf"{DEFAULT_BASE}_{int(NOON * 1000)}_[0-9a-f]{{12}}_w[0-9a-f]{{12}}")


async def client_ids(stage: PlayedStage) -> Outcome:
    """10,000 ids of one millisecond; then two windows on one server."""
    make_id = stage.binding.make_id
    ids: list[ClientId] = []
    for _ in range(_WINDOWS):
        window_id = make_window_id(stage)
        ids += [make_id(DEFAULT_BASE, NOON, stage, window_id) for _ in range(IDS // _WINDOWS)]
    unique, formed = len(set(ids)), sum(bool(_FORM.fullmatch(each)) for each in ids)
    server = stage.server("A")
    first, second = PlayedWindow(stage, "window 1"), PlayedWindow(stage, "window 2")
    abc = first.submit("ABC", server)
    stage.play(lambda: abc.progress.overall >= 0.6)
    xyz = second.submit("XYZ", server)
    stage.play_to_end(abc, xyz)
    return Outcome(
        unique == formed == IDS and ended_by_socket(abc) and ended_by_socket(xyz),
        (
            ("ids", {"count": IDS, "unique": unique, "formed": formed}),
            state_of(abc),
            state_of(xyz),
        ),
    )


async def two_windows(stage: PlayedStage) -> Outcome:
    """Each window has a task on each server, sent in turns; the balancer prefers A."""
    a, b = stage.server("A"), stage.server("B", ahead=3)
    windows = PlayedWindow(stage, "window 1"), PlayedWindow(stage, "window 2")
    tasks = []
    for titles, server in (("ABC GHI", a), ("DEF JKL", b)):
        for window, title in zip(windows, titles.split(), strict=True):
            tasks.append((window, window.submit(title, server)))
            stage.play(lambda: False, 1.0)
    stage.play_to_end(*(task for _, task in tasks))
    foreign = sum(
        prompt_id not in {task.prompt_id for owner, task in tasks if owner is window}
        for window in windows
        for _, _, _, _, prompt_id in window.window.journal
    )
    return Outcome(
        foreign == 0 and all(ended_by_socket(task) for _, task in tasks),
        (*(state_of(task) for _, task in tasks), ("foreign", {"count": foreign})),
    )
