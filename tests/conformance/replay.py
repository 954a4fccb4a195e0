"""Plays the client's half of a trace to the simulator and records what it answers."""

import json
from dataclasses import dataclass, replace

from simulator.catalogue import CATALOGUE
from simulator.http import FilePart, Form, PictureBody, Response, TextPart
from simulator.nodes import by_name
from simulator.settings import Settings
from tests.conformance.traces import (
    Record,
    Script,
    Upload,
    first_number,
    past_cache,
    past_outputs,
    read_trace,
    temp_names,
)
from tests.simulator.shell import FakeShell

_ANSWER_TIME = 0.001
_SOON = 0.02
_LETTERS = "abcdefghijklmnopqrstupvxyz"

# Stand-ins for the nodes of the laboratory in which the traces were made.
LAB = by_name(
    (
        *CATALOGUE.values(),
        replace(CATALOGUE["TetherSlow"], name="LabSlow"),
        replace(CATALOGUE["TetherRaise"], name="LabRaise"),
        replace(CATALOGUE["TetherBlock"], name="LabBlock"),
        replace(CATALOGUE["TetherText"], name="LabProgressText"),
    )
)


@dataclass(slots=True)
class Exchange:
    """One request and its answer: status, headers, JSON or text."""

    request: str
    status: int
    headers: dict[str, str]
    json: object
    text: str | None


@dataclass(slots=True)
class Conversation:
    """A whole trace: exchanges in order, and what each connection received."""

    exchanges: list[Exchange]
    frames: dict[str, list[dict]]


class TraceRandom:
    """Chance that falls as it fell for the recorded server."""

    def __init__(self, temp_names: list[str], walks_backwards: tuple[bool, ...]) -> None:
        self.next_uuid = "00000000-0000-4000-8000-000000000000"
        self._letters = [_LETTERS.index(each) for each in "".join(temp_names)]
        self._coins = list(walks_backwards)

    def getrandbits(self, k: int, /) -> int:
        """The bits that make the recorded id, letter or order."""
        if k == 128:
            return int(self.next_uuid.replace("-", ""), 16)
        if k == 1:
            return self._coins.pop(0) if self._coins else 0
        return self._letters.pop(0) if self._letters else 0


def recorded(records: list[Record]) -> Conversation:
    """What the real server said, in the form in which both sides are compared."""
    told = Conversation([], {})
    requests = pair_requests(records)
    opened: dict[str, str] = {}
    for record in records:
        payload = record.payload
        assert isinstance(payload, dict) or record.direction == "note"
        if record.channel == "http" and record.direction == "out":
            continue
        if record.channel == "http":
            request = requests[id(record)].payload
            asked = f"{request['method']} {request['path']}"
            headers = {name.lower(): value for name, value in payload["headers"].items()}
            told.exchanges.append(
                Exchange(asked, payload["status"], headers, payload["json"], payload.get("text"))
            )
        elif record.direction == "out" and "open" in payload:
            opened[record.channel] = _new_name(told, record.channel)
        elif record.direction == "in" and "handshake_error" in payload:
            name = _new_name(told, record.channel)
            told.frames[name].append({"refused": payload["handshake_error"]})
        elif record.direction == "in" and "closed" not in payload:
            told.frames[opened[record.channel]].append(payload)
    return told


def pair_requests(records: list[Record]) -> dict[int, Record]:
    """For the id of each answer's record, the request it answers; some have no answer."""
    waiting: list[Record] = []
    pairs: dict[int, Record] = {}
    for record in records:
        if record.channel != "http" or record.direction == "note":
            continue
        if record.direction == "out":
            waiting.append(record)
            continue
        asked = (record.payload["method"], record.payload["path"])
        request = next(r for r in waiting if (r.payload["method"], r.payload["path"]) == asked)
        waiting.remove(request)
        pairs[id(record)] = request
    return pairs


