"""What a server says about itself: features, system statistics, and lists that are fixed."""

from simulator.blueprints import BLUEPRINTS
from simulator.replacements import REPLACEMENTS
from simulator.settings import Api, Settings

_GIBIBYTE = 1024**3
_MODEL_FOLDERS = (
    *("checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models"),
    *("clip_vision", "style_models", "embeddings", "diffusers", "vae_approx"),
    *("controlnet", "gligen", "upscale_models", "latent_upscale_models"),
    *("custom_nodes", "hypernetworks", "photomaker", "classifiers", "model_patches"),
    *("audio_encoders", "background_removal", "frame_interpolation"),
    *("geometry_estimation", "optical_flow", "detection"),
)
_PACKAGES = (
    ("comfyui-frontend-package", "1.45.21"),
    ("comfyui-workflow-templates", "0.11.11"),
    ("comfyui-embedded-docs", "0.5.8"),
    ("comfy-kitchen", "0.2.20"),
    ("comfy-aimdo", "0.4.10"),
)

# Path -> an answer that is the same on every simulated server.
FIXED: dict[str, object] = {
    "/embeddings": [],
    "/extensions": [],
    "/models": list(_MODEL_FOLDERS),
    "/users": {"storage": "server", "migrated": False},
    "/workflow_templates": {},
    **BLUEPRINTS,
    "/node_replacements": {
        old: [replacement.describe(old)] for old, replacement in REPLACEMENTS.items()
    },
    "/i18n": {},
    "/experiment/models": [
        {"name": folder, "folders": [f"/ComfyUI/models/{folder}"], "extensions": []}
        for folder in _MODEL_FOLDERS
        if folder not in ("configs", "custom_nodes")
    ],
    **{
        f"{models}/{folder}": []
        for models in ("/models", "/experiment/models")
        for folder in _MODEL_FOLDERS
    },
}


def features(settings: Settings) -> dict[str, object]:
    """Return the flags of `/features` and of the WebSocket handshake."""
    known: dict[str, object] = {"supports_preview_metadata": True}
    if settings.api is Api.V0_3_64:
        return {**known, "max_upload_size": settings.max_upload_size}
    return {
        **known,
        "supports_model_type_tags": True,
        "max_upload_size": settings.max_upload_size,
        "extension": {"manager": {"supports_v4": True}},
        "node_replacements": True,
        "assets": False,
    }


def system_stats(settings: Settings) -> dict[str, object]:
    """Return the answer of a CPU server; the device has the simulated server's name."""
    total, free = 24 * _GIBIBYTE, 22 * _GIBIBYTE
    argv = ["main.py", "--cpu", "--listen", settings.host, "--port", str(settings.port)]
    if settings.cors is not None:
        argv.append("--enable-cors-header")
        argv.extend([settings.cors] if settings.cors != "*" else [])
    versions = [
        {"name": name, "installed": version, "required": version} for name, version in _PACKAGES
    ]
    return {
        "system": {
            "os": "linux",
            "ram_total": total,
            "ram_free": free,
            "comfyui_version": settings.api.release,
            "required_frontend_version": _PACKAGES[0][1],
            "installed_templates_version": _PACKAGES[1][1],
            "required_templates_version": _PACKAGES[1][1],
            "comfy_package_versions": versions,
            "python_version": "3.11.7 (main, May  9 2026, 07:35:25) [GCC 12.2.0]",
            "pytorch_version": "2.14.1+cu130",
            "embedded_python": False,
            "deploy_environment": "local-git",
            "argv": argv,
        },
        "devices": [
            {
                "name": settings.name,
                "type": "cpu",
                "index": None,
                "vram_total": total,
                "vram_free": free,
                "torch_vram_total": total,
                "torch_vram_free": free,
            }
        ],
    }
