"""Plays all scenes and reports how they came out, as plain values."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from page.routing_test.scenes import SCENES
from page.routing_test.stage import Outcome, PlayedStage, Scene, Sentence
from tether.core.model.binding import CURED, Binding

SEED = 1

Say: TypeAlias = Callable[..., str]
"""Returns a sentence of the test's catalogue; see `Words.say`."""


async def play_all(
    say: Say,
    seed: int = SEED,
    on_scene: Callable[[dict[str, Any]], None] = lambda _scene: None,
    cured: Binding = CURED,
) -> list[dict[str, Any]]:
    """Play every scene twice: by the faulty rules, and by the page's own.

    Returns:
        `{id, title, before, after, passed, evidence: {before, after}, ms}` for each scene; a
        scene passes when the first run shows the fault and the second one doesn't.
    """
    scenes = []
    for scene in SCENES:
        began = time.perf_counter()
        before, seen_before = await _play(scene, PlayedStage(seed, scene.faulty))
        after, seen_after = await _play(scene, PlayedStage(seed, cured, scene.needs_records))
        report = {
            "id": scene.id,
            "title": say(f"scene.{scene.id}"),
            "before": say_all(say, before.sentences),
            "after": say_all(say, after.sentences),
            "passed": after.is_healthy and not before.is_healthy,
            "evidence": {"before": seen_before, "after": seen_after},
            "ms": round((time.perf_counter() - began) * 1000),
        }
        on_scene(report)
        scenes.append(report)
        await asyncio.sleep(0)  # the window's own tasks go on meanwhile
    return scenes


def summary(say: Say, scenes: Sequence[dict[str, Any]], live: Sequence[dict[str, Any]]) -> str:
    """Say in one line whether all passed, and what failed."""
    red = [str(scene["id"]) for scene in scenes if not scene["passed"]]
    if red:
        sentences = [say("summary.red", scenes=", ".join(red), count=len(scenes))]
    else:
        sentences = [say("summary.green", count=len(scenes))]
    if live:
        bad = [server["name"] for server in live if not server["passed"]]
        key = "summary.live_red" if bad else "summary.live_green"
        sentences.append(say(key, servers=", ".join(bad), count=len(live)))
    return " ".join(sentences)


def score(say: Say, scenes: Sequence[dict[str, Any]], live: Sequence[dict[str, Any]]) -> str:
    """Say how many scenes and servers passed, of how many."""
    passed = [sum(bool(each["passed"]) for each in group) for group in (scenes, live)]
    told = say("score", passed=passed[0], count=len(scenes))
    return say("score.live", told=told, passed=passed[1], count=len(live)) if live else told


def say_all(say: Say, sentences: Sequence[Sentence]) -> str:
    """Say an outcome."""
    return " ".join(say(key, **facts) for key, facts in sentences)


async def _play(scene: Scene, stage: PlayedStage) -> tuple[Outcome, list[dict[str, Any]]]:
    """Play a scene; one that raises has failed, and says why."""
    try:
        outcome = await scene.play(stage)
    except Exception as error:
        outcome = Outcome(False, (("broke", {"error": f"{type(error).__name__}: {error}"}),))
    return outcome, stage.evidence.lines()
