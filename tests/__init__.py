"""Tests of the cash machine, and the rig that stands in for its surroundings."""
