"""What of a workflow decides how long it takes."""

import json
from typing import Any

import pytest

from app.core.shape import models_of, shape_of
from app.core.workflow import parse_workflow
from tests.core.farm import invert_workflow


def sampled(**inputs: Any) -> str:
    """The shape of a workflow that samples with these inputs."""
    given = {"seed": 1, "noise_seed": 2, "steps": 20, "cfg": 7.5, **inputs}
    nodes = {
        "1": {"class_type": "KSampler", "inputs": given},
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd.safetensors"}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    return shape_of(parse_workflow(json.dumps(nodes)))


@pytest.mark.parametrize("given", [{"seed": 9}, {"noise_seed": 9}, {"text": "a cat"}])
def test_seeds_and_words_take_no_time(given: dict[str, Any]) -> None:
    assert sampled(**given) == sampled()


@pytest.mark.parametrize("given", [{"steps": 40}, {"cfg": 1.0}, {"lora": "x.safetensors"}])
def test_numbers_and_models_do(given: dict[str, Any]) -> None:
    assert sampled(**given) != sampled()


def test_models_are_named_apart() -> None:
    """Two workflows of different length may have them in common."""
    assert models_of(sampled(steps=40)) == models_of(sampled()) != ""
    assert models_of(sampled(lora="X.GGUF")) != models_of(sampled())
    assert models_of(shape_of(invert_workflow())) == ""
