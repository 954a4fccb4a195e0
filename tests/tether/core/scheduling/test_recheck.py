"""One more look at the queues after a long upload."""

from collections.abc import Callable

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    asked,
    bound_task,
    invert_workflow,
    new_window,
    one,
    reply,
    timers,
    waiting_task,
)
from tether.core.commands import Commands
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach, Server, Use
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request
from tether.core.scheduling.recheck import LONG_UPLOAD, RECHECK_WITHIN, SECONDS_SAVED
from tether.core.submission.submission import Submission
from tether.core.timers import RecheckTimer

LATE = NOON + LONG_UPLOAD
SIZE = 8_000_000


class Story:
    """A task's picture goes up to North; South is there too."""

    def __init__(self) -> None:
        self.window: Window = new_window()
        self.north: Server = self.add(NORTH)
        self.south: Server = self.add(SOUTH)
        self.submission = Submission(self.window)
        self.look = self.submission.recheck
        self.north.connection.connect()
        self.north.connection.greeted(1)
        self.task: Task = waiting_task(self.window)

    def add(self, url: ServerUrl) -> Server:
        """A server that answers."""
        server = self.window.server(url, NOON)
        server.name = url[7:12]
        server.answered()
        return server

    def uploaded(self, now: float = LATE) -> Commands:
        """The picture is there at last."""
        upload = one(self.submission.begin(self.task, self.north, NOON), Ask.UPLOAD)
        return self.submission.answered(self.task, reply(upload, {"name": "photo.png"}), now)

    def asked(self) -> dict[ServerUrl, Request]:
        """The same, and what is asked then."""
        return {each.server: each for each in asked(self.uploaded(), Ask.PROBE)}

    def tell(self, north: int | None, south: int | None) -> Commands:
        """Both are asked, and tell."""
        probes = self.asked()
        assert self.look.answered(probes[NORTH], north, LATE) == ()
        return self.look.answered(probes[SOUTH], south, LATE + 0.1)

    def timed(self, server: Server, seconds: float, number: int) -> None:
        """A task of ours has ended there, and the server told how long it took."""
        task = bound_task(self.window, server, *RUNNING, number=number)
        task.ran = seconds
        self.window.end(task, State.COMPLETED, NOON - 50 + number, "socket", None)

    def is_taken_back(self) -> bool:
        """The task waits again, and its card says why."""
        is_back = self.task.state is State.WAITING
        assert not is_back or self.task.note == Trouble.of("sooner_elsewhere", server="south")
        return is_back


def test_after_a_long_upload_all_are_asked_before_the_task_is_posted() -> None:
    story = Story()
    commands = story.uploaded()
    assert [each.server for each in asked(commands, Ask.PROBE)] == [NORTH, SOUTH]
    assert asked(commands, Ask.POST) == []
    assert timers(commands) == {RecheckTimer(story.task.task_id): RECHECK_WITHIN}


def test_after_a_short_one_it_is_posted_at_once() -> None:
    story = Story()
    (post,) = asked(story.uploaded(LATE - 0.1))
    assert (post.ask, post.server) == (Ask.POST, NORTH)


def pinned(story: Story) -> None:
    story.task.pinned = NORTH


def hurried(story: Story) -> None:
    story.window.send_all()


def moved_before(story: Story) -> None:
    story.task.was_rechecked = True


def down(story: Story) -> None:
    story.south.reach = Reach.DOWN


def paused(story: Story) -> None:
    story.south.is_paused = True


def resting(story: Story) -> None:
    story.south.rests_until = LATE + 1


def unknown(story: Story) -> None:
    """It was never asked for a class of the workflow."""
    special = {"class_type": "Special", "inputs": {"image": ["1", 0]}}
    story.window.workflows[INVERT] = invert_workflow(**{"2": special})


def too_small(story: Story) -> None:
    story.south.refused_picture(SIZE)


@pytest.mark.parametrize(
    "happens", [pinned, hurried, moved_before, down, paused, resting, unknown, too_small]
)
def test_nobody_is_asked_where_nothing_could_change(happens: Callable[[Story], None]) -> None:
    story = Story()
    happens(story)
    (post,) = asked(story.uploaded())
    assert (post.ask, post.server) == (Ask.POST, NORTH)


def test_a_server_that_is_shut_to_the_workflow_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = Story()
    outliers = story.window.statistics.outliers
    monkeypatch.setattr(type(outliers), "shut_until", lambda _self, _digest, _url: LATE + 60)
    assert one(story.uploaded()).ask is Ask.POST


@pytest.mark.parametrize(
    ("north", "south", "is_better"),
    [(2, 0, True), (3, 1, True), (1, 0, False), (0, 0, False), (None, 0, False), (2, None, False)],
)
def test_where_no_seconds_are_known_two_tasks_fewer_are_worth_a_second_upload(
    north: int | None, south: int | None, is_better: bool
) -> None:
    """A task that stays is posted; where the own server says nothing it stays."""
    story = Story()
    posts = asked(story.tell(north, south), Ask.POST)
    assert [each.server for each in posts] == ([] if is_better else [NORTH])
    assert story.is_taken_back() is is_better


@pytest.mark.parametrize(("seconds", "is_looked_at"), [(0.9, False), (1.1, True)])
def test_an_upload_of_a_second_is_long(seconds: float, is_looked_at: bool) -> None:
    commands = Story().uploaded(NOON + seconds)
    assert bool(asked(commands, Ask.PROBE)) is is_looked_at
    assert bool(asked(commands, Ask.POST)) is not is_looked_at


