"""Where the next task would go, in words."""

from pathlib import Path

import pytest

from page.composer.forecast_words import Crew, say_forecast, say_run
from page.ui.words import Words
from tests.tether.core.farm import Chance
from tether.core.ids import ClientId, ServerUrl
from tether.core.model.changes import Pending
from tether.core.model.connection import Connection
from tether.core.model.server import Server
from tether.core.scheduling.estimates import Expected
from tether.core.scheduling.forecast import Forecast, Obstacle, Prospect

WORDS = Words((Path(__file__).resolve().parents[3] / "static/i18n/en.json").read_text())


def server(number: int) -> Server:
    """A server called gpu-1, gpu-2, …"""
    chance = Chance()
    made = Server.new(
        Connection(ServerUrl(f"http://gpu-{number}:8188"), ClientId("c"), chance), chance, Pending()
    )
    made.name = f"gpu-{number}"
    return made


def prospect(number: int, load: int = 0, expected: Expected | None = None) -> Prospect:
    """A server that could take a task."""
    return Prospect(server(number), load, expected)


@pytest.mark.parametrize(
    ("tasks", "crew", "told"),
    [
        (0, Crew(2, 3.0), "Run"),
        (1, Crew(2, 3.0), "Run"),
        (60, Crew(0, 0.0), "Run 60"),
        (60, Crew(1, 4.0), "Run 60 · about 4 min"),
        (60, Crew(3, 0.0), "Run 60 on 3 servers"),
        (60, Crew(1, 4.0, 15), "Run 60 · about 5 min"),
        (2, Crew(3, 0.2), "Run 2 on 2 servers · about 1 s"),
    ],
)
def test_the_button_says_what_it_will_do(tasks: int, crew: Crew, told: str) -> None:
    """How many tasks, where more than one server does them, and how long if that is known."""
    assert say_run(WORDS, tasks, crew) == told


def test_the_server_and_its_queue_are_named() -> None:
    """The others in brackets; nothing in brackets for no others."""
    first, others = (prospect(2, 0),), (prospect(1, 3), prospect(3, 4))
    assert say_forecast(WORDS, Forecast(first)) == "Now: gpu-2, 0 in its queue"
    told = say_forecast(WORDS, Forecast(first, others))
    assert told == "Now: gpu-2, 0 in its queue (gpu-1: 3 in its queue, gpu-3: 4 in its queue)"
    told = say_forecast(WORDS, Forecast(first, is_old=True))
    assert told == "At the last check: gpu-2, 0 in its queue"


def test_known_seconds_are_told_instead() -> None:
    """Start and end, since a slow server may be free and yet be later."""
    late, early = Expected(41.0, 61.0), Expected(0.4, 170.0)
    found = Forecast((prospect(2, 0, late),), (prospect(1, 1, early), prospect(3, 9)))
    assert say_forecast(WORDS, found) == (
        "Now: gpu-2, starts in about 40 s, done in about 60 s"
        " (gpu-1: at once, done in about 3 min, gpu-3: 9 in its queue)"
    )
    found = Forecast((prospect(1, 1, early),), (prospect(2, 0, late),))
    assert say_forecast(WORDS, found) == (
        "Now: gpu-1, starts at once, done in about 3 min (gpu-2: in about 40 s, done in about 60 s)"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (9.4, "9 s"), (89.0, "90 s"), (90.0, "2 min"), (7000, "2 h")],
)
def test_times_are_round(seconds: float, told: str) -> None:
    """Nobody knows them better."""
    assert told in say_forecast(WORDS, Forecast((prospect(1, 0, Expected(0.0, seconds)),)))


def test_equals_are_named_together() -> None:
    """Two, or more."""
    two = (prospect(1), prospect(2))
    assert say_forecast(WORDS, Forecast(two)) == "Now: gpu-1 or gpu-2 (equal queues)"
    told = say_forecast(WORDS, Forecast((*two, prospect(3))))
    assert told == "Now: gpu-1 or gpu-2 or gpu-3 (equal queues)"


def test_a_few_servers_are_named_and_the_rest_of_a_fleet_is_counted() -> None:
    """However many there are, one line says it."""
    four = tuple(map(prospect, range(1, 5)))
    told = say_forecast(WORDS, Forecast(four))
    assert told == "Now: gpu-1 or gpu-2 or gpu-3 or gpu-4 (equal queues)"
    told = say_forecast(WORDS, Forecast(tuple(map(prospect, range(1, 201)))))
    assert told == "Now: gpu-1 or gpu-2 or gpu-3 or one of 197 more (equal queues)"
    down = Forecast(obstacles=tuple(Obstacle(server(each), "down") for each in range(1, 201)))
    assert say_forecast(WORDS, down).endswith("gpu-3 – no answer and 197 more")


def test_what_is_missing_is_said() -> None:
    """A place, a server, or what keeps each of them."""
    assert "waits here" in say_forecast(WORDS, Forecast(is_full=True))
    paused = Forecast(obstacles=(Obstacle(server(1), "paused"),), is_full=True)
    assert say_forecast(WORDS, paused).endswith("for a free server. Paused: gpu-1.")
    assert "add one" in say_forecast(WORDS, Forecast())
    found = Forecast(obstacles=(Obstacle(server(1), "down"), Obstacle(server(2), "lacks")))
    told = say_forecast(WORDS, found)
    assert told.startswith("No server can take a task now: gpu-1 – no answer, gpu-2 – lacks")


def test_every_obstacle_has_its_words() -> None:
    """Each that the forecast may tell."""
    for why in ("unknown", "down", "refused", "odd", "lacks", "too_large", "rests"):
        found = Forecast(obstacles=(Obstacle(server(1), why),))
        assert "compose." not in say_forecast(WORDS, found)