class Replay:
    """One trace against one simulator, under a virtual clock."""

    def __init__(self, records: list[Record], script: Script) -> None:
        self._records = records
        self._script = script
        self._uploads = list(script.uploads)
        self._told = Conversation([], {})
        self._opened: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._tags: dict[str, str] = {}
        self._no_pictures: set[str] = set()
        self._shell = self._new_shell("*", script.port)
        self._prepare()

    def play(self) -> Conversation:
        """Send everything at its time."""
        begin = self._shell.now
        for time, action in sorted(self._actions(), key=lambda each: each[0]):
            self._shell.pass_time(max(0.0, begin + time - self._shell.now))
            action()
        self._shell.pass_time(5)
        self._collect_frames()
        return self._told

    def _new_shell(self, cors: str | None, port: int) -> FakeShell:
        settings = Settings(cors=cors, speed=self._script.speed, port=port)
        self._random = TraceRandom(temp_names(self._records), self._script.walks_backwards)
        return FakeShell(settings, classes=LAB, random=self._random)

    def _prepare(self) -> None:
        for upload in (*self._script.before, *past_outputs(self._records)):
            self._shell.request("POST", "/upload/image", form=self._form(upload))
        number = first_number(self._records)
        if past_cache(self._records):
            load = {"class_type": "LoadImage", "inputs": {"image": "lab.png"}}
            save = {
                "class_type": "SaveImage",
                "inputs": {"images": ["1", 0], "filename_prefix": "past"},
            }
            self._shell.post({"1": load, "2": save})
            number -= 1
        for _ in range(number):
            self._shell.request("POST", "/prompt", {})
        self._shell.pass_time(1)

    def _actions(self) -> list[tuple[float, object]]:
        actions: list[tuple[float, object]] = []
        requests = pair_requests(self._records)
        if self._script.killed_at is not None:
            actions.append((self._script.killed_at, lambda: self._shell.kill()))
        for record in self._records:
            payload = record.payload
            if record.channel == "http" and record.direction == "out":
                continue
            if record.channel == "http":
                request = requests[id(record)]
                time = self._handled_at(request, record)
                actions.append((time, self._request(request.payload, payload)))
            elif record.direction == "note":
                actions.append((record.time, self._note(payload)))
            elif record.direction == "out":
                actions.append((record.time, self._say(record, payload)))
            elif "closed" in payload:
                actions.append((record.time, self._close(record.channel)))
            elif "handshake_error" in payload:
                headers = payload["headers"]
                actions.append((record.time, self._open(record.channel, "", headers)))
        return actions

    def _handled_at(self, request: Record, answer: Record) -> float:
        """When the server had the request: whatever held the answer back came before.

        A task's first gauge tells best; sockets were broken within milliseconds of steps.
        """
        time = max(request.time, answer.time - _ANSWER_TIME)
        if request.payload["path"] == "/prompt" and request.payload["method"] == "POST":
            for record in self._records[self._records.index(request) :]:
                if record.time > answer.time + _SOON:
                    break
                told = record.payload.get("data") if record.direction == "in" else None
                if isinstance(told, dict) and "status" in told and "sid" not in told:
                    return max(request.time, record.time - Settings().post_delay)
        return time

    def _request(self, request: dict, answer: dict) -> object:
        def act() -> None:
            made = answer["json"].get("prompt_id") if isinstance(answer["json"], dict) else None
            if request["path"] == "/prompt" and made is not None:
                self._random.next_uuid = made
            body, form = request["body"], None
            raw = body.encode() if isinstance(body, str) else None
            if body == "<multipart>" and request["path"] == "/upload/image":
                raw, form = b"", self._form(self._uploads.pop(0))
            elif body == "<multipart>":
                raw = b"this is no JSON"
            response = self._shell.request(
                request["method"],
                request["path"],
                body,
                raw=raw,
                form=form,
                headers=self._headers(request["headers"]),
            )
            assert response is not None
            if isinstance(response.body, PictureBody) and response.body.key in self._no_pictures:
                response = response.body.otherwise
            their_tag, our_tag = answer["headers"].get("Etag"), dict(response.headers).get("Etag")
            if their_tag is not None and our_tag is not None:
                self._tags[their_tag] = our_tag
            asked = f"{request['method']} {request['path']}"
            self._told.exchanges.append(_exchange(asked, response))

        return act

    def _note(self, note: object) -> object:
        def act() -> None:
            if note == "kill -9":
                self._shell.kill()
            elif isinstance(note, str) and note in CORS_NOTES:
                cors, port = CORS_NOTES[note]
                self._collect_frames()
                now, self._shell = self._shell.now, self._new_shell(cors, port)
                self._shell.now = now
                self._names.clear()

        return act

    def _say(self, record: Record, payload: dict) -> object:
        if "open" not in payload:
            return lambda: self._shell.say(self._opened[record.channel], payload)
        later = self._records[self._records.index(record) :]
        greeting = next(r for r in later if r.channel == record.channel and r.direction == "in")
        sid = greeting.payload["data"]["sid"]
        return self._open(record.channel, payload["open"], {}, sid)

    def _open(self, channel: str, query: str, headers: dict[str, str], sid: str = "") -> object:
        def act() -> None:
            if len(sid) == 32:
                self._random.next_uuid = sid
            connection_id = self._shell.open_at(f"/ws{query}", self._headers(headers))
            self._opened[channel] = connection_id
            self._names[connection_id] = _new_name(self._told, channel)
            for text in self._script.said.get(channel, ()):
                self._shell.say(connection_id, text)

        return act

    def _close(self, channel: str) -> object:
        return lambda: self._shell.close(self._opened[channel])

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        port = self._shell.engine.settings.port
        lower = {name.lower(): self._tags.get(each, each) for name, each in headers.items()}
        return {"host": f"127.0.0.1:{port}", **lower}

    def _form(self, upload: Upload | None) -> Form | None:
        if upload is None:
            return None
        blob = self._shell.make_blob(upload.size, upload.digest)
        if upload.name.endswith(".txt"):
            self._no_pictures.add(blob.key)
        texts = (TextPart(name, text) for name, text in upload.fields.items())
        return (FilePart("image", upload.name, blob), *texts)

    def _collect_frames(self) -> None:
        for connection_id, name in self._names.items():
            refused = self._shell.refused.get(connection_id)
            frames = self._told.frames[name]
            if refused is not None:
                frames.append({"refused": refused.status})
            for frame in self._shell.frames[connection_id]:
                frames.append(frame if isinstance(frame, dict) else describe_binary(frame))