@pytest.mark.parametrize(("seconds", "is_better"), [(16.5, True), (15.5, False)])
def test_where_seconds_are_known_the_upload_counts(seconds: float, is_better: bool) -> None:
    """North has one before it; at South the upload takes 11 s once more, and five are to be won."""
    story = Story()
    story.timed(story.north, seconds, 2)
    story.timed(story.south, seconds, 3)
    assert SECONDS_SAVED == 5.0
    story.north.bandwidth = SIZE / 11
    story.tell(1, 0)
    assert story.is_taken_back() is is_better


def test_what_was_uploaded_isnt_uploaded_again_where_the_task_stays() -> None:
    """North has a slow way, and nothing to do."""
    story = Story()
    story.timed(story.north, 4.0, 2)
    story.timed(story.south, 4.0, 3)
    story.north.bandwidth, story.south.bandwidth = SIZE / 11, SIZE / 0.1
    story.tell(0, 0)
    assert not story.is_taken_back()


def test_one_that_lets_the_task_go_first_is_not_before_it() -> None:
    """It would make another server look better than it is."""
    story = Story()
    probes = story.asked()
    later = waiting_task(story.window, 2, pictures=0)
    assert not asked(story.submission.begin(later, story.north, NOON))
    assert story.look.answered(probes[NORTH], 2, LATE) == ()
    assert one(story.look.answered(probes[SOUTH], 1, LATE), Ask.POST).server == NORTH


def test_the_best_of_several_is_named() -> None:
    story = Story()
    story.window.servers = {}
    for url in (NORTH, ServerUrl("http://west:8188"), SOUTH, ServerUrl("http://east:8188")):
        story.add(url)
    story.north = story.window.servers[NORTH]
    story.north.connection.is_blocked = True
    probes = story.asked()
    for url, length in zip(story.window.servers, (5, 2, 0, 1), strict=True):
        story.look.answered(probes[url], length, LATE)
    assert story.is_taken_back()


def test_a_server_without_a_place_is_no_better_one() -> None:
    """Two of ours are on their way there."""
    story = Story()
    for number in (2, 3):
        bound_task(story.window, story.south, number=number)
    (post,) = asked(story.tell(5, 0), Ask.POST)
    assert post.server == NORTH


def test_a_server_that_leaves_meanwhile_is_no_better_one() -> None:
    story = Story()
    probes = story.asked()
    story.look.answered(probes[NORTH], 5, LATE)
    story.south.use = Use.REMOVED
    assert one(story.look.answered(probes[SOUTH], 0, LATE)).ask is Ask.POST


def test_no_task_waits_for_a_server_that_hangs() -> None:
    """It is decided by what was told until then; what comes later changes nothing."""
    story = Story()
    probes = story.asked()
    story.look.answered(probes[NORTH], 5, LATE)
    assert one(story.look.fired(story.task.task_id, LATE + 1)).ask is Ask.POST
    assert story.look.answered(probes[SOUTH], 0, LATE + 2) == ()
    assert story.look.fired(story.task.task_id, LATE + 3) == ()
    assert (story.task.state, story.task.server) == (State.POSTING, NORTH)


def test_a_task_that_has_ended_meanwhile_is_not_posted() -> None:
    story = Story()
    probes = story.asked()
    story.look.answered(probes[NORTH], 5, LATE)
    story.window.end(story.task, State.CANCELLED, LATE, "here", None)
    assert story.look.answered(probes[SOUTH], 0, LATE) == ()


def test_a_task_that_was_bound_anew_meanwhile_has_nothing_to_do_with_it() -> None:
    story = Story()
    story.asked()
    story.window.unbind(story.task, Trouble.of("server_silent", server="north"))
    story.window.bind(story.task, story.south, LATE + 1)
    story.window.move(story.task, State.UPLOADING)
    assert story.look.fired(story.task.task_id, LATE + 1) == ()
    assert (story.task.state, story.task.server) == (State.UPLOADING, SOUTH)


def test_a_task_without_pictures_is_posted_however_late() -> None:
    """Its socket was long in coming."""
    story = Story()
    task = waiting_task(story.window, 2, pictures=0)
    assert asked(story.submission.begin(task, story.south, NOON)) == []
    (post,) = asked(story.submission.connect_fired(task, NOON + 10))
    assert (post.ask, post.server) == (Ask.POST, SOUTH)


def test_an_answer_that_nobody_waits_for_is_passed_over() -> None:
    """The dispatcher asks in the same way."""
    story = Story()
    story.asked()
    other = Request(99, SOUTH, Ask.PROBE, "/prompt")
    assert story.look.answered(other, 0, LATE) == ()


def test_each_task_is_looked_at_once() -> None:
    """At its second server it is posted, however long that upload took."""
    story = Story()
    story.tell(2, 0)
    assert story.is_taken_back()
    story.north, story.south = story.south, story.north
    story.north.connection.is_blocked = True
    upload = one(story.submission.begin(story.task, story.north, LATE + 1), Ask.UPLOAD)
    answer = reply(upload, {"name": "photo.png"})
    (post,) = asked(story.submission.answered(story.task, answer, LATE + 60))
    assert (post.ask, post.server) == (Ask.POST, SOUTH)
