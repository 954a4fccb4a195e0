"""Files as people have them: each opens as what it is, or is refused with the true reason."""

from pathlib import Path
from typing import Any

import pytest

from tests.tether.workflows.cases import converted
from tests.tether.workflows.test_embedded import found_in
from tether.core.errors import BadInput
from tether.core.protocol.workflow import parse_workflow, workflow_of
from tether.workflows.graph import is_editor_format
from tether.workflows.unwrap import workflows_in

FILES = Path(__file__).resolve().parents[2] / "fixtures/cases"
NAMES = tuple(sorted(path.name for path in FILES.iterdir()))

CHAIN = {
    "1": ("LoadImage", {"image": "a.png"}),
    "2": ("ImageInvert", {"image": ["1", 0]}),
    "3": ("SaveImage", {"images": ["2", 0], "filename_prefix": "x"}),
}
"""What most files are about."""


def chain(**others: Any) -> dict[str, Any]:
    """The chain with other nodes, and without those that are None."""
    return {key: node for key, node in {**CHAIN, **others}.items() if node is not None}


STYLE = {"on": True, "lora": "style.safetensors", "strength": 0.8, "strengthTwo": None}
SAMPLED = {
    "4": ("CheckpointLoaderSimple", {"ckpt_name": "m.safetensors"}),
    "5": ("CLIPTextEncode", {"text": "cat", "clip": ["7", 1]}),
    "6": (
        "KSampler",
        {
            "seed": ["30", 0],
            "steps": 20,
            "cfg": 8,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1,
            "model": ["7", 0],
            "positive": ["5", 0],
            "negative": ["5", 0],
            "latent_image": ["40", 0],
        },
    ),
    "7": (
        "Power Lora Loader (rgthree)",
        {"model": ["4", 0], "clip": ["4", 1], "lora_1": STYLE},
    ),
    "8": ("VAEDecode", {"samples": ["6", 0], "vae": ["4", 2]}),
    "9": ("SaveImage", {"images": ["8", 0], "filename_prefix": "x"}),
    "30": ("Seed (rgthree)", {"seed": 2**50 - 1}),
    "40": ("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
}
EVERYWHERE = {
    "4": ("CheckpointLoaderSimple", {"ckpt_name": "m.safetensors"}),
    "5": ("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
    "6": ("VAEDecode", {"samples": ["5", 0], "vae": ["4", 2]}),
    "9": ("SaveImage", {"images": ["6", 0], "filename_prefix": "x"}),
}
GROUP = {
    "1": CHAIN["1"],
    "20:0": ("ImageInvert", {"image": ["1", 0]}),
    "20:1": ("ImageInvert", {"image": ["20:0", 0]}),
    "3": ("SaveImage", {"images": ["20:1", 0], "filename_prefix": "x"}),
}
STACK = {"resource-stack": ("CheckpointLoaderSimple", {"ckpt_name": "m.safetensors"})}
CLIPSPACE = "clipspace/clipspace-mask-1700000000.png [input]"

RIGHT: dict[str, tuple[dict[str, Any], list[str]]] = {
    **dict.fromkeys(NAMES, (CHAIN, [])),
    "01-frontend-only-nodes.json": (CHAIN, ["editor_node_left_out"] * 4),
    "04-use-everywhere.json": (EVERYWHERE, ["editor_node_left_out"]),
    "05-group-node.json": (GROUP, []),
    "07-power-lora-and-seed.json": (SAMPLED, []),
    "11-null-values.json": (
        chain(**{"1": ("LoadImage", {"image": "example.png"})}),
        ["editor_values_missing"],
    ),
    "13-bypassed-without-outputs.json": (
        chain(**{"2": None, "3": ("SaveImage", {"images": ["1", 0], "filename_prefix": "x"})}),
        [],
    ),
    "15-clipspace.json": (chain(**{"1": ("LoadImage", {"image": CLIPSPACE})}), []),
    "16-unknown-class-unlinked-real.json": (CHAIN, ["editor_node_left_out"]),
    "generator-service.jpg": (chain(**STACK), []),
    "int-links.json": (chain(**{"2": ("ImageInvert", {"image": [1, 0]})}), []),
    "latin1.png": (chain(**{"4": ("PreviewAny", {"source": "café façade"})}), []),
}
"""The nodes of each file that opens, and the codes of what is assumed."""

REFUSED = {
    **dict.fromkeys(("a1111.png", "swarm.png"), "file_without_workflow"),
    "trailing-comma.json": "workflow_not_json",
}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_what_people_have_opens(name: str) -> None:
    assert opened((FILES / name).read_bytes()) == RIGHT[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_workflow_is_refused_with_the_true_reason(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        opened((FILES / name).read_bytes())
    assert refused.value.trouble.code == REFUSED[name]


def opened(content: bytes) -> tuple[dict[str, Any], list[str]]:
    """The nodes of a file, and the codes of what was assumed: as the page opens it."""
    carried = found_in(content)
    first: BadInput | None = None
    for each in workflows_in(carried.texts):
        try:
            if not is_editor_format(each):
                return _plain(workflow_of(each).nodes), []
            result = converted(each)
            return _plain(result.nodes), sorted(each.code for each in result.assumptions)
        except BadInput as error:
            first = first or error
    if first is None and carried.is_text:
        parse_workflow(carried.texts[0])
    raise first or BadInput("file_without_workflow")


def _plain(nodes: Any) -> dict[str, Any]:
    assert all(node.keys() <= {"class_type", "inputs", "_meta"} for node in nodes.values())
    return {node_id: (node["class_type"], node["inputs"]) for node_id, node in nodes.items()}
