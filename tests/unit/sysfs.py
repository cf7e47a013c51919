"""A folder like /sys with a USB camera and a camera module, as a Raspberry Pi shows them."""

import os
import shutil
import struct
from pathlib import Path

NODE = os.makedev(81, 0)
USB = "platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0/usb1/1-1/1-1.2"
RECEIVER = "platform/axi/1000120000.pcie/1f00128000.csi"
ISP = "platform/axi/1000880000.pisp_be"
MODULE_NUMBERS = (os.makedev(81, 20), os.makedev(81, 21))
# struct v4l2_capability as a Logitech C270 answers it.
QUERYCAP = struct.pack(
    "=16s32s32sIII12x",
    b"uvcvideo",
    b"UVC Camera (046d:0825)",
    b"usb-0000:01:00.0-1.2",
    0x0006_0C22,
    0x84A0_0001,
    0x0420_0001,
)


class Sysfs:
    """Makes device folders below `root`, and the links by number that lead there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.querycap = QUERYCAP
        (root / "dev" / "char").mkdir(parents=True)

    def folder(self, place: str) -> Path:
        """Return a device's folder."""
        return self.root / "devices" / place

    def link(self, number: int) -> Path:
        """Return the link of a device number."""
        return self.root / "dev" / "char" / f"{os.major(number)}:{os.minor(number)}"

    def node(self, place: str, driver: str | None, number: int = NODE) -> None:
        """Make one video node whose hardware, two folders up, is bound to `driver`."""
        folder = self.folder(place)
        folder.mkdir(parents=True, exist_ok=True)
        self.link(number).unlink(missing_ok=True)
        self.link(number).symlink_to(folder)
        if driver is not None:
            hardware, drivers = folder.parent.parent, self.root / "bus" / "drivers" / driver
            drivers.mkdir(parents=True, exist_ok=True)
            (folder / "device").symlink_to(hardware)
            (hardware / "driver").symlink_to(drivers)

    def usb_camera(self, driver: str = "uvcvideo") -> None:
        """Make the USB camera anew."""
        usb = self.folder(USB)
        shutil.rmtree(usb, ignore_errors=True)
        self.node(f"{USB}/1-1.2:1.0/video4linux/video0", driver)
        for name, text in (("idVendor", "046d"), ("idProduct", "0825"), ("serial", "A1B2C3D0")):
            (usb / name).write_text(f"{text}\n")

    def module(self) -> None:
        """Make the camera module's receiver and what develops its pictures."""
        receiver, isp = MODULE_NUMBERS
        self.node(f"{RECEIVER}/video4linux/video20", "rp1-cfe", receiver)
        self.node(f"{ISP}/video4linux/video21", "pispbe", isp)
