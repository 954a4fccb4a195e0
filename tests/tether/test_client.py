"""The client as its users see it, on simulated servers."""

import ast
import asyncio
import json
import re
import sys
from collections.abc import Callable, Coroutine
from itertools import pairwise
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest

from demo.memory import MemoryRecords
from demo.quick_work import failing_workflow, workflow
from tests.tether.core.farm import NOON, NORTH, SOUTH
from tests.tether.runtime.processes import Origin
from tests.tether.runtime.world import Blob, Simulated
from tether import client
from tether.client import Tether
from tether.core.errors import BadInput, TetherError
from tether.core.events import PageChange, PageChanged, RebalancingChosen, ServerPaused
from tether.core.ids import NodeId, ServerUrl, TaskId
from tether.core.model.task import State, Task
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.workflow import parsed
from tether.core.windows.owner import tag_of
from tether.runtime.ports import NoPreviews

PICTURE = Blob(b"\x89PNG\r\n\x1a\n" + bytes(100))


class Tab:
    """One client on two servers; a reload keeps its records."""

    def __init__(self, around: Simulated | None = None, seed: int = 0) -> None:
        self.around = around or Simulated(NORTH, SOUTH)
        self._records = MemoryRecords()
        self._seed = seed

    async def open(self) -> Tether:
        """Load the page, and name the servers as the page's list would."""
        self.tether = Tether(self.around.world(self._records, self._seed))
        await self.around.play(self.tether.open())
        for url in (NORTH, SOUTH):
            assert self.tether.add_server(url) == url
        return self.tether

    async def submit(self, number: int = 1, steps: int = 4, **parts: Any) -> TaskId:
        """Submit a task of `steps` quarters of a second."""
        return await self.around.play(
            self.tether.submit(workflow(steps, 250, number), title=f"photo {number}", **parts)
        )

    async def result(self, task_id: TaskId) -> Task:
        """Wait for a task's end."""
        return await self.around.play(self.tether.result(task_id))


def play(story: Callable[[Tab], Coroutine[Any, Any, None]]) -> None:
    """Play a story with an open client."""

    async def run() -> None:
        tab = Tab()
        await tab.open()
        await story(tab)

    asyncio.run(run())


def test_two_windows_that_make_a_phrase_at_once_are_of_one_owner() -> None:
    """Neither has heard of the other's; what they send is found by the phrase that both show."""

    async def run() -> None:
        around, origin = Simulated(NORTH, SOUTH), Origin(2)
        tabs = []
        for seed, records in enumerate(origin.windows):
            around.shared = records  # type: ignore[assignment]
            tab = Tab(around, seed)
            await tab.open()
            tabs.append(tab.tether)
        first, second = tabs
        assert first.phrase != second.phrase
        origin.settle()
        assert first.phrase == second.phrase
        for tether in tabs:
            assert tether.window.settings.owner == tag_of(tether.phrase)

    asyncio.run(run())


