"""What a server tells about itself."""

from simulator.server_info import features, system_stats
from simulator.settings import Api, Settings


def test_the_command_line_is_shown() -> None:
    """With the option that pages need, and its value if it has one."""
    for cors, shown in ((None, []), ("*", [OPTION]), ("http://a", [OPTION, "http://a"])):
        stats = system_stats(Settings(cors=cors, port=81))
        argv = stats["system"]["argv"]
        assert argv[4:6] == ["--port", "81"]
        assert argv[6:] == shown


def test_the_device_has_the_servers_name() -> None:
    """So that people can tell servers apart."""
    stats = system_stats(Settings(name="gpu-2", api=Api.V0_3_64))
    assert stats["devices"][0]["name"] == "gpu-2"
    assert stats["system"]["comfyui_version"] == "0.3.64"


OPTION = "--enable-cors-header"


def test_the_old_release_has_fewer_features() -> None:
    """Both tell of previews with metadata, and of the largest upload."""
    old = features(Settings(api=Api.V0_3_64, max_upload_size=5))
    assert old == {"supports_preview_metadata": True, "max_upload_size": 5}
    new = features(Settings())
    assert new["node_replacements"] is True
    assert set(old) < set(new)
