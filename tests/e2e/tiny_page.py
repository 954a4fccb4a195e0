"""A page with the real boot and vendor files, but a `main.py` of the test's own."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.site.manifest import rewritten

ROOT = Path(__file__).resolve().parents[2]

BODY = """
<body>
  <p id="boot" role="status">Starting…</p>
  <main id="app"><button data-early="run" id="run">Run</button></main>
  \\1
</body>
"""


def lay_tiny_page(folder: Path, app: Mapping[str, str], *, with_vendor: bool = True) -> Path:
    """Lay out a page whose `app/` holds these files; return its folder.

    All but `main.py` are left to be fetched later; `[files]` is empty.
    """
    ignored = shutil.ignore_patterns() if with_vendor else shutil.ignore_patterns("vendor")
    shutil.copytree(ROOT / "static", folder / "static", ignore=ignored)
    page = (ROOT / "index.html").read_text()
    boot = re.search(r"<mpy-config.*</script>(?=\s*<!-- /boot -->\s*</body>)", page, re.DOTALL)
    assert boot is not None, "index.html no longer ends with the boot part"
    body = BODY.replace("\\1", boot[0])
    (folder / "index.html").write_text(
        re.sub("<body.*</body>", lambda _: body, page, flags=re.DOTALL)
    )
    (folder / "pyscript.toml").write_text(rewritten((ROOT / "pyscript.toml").read_text(), [], {}))
    (folder / "servers.json").write_text("[]")
    for name, source in app.items():
        file = folder / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return folder