CORS_NOTES = {
    "cors=*": ("*", 8188),
    "no cors": (None, 8190),
    "cors=http://localhost:9000": ("http://localhost:9000", 8191),
}


def describe_binary(frame: bytes) -> dict:
    """A binary frame as the recorder wrote it down."""
    event = int.from_bytes(frame[:4])
    described: dict[str, object] = {
        "binary": len(frame),
        "event": event,
        "head_hex": frame[:24].hex(),
    }
    if event == 1:
        described["image_type"] = int.from_bytes(frame[4:8])
        described["image_head_hex"] = frame[8:16].hex()
    elif event == 3:
        length = int.from_bytes(frame[4:8])
        described["node_id"] = frame[8 : 8 + length].decode()
        described["text"] = frame[8 + length :].decode()
    else:
        length = int.from_bytes(frame[4:8])
        described["meta_len"] = length
        described["meta"] = json.loads(frame[8 : 8 + length])
        described["image_head_hex"] = frame[8 + length : 16 + length].hex()
    return described


def replay(name: str, script: Script) -> Conversation:
    """What the simulator says where the real server's words were recorded."""
    return Replay(read_trace(name), script).play()


def _exchange(asked: str, response: Response) -> Exchange:
    headers = {name.lower(): value for name, value in response.headers}
    content = response.body if isinstance(response.body, bytes) else b""
    is_json = headers.get("content-type") == "application/json; charset=utf-8"
    value = json.loads(content) if is_json else None
    text = None if is_json or not isinstance(response.body, bytes) else content.decode()
    return Exchange(asked, response.status, headers, value, text)


def _new_name(told: Conversation, channel: str) -> str:
    number = sum(name.partition(" ")[0] == channel for name in told.frames)
    name = f"{channel} {number + 1}"
    told.frames[name] = []
    return name
