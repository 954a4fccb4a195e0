"""Writes Tether's list of servers from what runs, whenever that changes.

    python roster.py /srv/fleet/servers.json --service comfyui
    python roster.py /srv/fleet/servers.json --names gpu-1 gpu-2 gpu-3 gpu-4

The first asks Kubernetes for the pods behind a headless Service; the second looks which of these
containers there are. Each has the path `/gpu/NAME/`, which deploy/Caddyfile passes on.
"""

import argparse
import json
import os
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

EVERY = 5.0
"""Seconds between two looks."""

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""What a pod has of its account. Source: kubernetes.io, Accessing the API from within a Pod."""


def containers(names: Sequence[str]) -> list[str]:
    """Return those that run: Docker's DNS knows no others."""
    return [name for name in names if _is_known(name)]


def _is_known(name: str) -> bool:
    try:
        socket.gethostbyname(name)
    except OSError:
        return False
    return True


def pods(service: str, account: Path = ACCOUNT) -> list[str]:
    """Return the names of the pods behind a headless Service that take tasks.

    Raises OSError where the cluster doesn't answer.
    """
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    space = (account / "namespace").read_text()
    chosen = quote(f"kubernetes.io/service-name={service}")
    place = f"/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices?labelSelector={chosen}"
    token = (account / "token").read_text()
    asked = Request(f"https://{host}:{port}{place}", headers={"Authorization": f"Bearer {token}"})
    trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
    with urlopen(asked, context=trusted, timeout=EVERY) as answer:
        return serving(json.load(answer))


def serving(slices: dict[str, Any]) -> list[str]:
    """Return the names of the pods in EndpointSlices that are up and not about to go.

    `ready` doesn't tell: the Service publishes all addresses, so that a pod that is about to go can
    be reached until its last task has ended. Source: kubernetes.io, EndpointSlices, Conditions.
    """
    endpoints = [each for one in slices["items"] for each in one.get("endpoints") or []]
    names = {
        str(each["targetRef"]["name"])
        for each in endpoints
        if each["conditions"].get("serving") and not each["conditions"].get("terminating")
    }
    return sorted(names, key=lambda name: (len(name), name))


def listed(names: Sequence[str]) -> str:
    """Return the content of servers.json."""
    return json.dumps([{"url": f"/gpu/{name}/", "name": name} for name in names], indent=1) + "\n"


def update(place: Path, found: Callable[[], Sequence[str]]) -> None:
    """Look once, and write the list in one step if it has changed. A failed look changes nothing.

    Nor does one that finds no server at all: pages keep their list then, too.
    """
    try:
        names = found()
    except OSError as error:
        print(f"No answer: {error}. {place} stays as it is.", flush=True)
        return
    content = listed(names)
    if place.exists() and (not names or place.read_text() == content):
        return
    beside = place.with_suffix(".new")
    beside.write_text(content)
    beside.rename(place)
    print(f"{place}: {', '.join(names) or 'no server'}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Look until stopped."""
    parser = argparse.ArgumentParser(description="Writes Tether's list of servers from what runs.")
    parser.add_argument("place", type=Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--service")
    source.add_argument("--names", nargs="+")
    options = parser.parse_args(arguments)
    found = (
        partial(pods, options.service) if options.service else partial(containers, options.names)
    )
    while True:
        update(options.place, found)
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
