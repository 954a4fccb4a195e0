"""The `tether` object, as scripts and benches use it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page

from tests.e2e.background import Background
from tests.e2e.farm import farm, noise, open_page, until
from tests.e2e.test_console import failure
from tests.e2e.test_sweep import ran
from tests.e2e.watch import Watch
from tools.dev.replay import Replay, read_record

ROOT = Path(__file__).parents[2]
INVERT = json.loads((ROOT / "static/workflows/invert.json").read_text())
(LOADER,) = [node for node, each in INVERT.items() if each["class_type"] == "LoadImage"]

SUBMIT = """async ({workflow, slot, bytes, server}) => {
    const before = JSON.stringify(workflow);
    const blob = new Blob([new Uint8Array(bytes)], {type: "image/png"});
    const sent = await tether.submit({workflow, files: {[slot]: blob}, server, title: "photo"});
    return {...sent, isUnchanged: JSON.stringify(workflow) === before};
}"""


def png(picture: Image.Image) -> list[int]:
    """A picture's file, for JavaScript."""
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return list(stream.getvalue())


def submit(page: Page, picture: Image.Image, server: str | None = None, **changes: Any) -> Any:
    """Submit the inversion of a picture."""
    given = {
        "workflow": INVERT,
        "slot": f"{LOADER}.image",
        "bytes": png(picture),
        "server": server,
        **changes,
    }
    return page.evaluate(SUBMIT, given)


def test_a_script_sends_a_picture_and_reads_the_result(page: Page, background: Background) -> None:
    """The caller's workflow isn't changed; the result's address gives the inverted picture."""
    with farm(background, 2) as two:
        open_page(page, two)
        second = two.servers[1].url
        picture = noise(3)
        sent = submit(page, picture, second)
        assert sent["isUnchanged"] is True
        assert sent["server"] in (None, second)
        result = page.evaluate("(taskId) => tether.result(taskId)", sent["taskId"])
        assert (result["state"], result["server"], result["error"]) == ("completed", second, None)
        assert result["promptId"] == sent["promptId"]
        (output,) = result["outputs"]
        assert output["type"] == "output" and output["kind"] == "image"
        made = Image.open(io.BytesIO(page.request.get(output["url"]).body())).convert("RGB")
        assert ImageChops.difference(made, ImageChops.invert(picture)).getbbox() is None
        again = page.evaluate("(promptId) => tether.result(promptId)", sent["promptId"])
        assert again == result


def test_listeners_are_told_every_state_in_order(
    page: Page, background: Background, watch: Watch
) -> None:
    """Until they stop; one that fails harms nobody."""
    with farm(background, 1, pace=0.6) as one:
        open_page(page, one)
        page.evaluate(
            """() => {
                window.heard = [];
                tether.onTask(() => { throw new Error("mine"); });
                window.stop = tether.onTask((task) => heard.push(task));
            }"""
        )
        watch.expect("A listener of tether.onTask failed")
        first = submit(page, noise(1))
        page.evaluate("(taskId) => tether.result(taskId)", first["taskId"])
        heard = page.evaluate("heard")
        states = list(dict.fromkeys(task["state"] for task in heard))
        # A frame may overtake the answer to the POST; then it was never seen in the queue.
        order = ["waiting", "connecting", "uploading", "posting", "queued", "running", "completed"]
        assert [state for state in order if state in states] == states
        assert set(order) - set(states) <= {"queued"}
        assert {task["taskId"] for task in heard} == {first["taskId"]}
        progress = [task["progress"] for task in heard]
        assert progress == sorted(progress) and progress[0] == 0
        steps = [task for task in heard if task["state"] == "running" and task["max"] > 1]
        assert steps and all(0 <= task["value"] <= task["max"] for task in steps)
        assert all(task["nodeId"] in INVERT for task in steps)
        page.evaluate("() => { stop(); heard.length = 0; }")
        second = submit(page, noise(2))
        page.evaluate("(taskId) => tether.result(taskId)", second["taskId"])
        assert page.evaluate("heard") == []


