"""Node classes that a server replaces by newer ones when a workflow comes.

Source: ComfyUI, app/node_replace_manager.py, `apply_replacements` and `as_dict`, read.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from simulator.http import ServerTrouble


@dataclass(frozen=True, slots=True)
class Replacement:
    """The class that replaces an old one; its inputs by the old name, or with a value of its own.

    `widgets` are the old one's widgets in the order in which editors save their values.
    """

    new_class: str
    inputs: Mapping[str, str]
    values: Mapping[str, object]
    widgets: tuple[str, ...]

    def describe(self, old_class: str) -> dict[str, object]:
        """Return it as `GET /node_replacements` shows it."""
        return {
            "new_node_id": self.new_class,
            "old_node_id": old_class,
            "old_widget_ids": list(self.widgets),
            "input_mapping": [
                *({"new_id": new, "old_id": old} for new, old in self.inputs.items()),
                *({"new_id": new, "set_value": value} for new, value in self.values.items()),
            ],
            "output_mapping": [{"new_idx": 0, "old_idx": 0}],
        }


REPLACEMENTS = {
    "TetherSoften": Replacement(
        "ImageBlur",
        inputs={"image": "picture", "blur_radius": "radius"},
        values={"sigma": 1.0},
        widgets=("radius",),
    )
}
"""One to try it with; ComfyUI's own are of models."""


def replaced(workflow: object, classes: Container[str]) -> object:
    """Return a workflow with the new classes in place of old ones that are gone.

    Raises:
        ServerTrouble: An old node lacks an input that the new one takes over.
    """
    if not isinstance(workflow, dict):
        return workflow
    return {node_id: _replaced(node, classes) for node_id, node in workflow.items()}


def _replaced(node: object, classes: Container[str]) -> object:
    match node:
        case {"class_type": str(name), "inputs": dict(given), **others} if name not in classes:
            replacement = REPLACEMENTS.get(name)
            if replacement is None or replacement.new_class not in classes:
                return node
            for old in replacement.inputs.values():
                if old not in given:
                    raise ServerTrouble(f"KeyError: {old!r}")
            taken_over = {new: given[old] for new, old in replacement.inputs.items()}
            inputs = {**taken_over, **replacement.values}
            return {**others, "class_type": replacement.new_class, "inputs": inputs}
    return node
