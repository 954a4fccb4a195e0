"""The blueprints of a simulated server, by their ids.

Source: ComfyUI 0.28.1, app/subgraph_manager.py, read: the list is without their contents.
"""

import json

_ID = "6d0c1c8e-8a3f-4a0f-9a52-2f9a1f0a7c11"


def _slot(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "type": "IMAGE", **more}


def _node(number: int, kind: str, values: list[object]) -> dict[str, object]:
    """Return a node with one picture in, and one out: links are numbered by what they lead to."""
    return {
        "id": number,
        "type": kind,
        "pos": [300 * number, 0],
        "size": [240, 100],
        "flags": {},
        "order": number,
        "mode": 0,
        "properties": {},
        "widgets_values": values,
        "inputs": [_slot("image", link=number)],
        "outputs": [_slot("IMAGE", links=[number + 1])],
    }


def _link(number: int, origin: int, target: int) -> dict[str, object]:
    ends = {"origin_id": origin, "origin_slot": 0, "target_id": target, "target_slot": 0}
    return {"id": number, **ends, "type": "IMAGE"}


_SOFT_NEGATIVE = {
    "version": 0.4,
    "nodes": [
        {
            "id": -1,
            "type": _ID,
            "pos": [0, 0],
            "size": [240, 100],
            "flags": {},
            "order": 0,
            "mode": 0,
            "title": "Soft negative",
            "widgets_values": [],
            "properties": {"proxyWidgets": [["2", "blur_radius"]]},
            "inputs": [_slot("image", link=None)],
            "outputs": [_slot("IMAGE", links=[])],
        }
    ],
    "links": [],
    "definitions": {
        "subgraphs": [
            {
                "id": _ID,
                "name": "Soft negative",
                "version": 1,
                "revision": 0,
                "inputNode": {"id": -10},
                "outputNode": {"id": -20},
                "inputs": [_slot("image", id="in", linkIds=[1])],
                "outputs": [_slot("IMAGE", id="out", linkIds=[3])],
                "nodes": [_node(1, "ImageInvert", []), _node(2, "ImageBlur", [4, 1.0])],
                "links": [_link(1, -10, 1), _link(2, 1, 2), _link(3, 2, -20)],
            }
        ]
    },
}

_ABOUT = {"name": "Soft negative", "source": "templates", "info": {"node_pack": "comfyui"}}

BLUEPRINTS = {
    "/global_subgraphs": {_ID: _ABOUT},
    f"/global_subgraphs/{_ID}": {**_ABOUT, "data": json.dumps(_SOFT_NEGATIVE)},
}
"""Path -> answer."""
