"""Validation of workflows: which outputs will run, and the errors of the others.

Source: ComfyUI, execution.py, `validate_prompt` and `validate_inputs`; the bodies are measured
on 0.28.1. ComfyUI iterates over sets, in an order that differs from process to process; this
goes forwards or backwards, as `Process.walks_backwards` says.
"""

from dataclasses import dataclass

from simulator.http import ServerTrouble
from simulator.nodes import Input, NodeClass
from simulator.process import Process
from simulator.settings import Api
from simulator.values import BadValue, about_input, check_value, make_error

_TRACEBACK = [
    '  File "/srv/ComfyUI/execution.py", line 1177, in validate_prompt\n',
    '  File "/srv/ComfyUI/execution.py", line 926, in validate_inputs\n',
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outputs that will run; an `error` (then nothing runs); errors by node id."""

    outputs: list[str]
    error: dict[str, object] | None
    node_errors: dict[str, object]


class _Raised(Exception):
    """ComfyUI raises a Python exception here, and reports its type and text."""

    def __init__(self, exception_type: str, text: str) -> None:
        super().__init__(text)
        self.exception_type = exception_type


class Validator:
    """Validates one workflow."""

    def __init__(self, process: Process) -> None:
        self._step = -1 if process.walks_backwards else 1
        self._classes = process.classes
        self._files = process.files
        self._api = process.settings.api
        self._workflow: dict[str, dict[str, object]] = {}
        self._judged: dict[str, list[dict[str, object]] | None] = {}
        self._path: list[str] = []

    def judge(self, workflow: object, targets: object = None) -> Verdict:
        """Check every output and all nodes before it.

        Raises:
            ServerTrouble: The workflow isn't an object of objects.
        """
        if not isinstance(workflow, dict):
            raise ServerTrouble(f"`prompt` is {type(workflow).__name__}, not an object")
        for node_id, node in workflow.items():
            if not isinstance(node, dict):
                raise ServerTrouble(f"node {node_id} is {type(node).__name__}, not an object")
            error = self._class_error(node_id, node)
            if error is not None:
                return Verdict([], error, {})
        self._workflow = workflow
        outputs = [
            node_id
            for node_id in list(workflow)[:: self._step]
            if self._class_of(node_id).is_output
            and (not isinstance(targets, list) or node_id in targets)
        ]
        if not outputs:
            return Verdict([], make_error("prompt_no_outputs", "Prompt has no outputs"), {})
        return self._judge_outputs(outputs)

    def _judge_outputs(self, outputs: list[str]) -> Verdict:
        good: list[str] = []
        errors_of: dict[str, list[dict[str, object]]] = {}
        dependent: dict[str, list[str]] = {}
        details: list[str] = []
        for output in outputs:
            self._path.clear()
            try:
                reasons = self._judge_node(output)
            except (_Raised, RecursionError) as raised:  # The original recurses in the same way.
                reasons = self._judged[output] = [_outer_exception(raised)]
            if reasons is None:
                good.append(output)
                continue
            details.extend(f"{each['message']}: {each['details']}" for each in reasons)
            for node_id, found in self._judged.items():
                if found:
                    errors_of.setdefault(node_id, found)
                    dependent.setdefault(node_id, []).append(output)
        error = None
        if not good:
            kind, message = "prompt_outputs_failed_validation", "Prompt outputs failed validation"
            error = make_error(kind, message, "\n".join(details))
        node_errors: dict[str, object] = {
            node_id: {
                "errors": errors,
                "dependent_outputs": dependent[node_id],
                "class_type": self._workflow[node_id]["class_type"],
            }
            for node_id, errors in errors_of.items()
        }
        return Verdict(good, error, node_errors)

    def _class_error(self, node_id: str, node: dict[str, object]) -> dict[str, object] | None:
        name = node.get("class_type")
        if isinstance(name, str) and name in self._classes:
            return None
        if self._api is Api.V0_3_64:
            message = f"Cannot execute because node {name} does not exist."
            if "class_type" not in node:
                message = "Cannot execute because a node is missing the class_type property."
            return make_error("invalid_prompt", message, f"Node ID '#{node_id}'")
        meta = node.get("_meta")
        named = meta.get("title") if isinstance(meta, dict) else None
        title = name if named is None else named
        extra: dict[str, object] = {"node_id": node_id, "class_type": name, "node_title": title}
        if name is None:
            message = (
                f"Node 'ID #{node_id}' has no class_type. The workflow may be corrupted or a "
                "custom node is missing."
            )
        else:
            message = f"Node '{title}' not found. The custom node may not be installed."
        return make_error("missing_node_type", message, f"Node ID '#{node_id}'", extra)

    def _class_of(self, node_id: str) -> NodeClass:
        return self._classes[str(self._workflow[node_id]["class_type"])]

    def _judge_node(self, node_id: str) -> list[dict[str, object]] | None:
        """Return None for a valid node, else its own errors, or [] if only nodes before it err."""
        if node_id in self._judged:
            return self._judged[node_id]
        if node_id in self._path:
            return self._judge_cycle(node_id)
        node_class = self._class_of(node_id)
        inputs = self._workflow[node_id].get("inputs")
        if "inputs" not in self._workflow[node_id]:
            raise _Raised("KeyError", "'inputs'")
        if not isinstance(inputs, dict):
            kind = type(inputs).__name__
            raise _Raised("TypeError", f"argument of type '{kind}' is not iterable")
        self._path.append(node_id)
        errors: list[dict[str, object]] = []
        sound = True
        for each in (node_class.required + node_class.optional)[:: self._step]:
            if each.name in inputs:
                sound = self._judge_input(node_class, each, inputs, errors) and sound
            elif each in node_class.required:
                extra: dict[str, object] = {"input_name": each.name}
                message = "Required input is missing"
                errors.append(make_error("required_input_missing", message, each.name, extra))
        self._path.pop()
        if node_id in self._judged:  # It is in a cycle, which has been reported.
            return self._judged[node_id]
        self._judged[node_id] = errors if errors or not sound else None
        return self._judged[node_id]

    def _judge_input(
        self,
        node_class: NodeClass,
        each: Input,
        inputs: dict[str, object],
        errors: list[dict[str, object]],
    ) -> bool:
        """Tell whether all nodes before this input are valid; its own error goes into `errors`."""
        value = inputs[each.name]
        if isinstance(value, list):
            return self._judge_link(each, value, errors)
        try:
            inputs[each.name] = check_value(each, value, is_file=each.name == node_class.file_input)
        except BadValue as bad:
            errors.append(bad.error)
            return True
        if each.name == node_class.file_input and self._files.find_named(str(value)) is None:
            message = "Custom validation failed for node"
            details = f"{each.name} - Invalid image file: {value}"
            extra: dict[str, object] = {"input_name": each.name}
            errors.append(make_error("custom_validation_failed", message, details, extra))
        return True

    def _judge_link(self, each: Input, link: list[object], errors: list[dict[str, object]]) -> bool:
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            extra = about_input(each, received_value=link)
            errors.append(make_error("bad_linked_input", message, each.name, extra))
            return True
        source, index = link
        received = self._type_of(source, index)
        if "*" not in (each.type, received) and received != each.type:
            wanted = each.type if isinstance(each.type, str) else list(each.type)
            details = f"{each.name}, received_type({received}) mismatch input_type({wanted})"
            extra = about_input(each, received_type=received, linked_node=link)
            message = "Return type mismatch between linked nodes"
            errors.append(make_error("return_type_mismatch", message, details, extra))
            return True
        depth = len(self._path)
        try:
            return self._judge_node(str(source)) is None
        except _Raised as raised:
            del self._path[depth:]
            extra = about_input(
                each,
                exception_message=str(raised),
                exception_type=raised.exception_type,
                traceback=_TRACEBACK[1:],
                linked_node=link,
            )
            message = "Exception when validating inner node"
            kind = "exception_during_inner_validation"
            self._judged[str(source)] = [make_error(kind, message, str(raised), extra)]
            return False

    def _type_of(self, source: object, index: object) -> str:
        if isinstance(source, list | dict):
            raise _Raised("TypeError", f"unhashable type: '{type(source).__name__}'")
        if not isinstance(source, str) or source not in self._workflow:
            raise _Raised("KeyError", repr(source))
        outputs = self._class_of(source).outputs
        if not isinstance(index, int):
            kind = type(index).__name__
            raise _Raised("TypeError", f"tuple indices must be integers or slices, not {kind}")
        if not -len(outputs) <= index < len(outputs):
            raise _Raised("IndexError", "tuple index out of range")
        return outputs[index][0]

    def _judge_cycle(self, node_id: str) -> list[dict[str, object]]:
        around = [*self._path[self._path.index(node_id) :], node_id]
        members = list(dict.fromkeys(around))
        details = " -> ".join(f"{each} ({self._workflow[each]['class_type']})" for each in around)
        for each in members:
            extra: dict[str, object] = {"node_id": each, "cycle_nodes": members}
            message = "Dependency cycle detected"
            self._judged[each] = [make_error("dependency_cycle", message, details, extra)]
        return self._judged[node_id] or []


def _outer_exception(raised: _Raised | RecursionError) -> dict[str, object]:
    kind = raised.exception_type if isinstance(raised, _Raised) else "RecursionError"
    return make_error(
        "exception_during_validation",
        "Exception when validating node",
        str(raised),
        {"exception_type": kind, "traceback": _TRACEBACK},
    )
