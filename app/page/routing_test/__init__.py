"""The scenes of `runWebSocketRoutingFixTest()`."""
