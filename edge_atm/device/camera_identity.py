"""Which camera was opened, as kernel and bus tell it, and whether it is the pinned one."""

import errno
import fcntl
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_atm.errors import CameraFault

SYS = Path("/sys")
# Linux admin-guide/devices.txt: 81 char, Video4Linux.
VIDEO_MAJOR = 81
# linux/videodev2.h: _IOR('V', 0, struct v4l2_capability), which is driver, card, bus_info, version,
# capabilities, device_caps and three reserved words.
VIDIOC_QUERYCAP = 0x80685600
CAPABILITY = struct.Struct("=16s32s32sIII12x")
CAP_VIDEO_CAPTURE, CAP_VIDEO_OUTPUT, CAP_VIDEO_M2M = 0x1, 0x2, 0x8000
CAP_DEVICE_CAPS = 0x80000000
# What gives colour pictures by itself: drivers/media/usb/uvc in Linux. All that a program makes
# (v4l2loopback, vivid, vimc, akvcam) has another name.
NODE_DRIVERS = frozenset({"uvcvideo"})
# What takes a sensor's raw data on a Raspberry Pi, for libcamera to develop: bcm2835-unicam.c (up
# to Pi 4) and rp1-cfe/cfe.c (Pi 5) in Linux, drivers/media/platform.
RECEIVER_DRIVERS = frozenset({"unicam", "rp1-cfe"})
# Root hubs that are no hardware: USB over a network (usbip), and a gadget of this same computer.
MADE_UP_HUBS = ("vhci_hcd", "dummy_hcd")
NO_SERIAL = "none"

REAL_CAMERA = (
    "Let [camera] name the camera itself, and remove the module that makes the other one up; "
    "then run `edge-atm doctor`."
)
NEWER_LIBCAMERA = "Update the system (libcamera, picamera2), then run `edge-atm doctor`."


@dataclass(frozen=True, slots=True)
class Identity:
    """What a camera is known by.

    A USB camera: `driver`, `model` (vendor and product number), `path` (controller, port and
    interface), and `serial`, "none" if it tells none. A camera module: `driver` of the receiver,
    `model` of the sensor, libcamera's id as `path`, and no serial.
    """

    driver: str
    model: str
    path: str
    serial: str


@dataclass(frozen=True, slots=True)
class Capability:
    """What a V4L2 node says of itself. `captures`: it gives pictures and takes none."""

    driver: str
    bus: str
    captures: bool


def capability_of(raw: bytes) -> Capability:
    """Read a `struct v4l2_capability`, 104 bytes."""
    driver, _, bus, _, of_all, of_node = CAPABILITY.unpack(raw)
    caps = of_node if of_all & CAP_DEVICE_CAPS else of_all
    captures = bool(caps & CAP_VIDEO_CAPTURE) and not caps & (CAP_VIDEO_OUTPUT | CAP_VIDEO_M2M)
    return Capability(_plain(driver), _plain(bus), captures)


def pin_lines(identity: Identity) -> str:
    """Return the section of the configuration file that pins this camera."""
    lines = (f"{key} = {json.dumps(value)}" for key, value in asdict(identity).items())
    return "\n".join(("[camera.pin]", *lines))


def refuse_other(found: Identity, pinned: Identity) -> None:
    """Raise CameraFault that says in what the camera that was found is not the pinned one."""
    should = asdict(pinned)
    other = [
        f"{key} is {value!r}, pinned is {should[key]!r}"
        for key, value in asdict(found).items()
        if value != should[key]
    ]
    if other:
        raise CameraFault(
            "the camera is not the pinned one: " + "; ".join(other),
            "Put the pinned camera back. If it was exchanged on purpose, these lines of the "
            f"configuration file pin the new one:\n{pin_lines(found)}",
        )


def ask_node(handle: int) -> Capability:
    """Ask the open node what it is. Raises CameraFault for what is no V4L2 node."""
    answer = bytearray(CAPABILITY.size)
    try:
        fcntl.ioctl(handle, VIDIOC_QUERYCAP, answer)
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "?")
        raise CameraFault(f"the camera does not say what it is ({code})") from None
    return capability_of(bytes(answer))


def identify_node(number: int, said: Capability, sys: Path = SYS) -> Identity:
    """Return what the V4L2 node of this device number is, which said this of itself.

    Raises CameraFault for one that a program makes up, for a driver that is not listed here, and
    for a node without pictures.
    """
    place = _place(number, sys)
    if said.driver not in NODE_DRIVERS or _driver(place) != said.driver:
        raise CameraFault(
            f"the camera's driver is {said.driver!r}, which this unit does not trust",
            'Use a USB camera of the video class, or kind = "picamera2" for a camera module.',
        )
    if not said.captures:
        raise CameraFault(
            "the configured device gives no pictures",
            "Set `device` to the camera's other /dev/video node, then run `edge-atm doctor`.",
        )
    interface = _hardware(place)
    vendor, product = (_told(interface.parent / f"id{name}") for name in ("Vendor", "Product"))
    # The port by the controller's name: bus and node numbers change from start to start.
    path = f"{said.bus}:{interface.name.partition(':')[2]}"
    return Identity(said.driver, f"{vendor}:{product}", path, _told(interface.parent / "serial"))


def identify_module(camera_id: str, properties: Mapping[str, object], sys: Path = SYS) -> Identity:
    """Return what the camera module is, from libcamera's id and properties.

    Raises CameraFault for one that is not on the board's own connector.
    """
    numbers = properties.get("SystemDevices")
    if not isinstance(numbers, tuple | list) or not numbers:
        raise CameraFault("libcamera does not say what devices the camera uses", NEWER_LIBCAMERA)
    drivers = {_driver(_place(int(number), sys)) for number in numbers}
    receivers = drivers & RECEIVER_DRIVERS
    if len(receivers) != 1:
        raise CameraFault(
            f"the camera {camera_id} is not on the board's camera connector", REAL_CAMERA
        )
    model = _printable(str(properties.get("Model", NO_SERIAL)))
    return Identity(receivers.pop(), model, _printable(camera_id), NO_SERIAL)


def _place(number: int, sys: Path) -> Path:
    """Return the node's folder in sysfs, links resolved. Raises CameraFault for one made up."""
    name = f"{os.major(number)}:{os.minor(number)}"
    try:
        place = (sys / "dev" / "char" / name).resolve(strict=True)
        parts = place.relative_to((sys / "devices").resolve(strict=True)).parts
    except (OSError, ValueError):
        raise CameraFault(
            f"the system knows no device {name}; it may have been unplugged"
        ) from None
    hardware = (place / "device").is_dir()
    if parts[0] == "virtual" or not hardware or any(p.startswith(MADE_UP_HUBS) for p in parts):
        raise CameraFault("the camera is made up by a program, it is no hardware", REAL_CAMERA)
    return place


def _hardware(place: Path) -> Path:
    return (place / "device").resolve()


def _driver(place: Path) -> str:
    driver = place / "device" / "driver"
    return driver.resolve().name if driver.exists() else NO_SERIAL


def _told(path: Path) -> str:
    try:
        return _printable(path.read_text(encoding="utf-8", errors="replace").strip()) or NO_SERIAL
    except OSError:
        return NO_SERIAL


def _plain(raw: bytes) -> str:
    return _printable(raw.split(b"\0", 1)[0].decode("ascii", errors="replace"))


def _printable(text: str) -> str:
    # The camera chooses it, and it goes to terminals, the journal and the configuration.
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text)
