"""The node classes that both conversions are told of."""

import json
from collections.abc import Mapping
from functools import cache

from simulator.catalogue import CATALOGUE
from tether.core.protocol.node_info import NodeInfo, read_node_info
from tools.oracle.definitions import Described, infer
from tools.oracle.templates import own_nodes, templates


@cache
def described() -> Described:
    """Return them by name, each as `/object_info` shows it.

    Those of the embedded server are its own; the templates themselves tell of others.

    Raises:
        FrontendMissing: The templates aren't installed.
    """
    nodes = (node for each in templates().values() for node in own_nodes(each))
    return {**infer(nodes), **{name: each.describe([]) for name, each in CATALOGUE.items()}}


@cache
def infos() -> Mapping[str, NodeInfo | None]:
    """Return the same classes as Tether reads them."""
    return {
        name: read_node_info(name, json.dumps({name: each})) for name, each in described().items()
    }
