"""Many tasks, many tabs: the fixtures are those of the browser tests."""

import pytest

from tests.e2e.conftest import (  # noqa: F401
    background,
    browser,
    browser_type_launch_args,
    pytest_generate_tests,
    seat,
    warm_tab,
    watch,
    watched_page,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test `browser` and `long`: they take minutes."""
    for item in items:
        if "tests/many" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.long)
