"""What goes wrong with the way to a server, and with the server."""

from __future__ import annotations

from tests.world.faults.blow import Blow, Struck, fault
from tether.core.events import PageChange, PageChanged


@fault("black hole")
def _black_hole(blow: Blow) -> Struck:
    """Nothing reaches a server, and nothing comes back."""
    link = blow.world.link(blow.page.tab.browser, blow.server)
    link.is_black = True
    blow.say("%s is a black hole", blow.server.url)
    blow.later(1.0, 40.0, link.heal)
    return blow.everywhere()


@fault("offline")
def _offline(blow: Blow) -> Struck:
    browser = blow.page.tab.browser
    links = [blow.world.link(browser, server) for server in blow.world.servers]
    for link in links:
        link.is_black = True
    blow.say("offline")

    def back() -> None:
        for link in links:
            link.heal()
        for tab in browser.tabs:
            if tab.page is not None:
                tab.page.tell(PageChanged(PageChange.ONLINE))

    blow.later(1.0, 25.0, back)
    return blow.window()


@fault("slow network")
def _slow(blow: Blow) -> Struck:
    link = blow.world.link(blow.page.tab.browser, blow.server)
    link.slowness = blow.luck.choice((0.5, 2.0, 6.0))
    blow.say("the way to %s takes up to %.1f s", blow.server.url, link.slowness)

    def quicken() -> None:
        link.slowness = 0.0

    blow.later(3.0, 40.0, quicken)
    return blow.everywhere()


@fault("restart")
def _restart(blow: Blow) -> Struck:
    server = blow.server
    if not server.is_up:
        return ()
    struck = blow.everywhere()
    is_power_cut = blow.luck.random() < 0.3
    if is_power_cut:
        # The whole machine is gone: nobody resets the connections.
        for wire in list(server.wires.values()):
            wire.is_half_open = True
    blow.say("%s restarts%s", server.url, ", its power was cut" if is_power_cut else "")
    server.kill()
    blow.later(0.05, 12.0, server.start)
    return struck


@fault("pause")
def _pause(blow: Blow) -> Struck:
    server = blow.server
    if server.is_paused or not server.is_up:
        return ()
    server.pause()
    blow.say("%s stands still", server.url)

    def go_on() -> None:
        if server.is_paused:
            server.go_on()

    # No longer: a request that waits there would be delivered later than assumed.
    blow.later(1.0, 24.0, go_on)
    return blow.everywhere()


@fault("failing")
def _failing(blow: Blow) -> Struck:
    server = blow.server
    server.is_failing = True
    blow.say("%s answers everything with an error", server.url)

    def recover() -> None:
        server.is_failing = False

    blow.later(1.0, 30.0, recover)
    return blow.everywhere()


@fault("silent")
def _silent(blow: Blow) -> Struck:
    """A server takes requests and never answers; its sockets go on."""
    server = blow.server
    server.is_silent = True
    blow.say("%s answers no request", server.url)

    def recover() -> None:
        server.is_silent = False

    blow.later(1.0, 30.0, recover)
    return blow.everywhere()


@fault("dropped sockets")
def _dropping(blow: Blow) -> Struck:
    """A server accepts sockets and lets them go before it has greeted."""
    server = blow.server
    server.is_dropping = True
    blow.say("%s drops every socket", server.url)
    for wire in list(server.wires.values()):
        wire.cut()

    def keep() -> None:
        server.is_dropping = False

    blow.later(5.0, 30.0, keep)
    return blow.everywhere()
