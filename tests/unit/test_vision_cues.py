"""Deny cues on drawn scenes: what they must see, and what looks like it and must pass."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Face, Pixels
from edge_atm.vision.cues import device_edge

MIDDLE, WIDTH = (320, 170), 110
CHIN = MIDDLE[1] + 70
BOX = np.array([265, 100, 375, 240], np.float32)
FIVE = np.array([[295, 150], [345, 150], [320, 175], [300, 205], [340, 205]], np.float32)
FACE = Face(BOX, FIVE, 1.0)
SKIN, SHIRT, HAIR, WALL = (190, 150, 130), (60, 60, 140), (40, 30, 25), (160, 165, 160)


def person() -> Pixels:
    """Draw head and shoulders before a wall with a door's frame and a shelf."""
    picture = np.full((480, 640, 3), WALL, np.uint8)
    cv2.rectangle(picture, (200, -5), (460, 485), (90, 70, 60), 6)
    cv2.line(picture, (0, 120), (639, 120), (90, 90, 90), 4)
    shoulders = np.array([[285, 230], [355, 230], [480, 300], [520, 480], [120, 480], [160, 300]])
    cv2.fillPoly(picture, [shoulders], SHIRT)
    cv2.ellipse(picture, MIDDLE, (72, 100), 0, 0, 360, HAIR, -1)
    cv2.ellipse(picture, (320, 180), (55, 75), 0, 0, 360, SKIN, -1)
    return picture


def shown_on(screen: Pixels, degrees: float, shift: int, wide: int = 380) -> Pixels:
    """Draw a device with `screen`'s middle on it, held before a shirt: wide is its width in px."""
    scene = np.full((480, 640, 3), SHIRT, np.uint8)
    mask = np.zeros((480, 640), np.uint8)
    corners = cv2.boxPoints(((320 + shift, 230), (wide, 560), degrees))
    cv2.fillPoly(mask, [np.rint(corners).astype(int)], 255)
    scene[mask > 0] = 20
    scene[cv2.erode(mask, np.ones((15, 15))) > 0] = screen[cv2.erode(mask, np.ones((15, 15))) > 0]
    return scene


def drawn(picture: Any) -> Pixels:
    noise = np.random.default_rng(1).normal(0, 2, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), dtype=np.uint8)


def test_edges_that_end_at_the_shoulders_are_background() -> None:
    assert device_edge.score(drawn(person()), FACE) <= device_edge.LIMIT / 2


@settings(max_examples=8, deadline=None)
@given(degrees=st.floats(-12, 12), shift=st.integers(-15, 15))
def test_the_edge_of_a_device_is_seen_however_it_is_held(degrees: float, shift: int) -> None:
    picture = shown_on(np.full((480, 640, 3), WALL, np.uint8), degrees, shift, wide=290)
    cv2.ellipse(picture, MIDDLE, (55, 75), 0, 0, 360, SKIN, -1)
    assert device_edge.score(drawn(picture), FACE) > device_edge.LIMIT


def test_long_straight_hair_is_not_the_edge_of_a_device() -> None:
    picture = person()
    for side in (-1, 1):
        hair = [[320 + side * x, y] for x, y in ((50, 90), (100, 110), (135, 400), (60, 400))]
        cv2.fillPoly(picture, [np.array(hair)], HAIR)
    cv2.ellipse(picture, (320, 180), (55, 75), 0, 0, 360, SKIN, -1)
    assert device_edge.score(drawn(picture), FACE) <= device_edge.LIMIT / 2


@pytest.mark.parametrize(("beside", "below"), [(0, 25), (-5, 10), (5, 15)])
def test_the_edge_of_a_door_and_a_stripe_in_line_below_it_are_two(beside: int, below: int) -> None:
    room, shirt = person(), np.zeros((480, 640), np.uint8)
    # Where the door's edge, at x = 430, meets the shoulder.
    shoulder = 271
    cv2.line(room, (430, 0), (430, shoulder), (20, 20, 20), 4)
    cv2.line(shirt, (430 + beside, shoulder + below), (430 + beside, 479), (255,), 4)
    room[shirt > 0] = 230
    assert device_edge.score(drawn(room), FACE) <= device_edge.LIMIT / 2


@pytest.mark.parametrize("shape", [(480, 640, 3), (100, 100, 3), (2, 2, 3), (480, 1, 3)])
def test_an_empty_or_tiny_picture_has_no_edge(shape: tuple[int, ...]) -> None:
    assert device_edge.score(np.full(shape, 128, np.uint8), FACE) == 0
