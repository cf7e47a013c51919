"""The far side of the wire: simulated devices and people, never shipped with the product."""
