"""What the person does, and the browser."""

from __future__ import annotations

from tests.world.browsers import LATE
from tests.world.faults.blow import Blow, Struck, fault
from tether.core.events import PageChange, PageChanged, ServerAdded, ServerRemoved


@fault("cancel")
def _cancel(blow: Blow) -> Struck:
    if blow.task is None:
        return ()
    blow.world.cancel(blow.page, blow.task)
    return (blow.task,)


@fault("server removed")
def _removed(blow: Blow) -> Struck:
    page, url = blow.page, blow.server.url
    blow.say("%s is removed", url)
    struck = blow.tasks()
    page.tell(ServerRemoved(url))
    blow.later(0.0, 20.0, lambda: page.tell(ServerAdded(url, "")))
    return struck


@fault("back in view")
def _in_view(blow: Blow) -> Struck:
    blow.say("comes back into view")
    blow.page.tell(PageChanged(blow.luck.choice(tuple(PageChange))))
    blow.page.look()
    return blow.window()


@fault("reload")
def _reload(blow: Blow) -> Struck:
    struck = blow.window()
    blow.say("reloads")
    blow.page.tab.reload()
    return struck


@fault("clock jump")
def _clock_jump(blow: Blow) -> Struck:
    struck = blow.window()
    blow.page.tab.offset += blow.luck.choice((-28_800.0, -40.0, 40.0, 28_800.0))
    blow.say("reloads with its clock at %+.0f s", blow.page.tab.offset)
    blow.page.tab.reload()
    return struck


@fault("crash")
def _crash(blow: Blow) -> Struck:
    """The page dies without a word; the person opens it again."""
    if blow.is_needed():
        return ()
    struck = blow.window()
    tab = blow.page.tab
    blow.say("crashes")
    tab.crash()
    tab.is_missed = True
    blow.later(0.1, 20.0, tab.come_back)
    return struck


@fault("browser killed")
def _killed(blow: Blow) -> Struck:
    """Nothing of it says a word; the person opens its tabs again, or only some of them."""
    browser = blow.page.tab.browser
    if any(tab.needed_until > blow.world.clock.now for tab in browser.tabs):
        return ()
    struck = [
        task
        for page in blow.world.pages()
        if page.tab.browser is browser
        for task in page.session.window.tasks.values()
    ]
    blow.say("is in a browser that is killed")
    open_before = [tab for tab in browser.tabs if tab.page is not None]
    browser.kill(late=blow.luck.uniform(0.0, LATE))
    for tab in open_before[: blow.luck.randint(1, len(open_before))]:
        tab.is_missed = True
        blow.later(0.1, 20.0, tab.come_back)
    return struck


@fault("tab closed")
def _closed(blow: Blow) -> Struck:
    """A tab is closed, and mostly opened again: its sessionStorage comes back."""
    if blow.is_needed():
        return ()
    struck = blow.window()
    tab = blow.page.tab
    blow.say("is closed")
    tab.end()
    if blow.luck.random() < 0.7:
        tab.is_missed = True
        blow.later(0.5, 40.0, tab.come_back)
    return struck


@fault("frozen")
def _frozen(blow: Blow) -> Struck:
    return _sleeps(blow, "is frozen", is_cached=False)


@fault("cached")
def _cached(blow: Blow) -> Struck:
    return _sleeps(blow, "goes into the browser's cache", is_cached=True)


def _sleeps(blow: Blow, what: str, *, is_cached: bool) -> Struck:
    page = blow.page
    if blow.is_needed():
        return ()
    struck = blow.window()
    blow.say(what)
    page.sleep(is_cached)

    def wake() -> None:
        if page.is_asleep and not page.is_gone:
            blow.say("wakes up")
            page.wake()

    blow.later(0.5, 40.0, wake)
    return struck


@fault("tab duplicated")
def _duplicated(blow: Blow) -> Struck:
    """The original lives, and goes on living until the copy knows what it is."""
    page = blow.page
    if len(blow.world.tabs()) > 8:
        return ()
    blow.say("is duplicated")
    page.tab.needed_until = blow.world.clock.now + 2.0
    page.tab.browser.duplicate(page.tab)
    return blow.window()