def test_work_in_the_background_that_fails_is_reported_at_once() -> None:
    """Not when Python happens to collect it as garbage."""
    reported: list[dict[str, Any]] = []

    async def fail() -> None:
        raise RuntimeError("a bug")

    async def story(tab: Tab) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told))
        tab.tether.soon(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [str(told["exception"]) for told in reported] == ["a bug"]

    play(story)


def test_submitted_tasks_are_spread_and_their_results_awaited() -> None:
    """As text or as an object; each with its files."""

    async def story(tab: Tab) -> None:
        first = await tab.submit(1)
        text = json.dumps(workflow(4, 250, 2, "example.png"))
        files = {(NodeId("1"), "image"): ("photo.png", PICTURE)}
        second = await tab.around.play(tab.tether.submit(text, files))
        ended = [await tab.result(first), await tab.result(second)]
        assert [task.state for task in ended] == [State.COMPLETED] * 2
        assert {task.server for task in ended} == {NORTH, SOUTH} == set(tab.tether.servers)
        assert all(task.outputs for task in ended)
        assert list(tab.tether.tasks) == [first, second]
        assert await tab.result(first) is ended[0], "an ended task's result comes at once"

    play(story)


def test_a_sweep_is_a_task_for_each_combination() -> None:
    """What can't be combined, or is no input, is refused whole."""

    async def story(tab: Tab) -> None:
        text = workflow(4, 250, 2, "example.png")
        places = [(NodeId(node), name) for node in text for name in text[node]["inputs"]]
        place, other = places[0], places[-1]
        sweep = tab.tether.submit_sweep
        made = await tab.around.play(sweep(text, {place: [1, 2], other: [3, 4]}, title="x"))
        beside = await tab.around.play(sweep(parsed(text), {place: [1, 2], other: [3, 4]}, True))
        assert (len(made), len(beside)) == (4, 2)
        titles = [task.title for task in tab.tether.tasks.values()]
        assert titles[0] == f"x ({place[1]} 1, {other[1]} 3)"
        assert titles[-1] == f"({place[1]} 2, {other[1]} 4)"
        cells = [tab.tether.tasks[task_id].cell for task_id in made]
        numbers = [[axis.number for axis in cell.axes] for cell in cells if cell]
        assert numbers == [[0, 0], [0, 1], [1, 0], [1, 1]]
        assert len({cell.sweep for cell in cells if cell}) == 1
        (first, second) = (tab.tether.tasks[task_id].cell for task_id in beside)
        assert first is not None and second is not None
        assert [axis.number for cell in (first, second) for axis in cell.axes] == [0, 1]
        for values, code in (
            ({(NodeId("2"), "nope"): [1]}, "sweep_unplaced"),
            ({(NodeId("99"), "x"): [1]}, "sweep_unplaced"),
            ({place: []}, "sweep_empty"),
            ({place: [1, 2], other: [1]}, "sweep_uneven"),
        ):
            with pytest.raises(BadInput) as refused:
                await sweep(text, values, True)
            assert refused.value.trouble.code == code
        assert len(tab.tether.tasks) == 6

    play(story)


def test_what_waits_is_paused_and_put_in_order() -> None:
    """Nothing is sent until it is resumed; then what was put first is."""

    async def story(tab: Tab) -> None:
        tether = tab.tether
        tether.pause()
        first, second = await tab.submit(1), await tab.submit(2)
        tether.order(second)
        assert list(tether.window.waiting) == [second, first]
        tether.pause(is_paused=False)
        ended = [await tab.result(first), await tab.result(second)]
        assert ended[1].bound_at <= ended[0].bound_at

    play(story)


def test_the_example_of_the_module_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the browser's world, which is only imported where no other is given."""
    around = Simulated(ServerUrl("http://127.0.0.1:8188"))
    browser = SimpleNamespace(BrowserWorld=around.world(MemoryRecords()))
    monkeypatch.setitem(sys.modules, "tether.browser_world", browser)
    lines = (client.__doc__ or "").splitlines()
    example = dedent("\n".join(line for line in lines if line.startswith("    ")))
    names = {"Tether": Tether, "workflow": workflow(4, 250, 1, "a.png"), "blob": PICTURE}
    code = compile(example, client.__file__, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    asyncio.run(around.play(eval(code, names)))
    assert re.match(r"State.COMPLETED \['http://127.0.0.1:8188/view", capsys.readouterr().out)


def test_a_task_goes_where_it_is_sent_and_says_why_it_failed() -> None:
    """A failure is a result: nothing is raised."""

    async def story(tab: Tab) -> None:
        work = tab.tether.submit(failing_workflow(1), server=SOUTH)
        task = await tab.result(await tab.around.play(work))
        assert (task.state, task.server) == (State.FAILED, SOUTH)
        assert task.trouble is not None

    play(story)


def test_cancelling_ends_one_task() -> None:
    """The other on the same server completes."""

    async def story(tab: Tab) -> None:
        first, second = [await tab.submit(number, server=NORTH) for number in (1, 2)]
        cancelled = await tab.around.play(tab.tether.cancel(first))
        assert cancelled.state is State.CANCELLED
        assert (await tab.result(second)).state is State.COMPLETED

    play(story)


def test_an_unknown_task_has_no_result() -> None:
    """And can't be cancelled."""

    async def story(tab: Tab) -> None:
        for work in (tab.tether.result(TaskId("t9")), tab.tether.cancel(TaskId("t9"))):
            with pytest.raises(TetherError, match="task_unknown"):
                await work

    play(story)


def test_a_listener_is_told_every_step_until_it_stops() -> None:
    """Progress included, in order."""

    async def story(tab: Tab) -> None:
        states: list[State] = []
        stop = tab.tether.on_task(lambda task: states.append(task.state))
        await tab.result(await tab.submit(1))
        assert states == sorted(states, key=list(State).index)
        assert states[-1] is State.COMPLETED and states.count(State.RUNNING) > 1
        stop()
        before = len(states)
        await tab.result(await tab.submit(2))
        assert len(states) == before

    play(story)


def test_a_reload_goes_on_with_its_tasks() -> None:
    """A client that opens on the same records is the same window."""

    async def story(tab: Tab) -> None:
        before = tab.tether
        task_id = await tab.submit(1, steps=40)
        await tab.around.play(before.runner.until(lambda: before.tasks[task_id].server, 5.0))
        before.world.page.sleep()  # type: ignore[attr-defined]
        after = await tab.open()
        assert after.window.window_id == before.window.window_id
        assert after.phrase == before.phrase
        assert (await tab.result(task_id)).state is State.COMPLETED
        runs = [
            len(server.engine.process.history.entries)
            for server in tab.around.network.servers.values()
        ]
        assert sum(runs) == 1

    play(story)


def test_a_result_that_another_window_brings_is_an_error() -> None:
    """Its tasks were adopted while it was away; its own page says so."""

    async def story(tab: Tab) -> None:
        task_id = await tab.submit(1, steps=400)
        other = Tab(tab.around, seed=1)
        tether = await other.open()
        tab.tether.world.page.sleep()  # type: ignore[attr-defined]
        owner = tab.tether.window.window_id
        assert await tab.around.play(tether.adopter.take_over(owner))
        assert list(tether.tasks) == [task_id]
        await tab.open()
        with pytest.raises(TetherError, match="adopted"):
            await tab.result(task_id)

    play(story)


def test_a_task_that_moved_gives_the_result_of_its_successor() -> None:
    """Whoever awaits it need not know."""

    async def story(tab: Tab) -> None:
        emit = tab.tether.runner.emit
        emit(RebalancingChosen(True))
        emit(ServerPaused(SOUTH, True))
        first, second = [await tab.submit(number, steps=400) for number in (1, 2)]
        behind = tab.tether.tasks[second]
        queued = tab.tether.runner.until(lambda: behind.state is State.QUEUED, 5.0)
        assert await tab.around.play(queued)
        emit(ServerPaused(SOUTH, False))
        task = await tab.result(second)
        assert (behind.state, behind.server) == (State.CANCELLED, NORTH)
        assert (task.state, task.server, task.again_of) == (State.COMPLETED, SOUTH, second)
        assert (await tab.result(first)).server == NORTH

    play(story)


def test_an_owners_tasks_are_collected_from_the_servers() -> None:
    """Those that another browser has sent; this one's own are known already."""

    async def story(tab: Tab) -> None:
        task_id = await tab.submit(1)
        await tab.result(task_id)
        elsewhere = Tab(seed=1)
        elsewhere.around.network.servers.update(tab.around.network.servers)
        elsewhere.around.agenda = elsewhere.around.network.agenda = tab.around.agenda
        other = await elsewhere.open()
        with pytest.raises(BadInput, match="phrase_bad"):
            other.collect("no phrase")
        other.collect(tab.tether.phrase.upper())
        assert await tab.around.play(other.runner.until(lambda: bool(other.tasks), 5.0))
        (task,) = other.tasks.values()
        assert task.prompt_id == tab.tether.tasks[task_id].prompt_id
        tab.tether.collect(tab.tether.phrase)
        assert list(tab.tether.tasks) == [task_id]

    play(story)


def test_servers_come_with_their_tokens_and_go() -> None:
    """A server that is removed without tasks is forgotten."""

    async def story(tab: Tab) -> None:
        token = Access(Mode.BEARER, "s3cret")
        assert tab.tether.add_server("north:8188", "north", token) == NORTH
        assert tab.tether.servers[NORTH].name == "north"
        assert tab.tether.access_tokens.of(NORTH) == token
        tab.tether.remove_server(SOUTH)
        assert SOUTH not in tab.tether.servers

    play(story)


def test_a_page_that_wakes_goes_on_as_the_same_window() -> None:
    """Nothing is sent while it sleeps; coming into view it checks for windows that are gone."""

    async def story(tab: Tab) -> None:
        page: Any = tab.tether.world.page
        page.sleep()
        assert tab.tether.runner.is_paused
        await page.wake()
        assert not tab.tether.runner.is_paused and page.restarts == 0
        checks: list[None] = []
        tab.tether.adopter.check = lambda: checks.append(None)  # type: ignore[method-assign]
        page.emit(PageChanged(PageChange.HIDDEN))
        assert checks == [] and tab.tether.window.is_hidden
        page.emit(PageChanged(PageChange.VISIBLE))
        assert len(checks) == 1

    play(story)


def test_a_lost_task_runs_again_though_nothing_is_painted() -> None:
    """Its server forgot everything; the runner's round alone starts its work anew."""

    async def story(tab: Tab) -> None:
        tether = tab.tether
        tether.rerun.rerun_from(NOON)
        task_id = await tab.submit(1, steps=40, server=NORTH)
        queued = tether.runner.until(lambda: tether.tasks[task_id].state is State.RUNNING, 5.0)
        assert await tab.around.play(queued)
        server = tab.around.network.servers[NORTH]
        server.kill()
        server.start()
        assert (await tab.result(task_id)).state is State.LOST
        again = tether.runner.until(lambda: len(tether.tasks) == 2, 5.0)
        assert await tab.around.play(again)
        new = list(tether.tasks)[1]
        assert (await tab.result(new)).state is State.COMPLETED
        assert tether.tasks[new].again_of == task_id

    play(story)


def test_previews_go_nowhere_unless_somebody_wants_them() -> None:
    """They are no part of a result."""
    NoPreviews().show(TaskId("t1"), b"frame", 8, "image/png")


def test_each_of_a_chain_takes_what_the_one_before_has_made() -> None:
    """Wherever they run; what can't go on is refused whole."""

    async def story(tab: Tab) -> None:
        loads = workflow(1, 10, 2, picture="example.png")
        ids = await tab.around.play(tab.tether.chain([workflow(1, 10, 1), loads, loads], title="x"))
        tasks = [await tab.result(task_id) for task_id in ids]
        assert [task.state for task in tasks] == [State.COMPLETED] * 3
        assert [task.title for task in tasks] == ["x", "x 2", "x 3"]
        for before, task in pairwise(tasks):
            (picture,) = task.pictures
            made = tab.around.files.kept[picture.digest].content.decode()
            assert made.endswith(f"{before.server} {before.outputs[0].filename}")
            assert task.after == before.task_id
        with pytest.raises(BadInput, match="chain_unfit"):
            await tab.around.play(tab.tether.chain([loads, workflow(1, 10, 1)]))
        assert len(tab.tether.tasks) == 3
        tab.tether.close()
        with pytest.raises(TetherError, match="closed"):
            await tab.tether.chain([loads])

    play(story)


def test_a_chain_waits_for_a_server_that_has_the_result_and_comes_back() -> None:
    """One that has it no more ends it."""

    async def story(tab: Tab) -> None:
        loads = workflow(1, 10, 2, picture="example.png")
        chain = [workflow(1, 10, 1), loads]
        tab.around.is_silent = True
        _, second = await tab.around.play(tab.tether.chain(chain))
        task = tab.tether.tasks[second]
        while task.note is None:
            await tab.around.play(asyncio.sleep(0))
        assert task.note.code == "after_unreachable"
        tab.around.is_silent = False
        assert (await tab.result(second)).state is State.COMPLETED
        tab.around.is_lost = True
        _, second = await tab.around.play(tab.tether.chain(chain))
        task = await tab.result(second)
        assert (task.state, task.trouble and task.trouble.code) == (State.FAILED, "after_gone")

    play(story)
