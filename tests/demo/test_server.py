"""One server inside the page: the simulator, with hands."""

from demo.agenda import PlayedAgenda
from demo.server import InPageServer
from simulator.http import FileBody, Response
from simulator.settings import Settings
from tests.demo.hand import NOON, WORKFLOW, Ear, HandWork, asked, new_server

PROMPT = "00000000-0000-4000-8000-000000000001"


def start(agenda: PlayedAgenda, server: InPageServer) -> Ear:
    """Listen, upload a picture and submit."""
    ear = Ear()
    server.open("/ws?clientId=me", ear)
    assert asked(server, "POST", "/upload/image", upload=("photo.png", "d1", 3, "pic")) == (
        200,
        {"name": "photo.png", "subfolder": "", "type": "input"},
    )
    body = {"prompt": WORKFLOW, "client_id": "me", "prompt_id": PROMPT}
    assert asked(server, "POST", "/prompt", body)[0] == 200
    agenda.run(0.1)
    return ear


def finish(agenda: PlayedAgenda, work: HandWork) -> None:
    """Do the three nodes' work."""
    for made in ((), (), ("result",)):
        work.do(*made)
        agenda.run(0.1)


def test_a_task_runs_from_upload_to_result() -> None:
    """Its nodes get what was uploaded and what the ones before made; /view shows the file."""
    agenda = PlayedAgenda(NOON)
    server, work = new_server(agenda)
    ear = start(agenda, server)
    assert ear.is_open
    load = work.do()
    agenda.run(0.1)
    assert {name: work.content(key) for name, key in load.files.items()} == {"image": "pic"}
    assert [run.class_name for run, _ in work.runs] == ["ImageInvert"]
    work.do()
    agenda.run(0.1)
    work.do("result")
    agenda.run(0.1)
    assert ear.kinds().count("execution_success") == 1
    assert server.view("/view?filename=n_00001_.png&type=output&prompt=x") == "result"
    assert server.view("/view?filename=other.png") is None
    assert server.view("/queue") is None


def test_a_picture_that_is_there_already_is_kept_once() -> None:
    """The same content under the same name: the second copy goes at once."""
    server, work = new_server(PlayedAgenda(NOON))
    for _ in range(2):
        asked(server, "POST", "/upload/image", upload=("photo.png", "d1", 3, "pic"))
    ((key, content),) = work.kept.items()
    shown: list[Response] = []
    server.ask("GET", "/view?filename=photo.png&type=input", shown.append)
    assert (content, shown[0].body) == ("pic", FileBody(key, 0, 3))


def test_an_upload_over_the_limit_is_refused() -> None:
    """By its size, which the page knows without reading it."""
    agenda = PlayedAgenda(NOON)
    server, work = new_server(agenda)
    size = Settings().max_upload_size + 1
    assert asked(server, "POST", "/upload/image", upload=("big.png", "d", size, "x"))[0] == 413
    assert work.kept == {}


def test_a_node_that_fails_ends_the_task() -> None:
    """With the reason in its frame."""
    agenda = PlayedAgenda(NOON)
    server, work = new_server(agenda)
    ear = start(agenda, server)
    work.fail("no canvas")
    agenda.run(0.1)
    (error,) = [frame["data"] for frame in ear.frames if frame["type"] == "execution_error"]
    assert (error["node_id"], error["exception_message"]) == ("1", "no canvas\n")
    assert work.runs == []


def test_values_are_dropped_when_nothing_needs_them() -> None:
    """The next task of another kind leaves nothing of the last one."""
    agenda = PlayedAgenda(NOON)
    server, work = new_server(agenda)
    start(agenda, server)
    finish(agenda, work)
    empty = {"width": 8, "height": 8, "batch_size": 1, "color": 1}
    other = {
        "1": {"class_type": "EmptyImage", "inputs": empty},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    asked(server, "POST", "/prompt", {"prompt": other})
    agenda.run(0.1)
    assert len(work.dropped) == 3


def test_a_closed_socket_hears_nothing_more() -> None:
    """Whoever closed it; what is said on it goes nowhere."""
    agenda = PlayedAgenda(NOON)
    server, _ = new_server(agenda)
    left, cut = Ear(), Ear()
    number = server.open("/ws?clientId=left", left)
    server.close(number)
    server.close(number)
    other = server.open("/ws?clientId=cut", cut)
    assert other != number
    server.cut_sockets()
    server.receive(number, "{}")
    server.receive(other, "{}")
    heard = len(left.frames), len(cut.frames)
    start(agenda, server)
    assert (len(left.frames), len(cut.frames)) == heard
    assert (left.is_cut, cut.is_cut) == (False, True)


def test_a_server_that_dies_answers_nobody_and_forgets() -> None:
    """Its sockets are cut; after a restart the queue and the work in it are gone."""
    agenda = PlayedAgenda(NOON)
    server, work = new_server(agenda)
    ear = start(agenda, server)
    assert asked(server, "GET", "/prompt")[1]["exec_info"]["queue_remaining"] == 1
    server.kill()
    assert (server.is_up, ear.is_cut) == (False, True)
    heard = len(ear.frames)
    server.start()
    assert asked(server, "GET", "/prompt")[1]["exec_info"]["queue_remaining"] == 0
    work.do()  # the work of a process that is gone
    agenda.run(1.0)
    assert (server.is_up, len(ear.frames), work.runs) == (True, heard, [])
