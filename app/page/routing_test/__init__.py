"""The routing test: `runWebSocketRoutingFixTest()`, its scenes and its report."""
