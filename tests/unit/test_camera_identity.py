"""Which camera it is: from the bytes that a driver answers, and from a folder like /sys."""

import os
import struct
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.device.camera_identity import (
    CAPABILITY,
    VIDIOC_QUERYCAP,
    Identity,
    ask_node,
    capability_of,
    identify_module,
    identify_node,
    pin_lines,
    refuse_other,
)
from edge_atm.errors import CameraFault
from tests.unit.sysfs import MODULE_NUMBERS, NODE, QUERYCAP, USB, Sysfs

FOUND = Identity("uvcvideo", "046d:0825", "usb-0000:01:00.0-1.2:1.0", "A1B2C3D0")
MODULE = Identity("rp1-cfe", "imx708", "/base/axi/pcie@1000120000/rp1/i2c@88000/imx708@1a", "none")
PROPERTIES: dict[str, object] = {"Model": "imx708", "SystemDevices": MODULE_NUMBERS}


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    sysfs = Sysfs(tmp_path / "sys")
    sysfs.usb_camera()
    sysfs.module()
    return sysfs


def identify(sysfs: Sysfs) -> Identity:
    return identify_node(NODE, capability_of(sysfs.querycap), sysfs.root)


def test_a_usb_camera_is_known_by_driver_model_port_and_serial(sysfs: Sysfs) -> None:
    assert identify(sysfs) == FOUND


def test_a_camera_without_a_serial_says_so(sysfs: Sysfs) -> None:
    (sysfs.folder(USB) / "serial").unlink()
    assert identify(sysfs) == replace(FOUND, serial="none")


def test_what_a_camera_tells_cannot_write_to_terminals_or_the_configuration(sysfs: Sysfs) -> None:
    (sysfs.folder(USB) / "serial").write_text('\x1b[2J"\n[limits]\n')
    found = identify(sysfs)
    assert found.serial == '?[2J"?[limits]'
    assert tomllib.loads(pin_lines(found)) == {"camera": {"pin": asdict(found)}}


def test_the_record_of_a_real_answer_is_read() -> None:
    said = capability_of(QUERYCAP)
    assert (said.driver, said.bus, said.captures) == ("uvcvideo", "usb-0000:01:00.0-1.2", True)
    assert len(QUERYCAP) == 104


@pytest.mark.parametrize(
    ("caps", "captures"),
    # Metadata beside the camera; v4l2loopback, which takes pictures too; an encoder.
    [(0x84A00000, False), (0x85200003, False), (0x84208000, False), (0x84200001, True)],
)
def test_only_what_gives_pictures_and_takes_none_captures(caps: int, captures: bool) -> None:
    raw = struct.pack("=16s32s32sIII12x", b"uvcvideo", b"", b"", 0, caps, caps & 0x7FFFFFFF)
    assert capability_of(raw).captures is captures


def test_the_node_counts_and_not_all_that_the_camera_can() -> None:
    metadata = struct.pack("=16s32s32sIII12x", b"uvcvideo", b"", b"", 0, 0x84A00001, 0x04A00000)
    assert not capability_of(metadata).captures


@given(st.binary(min_size=104, max_size=104))
def test_any_answer_is_read_to_printable_words(raw: bytes) -> None:
    said = capability_of(raw)
    assert (said.driver + said.bus).isprintable()


@pytest.mark.parametrize("change", ["driver", "model", "path", "serial"])
def test_each_difference_is_named_with_the_next_action(change: str) -> None:
    other = replace(FOUND, **{change: "another"})
    with pytest.raises(CameraFault, match=f"not the pinned one: {change} is 'another'") as fault:
        refuse_other(other, FOUND)
    assert str(fault.value).count("pinned is") == 1
    assert fault.value.hint.endswith(pin_lines(other))
    refuse_other(FOUND, FOUND)


@pytest.mark.parametrize("driver", ["v4l2 loopback", "vivid", "vimc", "akvcam", "unicam", ""])
def test_any_other_driver_is_refused_wherever_it_sits(sysfs: Sysfs, driver: str) -> None:
    sysfs.querycap = driver.encode().ljust(16, b"\0") + QUERYCAP[16:]
    with pytest.raises(CameraFault, match="does not trust"):
        identify(sysfs)


def test_a_driver_that_goes_by_anothers_name_is_refused(sysfs: Sysfs) -> None:
    sysfs.usb_camera(driver="loopback")
    with pytest.raises(CameraFault, match="does not trust"):
        identify(sysfs)


@pytest.mark.parametrize(
    "place",
    [
        "virtual/video4linux/video0",
        "platform/vhci_hcd.0/usb7/7-1/7-1:1.0/video4linux/video0",
        "platform/dummy_hcd.0/usb7/7-1/7-1:1.0/video4linux/video0",
    ],
)
def test_what_a_program_makes_up_is_no_camera(sysfs: Sysfs, place: str) -> None:
    sysfs.node(place, "uvcvideo")
    with pytest.raises(CameraFault, match="made up by a program") as fault:
        identify(sysfs)
    assert "[camera]" in fault.value.hint


def test_a_node_without_hardware_is_no_camera(sysfs: Sysfs) -> None:
    sysfs.node("pci0000:00/video4linux/video0", None)
    with pytest.raises(CameraFault, match="made up by a program"):
        identify(sysfs)


def test_a_node_that_is_gone_or_no_video_is_a_sentence(sysfs: Sysfs) -> None:
    sysfs.link(NODE).unlink()
    with pytest.raises(CameraFault, match="no device 81:0"):
        identify(sysfs)


def test_a_file_that_answers_nothing_is_a_sentence() -> None:
    with Path("/dev/null").open("rb") as null, pytest.raises(CameraFault, match="ENOTTY"):
        ask_node(null.fileno())


def test_a_module_is_known_by_receiver_sensor_and_libcamera_id(sysfs: Sysfs) -> None:
    assert identify_module(MODULE.path, PROPERTIES, sysfs.root) == MODULE


@pytest.mark.parametrize("numbers", [None, (), 5, (os.makedev(81, 99),)])
def test_a_module_that_tells_no_devices_is_refused(sysfs: Sysfs, numbers: object) -> None:
    with pytest.raises(CameraFault):
        identify_module(MODULE.path, {"Model": "imx708", "SystemDevices": numbers}, sysfs.root)


def test_libcameras_other_cameras_are_no_module(sysfs: Sysfs) -> None:
    with pytest.raises(CameraFault, match="not on the board's camera connector"):
        identify_module("usb", {"Model": "x", "SystemDevices": (NODE,)}, sysfs.root)
    sysfs.node("virtual/video4linux/video9", None, os.makedev(81, 9))
    with_one_made_up = (*MODULE_NUMBERS, os.makedev(81, 9))
    with pytest.raises(CameraFault, match="made up by a program"):
        identify_module("x", {"Model": "x", "SystemDevices": with_one_made_up}, sysfs.root)


def test_the_question_is_the_one_that_the_kernel_defines() -> None:
    # _IOR('V', 0, 104 bytes): direction, size, type and number, as asm-generic/ioctl.h packs them.
    assert 2 << 30 | CAPABILITY.size << 16 | ord("V") << 8 == VIDIOC_QUERYCAP
