"""The roster: what it makes of a cluster's answers, and when it writes."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.roster.roster import containers, pods, serving, update
from tests.e2e.tls import certificate


def endpoint(name: str, serving: bool = True, terminating: bool = False) -> dict[str, Any]:
    """An endpoint as Kubernetes tells of it where a Service publishes all addresses."""
    conditions = {"ready": True, "serving": serving, "terminating": terminating}
    return {"conditions": conditions, "targetRef": {"kind": "Pod", "name": name}}


def test_pods_that_are_up_and_stay_are_listed_in_their_order() -> None:
    """A pod may be in two slices while it moves; one that starts has no address yet."""
    slices = {
        "items": [
            {
                "endpoints": [
                    endpoint("comfyui-10"),
                    endpoint("comfyui-2"),
                    endpoint("comfyui-3", serving=False),
                    endpoint("comfyui-4", terminating=True),
                ]
            },
            {"endpoints": None},
            {"endpoints": [endpoint("comfyui-2")]},
        ]
    }
    assert serving(slices) == ["comfyui-2", "comfyui-10"]


def test_the_list_is_written_when_it_changes_and_never_emptied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page may read it at any time."""
    place = tmp_path / "servers.json"
    update(place, lambda: ["gpu-1"])
    assert json.loads(place.read_text()) == [{"url": "/gpu/gpu-1/", "name": "gpu-1"}]
    first = place.stat().st_mtime_ns
    update(place, lambda: ["gpu-1"])
    update(place, list)
    assert place.stat().st_mtime_ns == first

    def silent() -> list[str]:
        raise OSError("timed out")

    update(place, silent)
    update(place, lambda: ["gpu-1", "gpu-2"])
    assert [each["name"] for each in json.loads(place.read_text())] == ["gpu-1", "gpu-2"]
    assert list(tmp_path.iterdir()) == [place]
    assert capsys.readouterr().out.splitlines() == [
        f"{place}: gpu-1",
        f"No answer: timed out. {place} stays as it is.",
        f"{place}: gpu-1, gpu-2",
    ]
    update(tmp_path / "none.json", list)
    assert (tmp_path / "none.json").read_text() == "[]\n"


def test_containers_are_those_that_dns_knows() -> None:
    """The others aren't started."""
    assert containers(["localhost", "no-such-container.invalid"]) == ["localhost"]


def test_a_cluster_is_asked_as_its_pods_ask_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By https that the account trusts, with its token, for this Service of its namespace."""
    asked = []

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name for it
            asked.append((self.path, self.headers["Authorization"]))
            body = json.dumps({"items": [{"endpoints": [endpoint("comfyui-0")]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    made, key = certificate(tmp_path)
    for name, content in {
        "namespace": "pictures",
        "token": "s3cret",
        "ca.crt": made.read_text(),
    }.items():
        (tmp_path / name).write_text(content)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_port))
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert pods("comfyui", tmp_path) == ["comfyui-0"]
        thread.join()
    chosen = "labelSelector=kubernetes.io/service-name%3Dcomfyui"
    place = f"/apis/discovery.k8s.io/v1/namespaces/pictures/endpointslices?{chosen}"
    assert asked == [(place, "Bearer s3cret")]
