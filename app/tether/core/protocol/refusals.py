"""Refusals: why a server, or something before it, took no task or picture, and what it lacks."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tether.core.errors import MessageError, Trouble
from tether.core.ids import NodeId
from tether.core.protocol.answers import read_object
from tether.core.protocol.messages import text_at


class Missing(NamedTuple):
    """What a refusal says that the server lacks: a class, or what an input of a node names."""

    class_type: str = ""
    node_id: NodeId = NodeId("")
    input: str = ""


MOST_WORDS = 300
"""Characters that are read of a reason."""

_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{1,300})", re.IGNORECASE)
_NO_CLASS = re.compile(r"\bnode (.{1,200}) does not exist")
_NO_FILE = re.compile(r"Invalid [\w ]{0,30}file", re.IGNORECASE)
_REASONS = ("error", "errors", "message", "msg", "detail", "details")


def read_refusal(text: str, server: str, status: int) -> Trouble:
    """Read the 400 of `POST /prompt`: why nothing was queued."""
    message = ""
    match _object_or_none(text):
        case {"error": {"type": "missing_node_type" | "invalid_prompt"} as error}:
            message = text_at(error, "message")
            return Trouble.of("refused_node_class", server=server, message=message)
        case {"error": {"type": "prompt_no_outputs"}}:
            return Trouble.of("refused_no_output", server=server)
        case {"node_errors": dict(errors)} if details := _node_error_details(errors):
            message = "; ".join(details).strip()[:500]
    message = message or read_reason(text) or f"HTTP {status}"
    return Trouble.of("refused", server=server, message=message)


def read_reason(text: str) -> str:
    """Read the words of a refusal, whoever wrote it; "" where there are none for people.

    ComfyUI and gateways have them under some key of JSON; others send plain text, or a page, of
    which only the title counts.
    """
    answer = _object_or_none(text)
    if answer is not None:
        words = _words(answer, 5)
    elif text.lstrip().startswith("<"):
        title = _TITLE.search(text[:5_000])
        words = title[1] if title else ""
    else:
        words = "" if text.lstrip()[:1] in "{[" else text
    shown = "".join(each if each.isprintable() else " " for each in words[: 2 * MOST_WORDS])
    return " ".join(shown.split())[:MOST_WORDS]


def read_missing(text: str) -> tuple[Missing, ...]:
    """Read the 400 of `POST /prompt`: what other servers may have; () if anything else is wrong.

    Source: ComfyUI 0.28.1 and 0.3.64, measured; docs/protocol.md 7.1.
    """
    match _object_or_none(text):
        case {"error": {"type": "missing_node_type", "extra_info": {"class_type": str(name)}}}:
            return (Missing(name),)
        case {"error": {"type": "invalid_prompt", "message": str(message)}}:
            found = _NO_CLASS.search(message)
            return (Missing(found[1]),) if found else ()
        case {"node_errors": dict(nodes)}:
            errors = [(NodeId(node), each) for node in nodes for each in _errors_of(nodes[node])]
            missing = [
                Missing("", node, error["extra_info"]["input_name"])
                for node, error in errors
                if _is_of_a_file(error)
            ]
            return tuple(missing) if len(missing) == len(errors) else ()
    return ()


def _errors_of(entry: Any) -> list[Any]:
    match entry:
        case {"errors": list(errors)}:
            return errors
    return [entry]


def _is_of_a_file(error: Any) -> bool:
    match error:
        case {"type": "value_not_in_list", "extra_info": {"input_name": str()}}:
            return True
        case {
            "type": "custom_validation_failed",
            "details": str(details),
            "extra_info": {"input_name": str()},
        }:
            return bool(_NO_FILE.search(details))
    return False


def _words(value: Any, depth: int) -> str:
    match value:
        case str():
            return value
        case dict() if depth:
            parts = [_words(value[key], depth - 1) for key in _REASONS if key in value]
        case list() if depth:
            parts = [_words(each, depth - 1) for each in value[:3]]
        case _:
            return ""
    return " ".join(dict.fromkeys(filter(None, parts)))


def _object_or_none(text: str) -> Any:
    try:
        return read_object(text)
    except MessageError:
        return None


def _node_error_details(node_errors: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with which node, for people."""
    found = []
    for node, entry in node_errors.items():
        match entry:
            case {"errors": list(errors)}:
                for error in errors:
                    match error:
                        case {"message": str(message), "details": str(details)}:
                            kind = text_at(entry, "class_type")
                            found.append(f"#{node} {kind}: {message} ({details})")
    return found