EMPTY = {"width": 8, "height": 8, "batch_size": 1, "color": 0}


@pytest.mark.long
def test_a_sweep_is_a_task_for_each_combination(
    page: Page, background: Background, watch: Watch
) -> None:
    """All with all, or side by side; what can't be combined is an error, and nothing is sent."""
    with farm(background, 2) as two:
        open_page(page, two)
        inputs = {"image": ["1", 0], "upscale_method": "area", "scale_by": 1}
        workflow = {
            "1": {"class_type": "EmptyImage", "inputs": EMPTY},
            "2": {"class_type": "ImageScaleBy", "inputs": inputs},
            "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
        }
        scales, methods = [2, 3.5], ["area", "bilinear"]
        given = {"sweep": {"2.scale_by": scales, "2.upscale_method": methods}, "title": "grid"}
        call = "async (given) => await tether.submit(given)"
        made = page.evaluate(call, {"workflow": workflow, **given})
        assert [set(each) for each in made] == [{"taskId", "promptId", "server"}] * 4
        beside = page.evaluate(call, {"workflow": workflow, **given, "sideBySide": True})
        assert len(beside) == 2
        for each in (*made, *beside):
            page.evaluate("(id) => tether.result(id)", each["taskId"])
        grid = [(method, scale) for scale in scales for method in methods]
        assert ran(two) == sorted([*grid, ("area", 2), ("bilinear", 3.5)])
        titles = {task["taskId"]: task["title"] for task in page.evaluate("tether.tasks()")}
        wanted = "grid (scale_by 2, upscale_method area)"
        assert titles[made[0]["taskId"]] == titles[beside[0]["taskId"]] == wanted
        for sweep, told in (
            ({"2.nope": [1]}, "no input 2.nope"),
            ({"2.scale_by": []}, "at least one value"),
            ({"2.scale_by": [1, 2], "2.upscale_method": ["area"]}, "they have 2, 1"),
        ):
            options = {"workflow": workflow, "sweep": sweep, "sideBySide": True}
            failing = f"tether.submit({json.dumps(options)})"
            assert told in failure(page, failing)
        assert page.evaluate("tether.tasks().length") == 6


@pytest.mark.long
def test_a_failed_task_says_why(page: Page, background: Background) -> None:
    """In the page's words; no promise is broken for it."""
    with farm(background, 1) as one:
        open_page(page, one)
        workflow = {
            **INVERT,
            "9": {"class_type": "TetherRaise", "inputs": {"image": [LOADER, 0], "message": "boom"}},
            "10": {"class_type": "PreviewImage", "inputs": {"images": ["9", 0]}},
        }
        sent = submit(page, noise(1), workflow=workflow)
        result = page.evaluate("(taskId) => tether.result(taskId)", sent["taskId"])
        assert result["state"] == "failed" and "boom" in result["error"]


def test_servers_come_and_go_by_script(page: Page, background: Background, watch: Watch) -> None:
    """A new one is described when it is known whether it works."""
    with farm(background, 2) as two, farm(background, 1) as other:
        open_page(page, two)
        url = other.servers[0].url
        added = page.evaluate(f"tether.addServer('{url}', {{name: 'spare'}})")
        assert (added["url"], added["name"], added["state"]) == (url, "spare", "up")
        assert [each["name"] for each in page.evaluate("tether.servers()")] == [
            "gpu-1",
            "gpu-2",
            "spare",
        ]
        page.evaluate(f"tether.removeServer('{url}')")
        until(page, "tether.servers().length === 2")
        token = "{token: {mode: 'basic', secret: 'x'}}"
        assert "user:password" in failure(page, f"tether.addServer('{url}', {token})")
        assert "is not among this page's servers" in failure(page, f"tether.removeServer('{url}')")
        background.leave()  # it may be asking the server still


