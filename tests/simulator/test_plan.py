"""The order in which nodes run."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.plan import Plan


def order(links: dict[str, list[str]], outputs: list[str], cached: str = "") -> str:
    """The nodes in the order they are picked; outputs are the upper-case ones."""
    workflow: dict[str, dict[str, object]] = {
        node_id: {"inputs": {str(at): [source, 0] for at, source in enumerate(sources)}}
        for node_id, sources in links.items()
    }
    plan = Plan(workflow, outputs, str.isupper, lambda node_id: node_id in cached)
    picked = []
    while (node_id := plan.pick()) is not None:
        picked.append(node_id)
        plan.done(node_id)
    return "".join(picked)


CHAIN = {"a": [], "b": ["a"], "C": ["b"]}


def test_a_chain_runs_from_its_start() -> None:
    """Each node after its inputs."""
    assert order(CHAIN, ["C"]) == "abC"


def test_outputs_come_as_soon_as_they_can() -> None:
    """A picture is shown before other work begins."""
    links = {"a": [], "B": ["a"], "c": ["a"], "D": ["c"]}
    assert order(links, ["D", "B"]) == "aBcD"


def test_nodes_near_an_output_come_first() -> None:
    """One step before an output beats two, and two beat more."""
    links = {"x": [], "y": ["x"], "z": ["y"], "E": ["z"], "p": [], "Q": ["p"]}
    assert order(links, ["E", "Q"]) == "pQxyzE"
    links = {"x": [], "y": ["x"], "z": ["y"], "E": ["z"], "p": [], "q": ["p"], "R": ["q"]}
    assert order(links, ["E", "R"])[0] == "p"


def test_nobody_asks_before_a_cached_node() -> None:
    """A cached output is visited, a cached inner node isn't."""
    assert order(CHAIN, ["C"], cached="b") == "C"
    assert order(CHAIN, ["C"], cached="abC") == "C"
    assert order(CHAIN, ["C"], cached="a") == "bC"


def test_what_no_output_needs_does_not_run() -> None:
    """Loose nodes are left out."""
    assert order({**CHAIN, "z": ["a"]}, ["C"]) == "abC"


@given(st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=1, max_size=12))
def test_every_needed_node_runs_once_after_its_inputs(sources: list[list[int]]) -> None:
    """Whatever the shape."""
    names = "abcdefghijkl"
    links = {
        names[at]: [names[each] for each in wanted if each < at]
        for at, wanted in enumerate(sources)
    }
    picked = order(links, [names[len(sources) - 1]])
    assert len(set(picked)) == len(picked)
    for at, node_id in enumerate(picked):
        assert set(links[node_id]) <= set(picked[:at])
