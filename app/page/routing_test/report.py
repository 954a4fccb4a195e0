"""Plays all scenes and says what came of them, as plain values."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from page.routing_test.bench import Bench
from page.routing_test.scene import Outcome, Said, Scene
from page.routing_test.scenes import SCENES
from tether.core.model.binding import CURED, Binding

SEED = 1


class Say(Protocol):
    """The words of the page's language."""

    def __call__(self, key: str, /, **facts: object) -> str:
        """Return a sentence."""


async def play_all(
    say: Say,
    seed: int = SEED,
    on_scene: Callable[[dict[str, Any]], None] = lambda _scene: None,
    cured: Binding = CURED,
) -> list[dict[str, Any]]:
    """Play every scene twice: by the rules before the fix, and by the page's own.

    Args:
        say: The page's words.
        seed: Of all chance; the same seed plays the same scenes.
        on_scene: Is told of each scene as soon as it was played.
        cured: The rules after the fix.

    Returns:
        `{id, title, before, after, passed, evidence: {before, after}, ms}` for each scene; a
        scene passes when the first run shows the disease and the second one doesn't.
    """
    scenes = []
    for scene in SCENES:
        began = time.perf_counter()
        before, seen_before = await _play(scene, Bench(seed, scene.ill))
        after, seen_after = await _play(scene, Bench(seed, cured, scene.is_cured_by_books))
        told = {
            "id": scene.id,
            "title": say(f"scene.{scene.id}"),
            "before": sentence(say, before.said),
            "after": sentence(say, after.said),
            "passed": after.is_healthy and not before.is_healthy,
            "evidence": {"before": seen_before, "after": seen_after},
            "ms": round((time.perf_counter() - began) * 1000),
        }
        on_scene(told)
        scenes.append(told)
        await asyncio.sleep(0)  # the person's own tasks go on meanwhile
    return scenes


def summary(say: Say, scenes: Sequence[dict[str, Any]], live: Sequence[dict[str, Any]]) -> str:
    """Say in one line what came of it all, and what failed."""
    red = [str(scene["id"]) for scene in scenes if not scene["passed"]]
    if red:
        told = [say("summary.red", scenes=", ".join(red), count=len(scenes))]
    else:
        told = [say("summary.green", count=len(scenes))]
    if live:
        bad = [server["name"] for server in live if not server["passed"]]
        key = "summary.live_red" if bad else "summary.live_green"
        told.append(say(key, servers=", ".join(bad), count=len(live)))
    return " ".join(told)


def sentence(say: Say, said: Sequence[Said]) -> str:
    """Join what an outcome says."""
    return " ".join(say(key, **facts) for key, facts in said)


async def _play(scene: Scene, bench: Bench) -> tuple[Outcome, list[dict[str, Any]]]:
    """Play a scene; one that breaks is red, and says why."""
    try:
        outcome = await scene.play(bench)
    except Exception as error:
        outcome = Outcome(False, (("broke", {"error": f"{type(error).__name__}: {error}"}),))
    return outcome, bench.log.lines()
