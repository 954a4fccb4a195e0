"""Random histories of a whole server: what must hold whatever happens."""

import json
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulator.events import SocketBlocked, SocketDrained
from simulator.settings import Api
from tests.simulator.shell import CALM, FakeShell, photo, slow

CLIENTS = st.sampled_from(["A", "B", None])


class AnyHistory(RuleBasedStateMachine):
    """Clients post, cancel, connect, stop reading and leave; the server dies now and then."""

    @initialize(
        api=st.sampled_from(Api),
        pace=st.sampled_from([0.0, 0.6]),
        post_delay=st.sampled_from([0.0, 0.002, 0.3]),
        success_gap=st.sampled_from([0.0, 0.3]),
        work_seconds=st.sampled_from([0.0, 0.4]),
        shared_sender=st.booleans(),
    )
    def start(self, api: Api, pace: float, work_seconds: float, **delays: object) -> None:
        """A server of any kind."""
        settings = replace(CALM, api=api, pace=pace, **delays)
        self.shell = FakeShell(settings)
        self.shell.work_seconds = work_seconds
        self.shell.upload("lab.png")
        self.accepted: set[str] = set()
        self.removed: set[str] = set()
        self.sockets: list[int] = []

    @rule(client=CLIENTS, seed=st.integers(0, 3), front=st.booleans())
    def post(self, client: str | None, seed: int, front: bool) -> None:
        """A task of some length."""
        workflows = [photo(prefix="x"), slow(3, 200), slow(2, 0, 1), RAISING]
        self.accepted.add(self.shell.post(workflows[seed], client, front=front))

    @rule(seconds=st.sampled_from([0.001, 0.1, 1.0, 5.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.shell.pass_time(seconds)

    @rule(client=st.sampled_from(["A", "B"]))
    def connect(self, client: str) -> None:
        """A socket, perhaps in place of another."""
        self.sockets.append(self.shell.open(client))

    @rule(data=st.data())
    def disturb(self, data: st.DataObject) -> None:
        """A socket closes, stops reading or reads again."""
        if self.sockets:
            socket = data.draw(st.sampled_from(self.sockets))
            kind = data.draw(st.sampled_from([SocketBlocked, SocketDrained, None]))
            if kind is None:
                self.sockets.remove(socket)
                self.shell.close(socket)
            else:
                self.shell.feed(kind(socket))

    @rule()
    def interrupt(self) -> None:
        """Stop whatever runs."""
        self.shell.request("POST", "/interrupt")

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Take one waiting task out of the queue."""
        pending = [each[1] for each in self.shell.get("/queue")["queue_pending"]]
        if pending:
            prompt_id = data.draw(st.sampled_from(pending))
            self.shell.request("POST", "/queue", {"delete": [prompt_id]})
            self.removed.add(prompt_id)

    @rule()
    def kill(self) -> None:
        """All tasks are lost; files in `input` and `output` are not."""
        self.shell.kill()
        self.removed |= self.accepted
        self.sockets.clear()

    @invariant()
    def every_task_is_in_exactly_one_place(self) -> None:
        """Waiting, running, finished, or removed."""
        if not hasattr(self, "shell"):
            return
        queue = self.shell.get("/queue")
        places = [each[1] for each in (*queue["queue_pending"], *queue["queue_running"])]
        places += list(self.shell.get("/history"))
        assert len(places) == len(set(places))
        assert set(places) == self.accepted - self.removed

    def teardown(self) -> None:
        """In the end everything has ended, and nothing lies around."""
        if not hasattr(self, "shell"):
            return
        self.shell.pass_time(1000)
        assert self.shell.get("/queue") == {"queue_running": [], "queue_pending": []}
        finished = self.shell.get("/history")
        assert set(finished) == self.accepted - self.removed
        assert len(self.shell.values) <= 5  # What the latest task might still use.
        named = [
            json.dumps(image)
            for entry in finished.values()
            for output in entry["outputs"].values()
            for image in output.get("images", ())
        ]
        made = [blob for blob in self.shell.blobs if blob.startswith("made")]
        assert len(made) >= len(set(named))
        assert len(self.shell.blobs) - len(made) == 1


RAISING = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}},
    "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}},
    "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    "4": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
}

TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, database=None
)