@pytest.mark.long
def test_what_a_script_gets_wrong_is_an_error_in_plain_words(
    page: Page, background: Background
) -> None:
    """And nothing was accepted."""
    with farm(background, 1) as one:
        open_page(page, one)
        for call, part in (
            ("tether.submit()", "not a ComfyUI workflow"),
            ("tether.submit({workflow: {nodes: [], links: []}})", "editor's format"),
            ("tether.submit({workflow: '{'})", "not JSON"),
            ("tether.result('nope')", "No task of this window"),
        ):
            assert part in failure(page, call)
        given = {"workflow": INVERT, "slot": "99.image", "bytes": png(noise(1)), "server": None}
        told = page.evaluate(f"(given) => ({SUBMIT})(given).catch((e) => e.message)", given)
        assert "no node for the file “99.image”" in told
        given |= {"slot": f"{LOADER}.image", "bytes": [1, 2, 3]}
        told = page.evaluate(f"(given) => ({SUBMIT})(given).catch((e) => e.message)", given)
        assert "not a picture" in told
        assert page.evaluate("tether.tasks()") == []


@pytest.mark.fresh_tab
def test_calls_made_before_python_is_there_wait(page: Page, background: Background) -> None:
    """Then reads answer at once, with plain objects."""
    with farm(background, 1) as one:
        page.goto(one.url)
        until(page, "Boolean(window.tether)")
        assert page.evaluate("tether.ready instanceof Promise")
        # A quick machine may have Python by now.
        answer = page.evaluate_handle("tether.servers()")
        assert answer.evaluate("answer => answer instanceof Promise || Array.isArray(answer)")
        assert page.evaluate("(async () => (await tether.stats()).tasks)()") == {}
        page.evaluate("tether.ready")
        names = page.evaluate("tether.servers().map((server) => server.name)")
        assert names == ["gpu-1"]
        assert page.evaluate("Object.getPrototypeOf(tether.stats()) === Object.prototype")


@pytest.mark.long
def test_the_flight_recorder_keeps_what_passed_the_network(
    page: Page, background: Background
) -> None:
    """But no picture and no owner's tag; its file is played in the simulator."""
    with farm(background, 1) as one:
        open_page(page, one)
        picture = noise(4)
        sent = submit(page, picture)
        page.evaluate("(taskId) => tether.result(taskId)", sent["taskId"])
        with page.expect_download() as download:
            page.evaluate("tether.flightRecorder.download()")
        assert download.value.suggested_filename == "tether-flight.json"
        text = Path(download.value.path()).read_text()
        record = read_record(text)
        assert record == page.evaluate("tether.flightRecorder.read()")
        own = [entry for entry in record["entries"] if entry["taskId"] == sent["taskId"]]
        assert [e["path"] for e in own if e["kind"] == "request"] == ["/upload/image", "/prompt"]
        assert any('"execution_success"' in e["text"] for e in own if e["kind"] == "frame")
        phrase = page.evaluate("Object.values(localStorage).join()")
        assert '"owner"' not in text and "extra_data" not in text and phrase
        assert "IHDR" not in text and "iVBOR" not in text
        assert Replay(record).ends == {sent["promptId"]: ("completed", "completed")}


def test_help_lists_all_that_is_there(page: Page, background: Background) -> None:
    """Each of it exists, and docs/api.md has it too."""
    docs = (ROOT / "docs/api.md").read_text()
    with farm(background, 1) as one:
        open_page(page, one)
        listed = [each["call"] for each in page.evaluate("tether.help()")]
        names = [call.partition("(")[0] for call in listed]
        missing = page.evaluate(
            """(names) => names.filter((name) => name.split(".").reduce(
                (object, part) => object?.[part], window) === undefined)""",
            names,
        )
        assert missing == []
        own = page.evaluate("Object.keys(tether).map((name) => `tether.${name}`)")
        assert set(own) - {"tether.flightRecorder"} <= set(names)
        assert [name for name in names if f"`{name}" not in docs] == []
        until(page, "tether.stats().serversUp === 1")
        stats = page.evaluate("tether.stats()")
        assert stats["servers"] == 1 and stats["requests"] > 0
