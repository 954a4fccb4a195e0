"""Runs one workflow with comfy-api-simplified and saves the picture that came of it.

Usage: python simplified.py URL PICTURE WORKFLOW_JSON TARGET
"""

import json
import sys
from pathlib import Path

from comfy_api_simplified import ComfyApiWrapper, ComfyWorkflowWrapper

url, picture, workflow, target = sys.argv[1:]
api = ComfyApiWrapper(url)
stored = api.upload_image(picture, subfolder="foreign")
prompt = ComfyWorkflowWrapper(workflow)
prompt.set_node_param("Load", "image", f"{stored['subfolder']}/{stored['name']}")
images = api.queue_and_wait_images(prompt, "Save")
name, content = next(iter(images.items()))
Path(target).write_bytes(content)
print(json.dumps({"name": name, "version": api.get_system_stats()["system"]["comfyui_version"]}))
