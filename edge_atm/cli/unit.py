"""Puts a unit together from its configuration: the only place that names concrete parts."""

import secrets
import time
from dataclasses import dataclass
from functools import partial

from edge_atm.cash.cashier import Cashier, CashRules
from edge_atm.cash.ledger import Ledger
from edge_atm.cli.cues import cues_of
from edge_atm.cli.registry import Registry
from edge_atm.cli.touching import touch_habits
from edge_atm.config import Config
from edge_atm.device.camera import Camera
from edge_atm.device.camera_identity import Identity
from edge_atm.device.camera_module import Picamera2Source
from edge_atm.device.camera_usb import V4l2Source
from edge_atm.device.dispenser import DEFAULT_TIMING, LcdmDispenser, Timing
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import ConfigError, LinkFault
from edge_atm.journal import Journal
from edge_atm.machine import Desk, Machine, Pad, Screen
from edge_atm.models import Models
from edge_atm.money import Mix
from edge_atm.policy import calibration
from edge_atm.policy.challenge import NONCE_BYTES
from edge_atm.store import Store
from edge_atm.vault.age import check_public_keys
from edge_atm.vault.customers import Customers
from edge_atm.vault.escrow import Escrow
from edge_atm.vault.evidence import FOLDER, Evidence, Rules
from edge_atm.vault.faces import Faces
from edge_atm.vault.guard import Guard
from edge_atm.vault.habits import KeptHabits
from edge_atm.vault.ring import Ring
from edge_atm.vision.deny import deny_by
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.enrol_watch import EnrolWatch
from edge_atm.vision.recorder import LookRecorder
from edge_atm.vision.watch import TurnWatch

WRONG_PORT = (
    "Correct `port` under [dispenser] of the configuration file, then run `edge-atm link-test`."
)
UNPINNED = "the camera is not pinned: any other one in its place would do"
PIN = "Run `edge-atm doctor`: it prints the lines that the configuration file lacks."


@dataclass(frozen=True)
class Unit:
    """What every command works on. Camera and dispenser are opened by those that need them."""

    config: Config
    ring: Ring
    store: Store
    guard: Guard
    journal: Journal
    models: Models
    customers: Customers
    faces: Faces
    habits: KeptHabits
    ledger: Ledger

    def camera(self) -> Camera:
        """Return the configured camera, opened when frames are asked for. Raises ConfigError."""
        return camera_of(self.config, self.ring.development)

    def dispenser(self) -> LcdmDispenser:
        """Open the configured port. Raises LinkFault."""
        return dispenser_of(self.config)

    def check_settings(self) -> None:
        """Raise ConfigError for settings that pay wrong notes, or can never pay anybody."""
        limits = self.config.limits
        best = calibration.posterior(calibration.LLR_LOG10_MAX, limits.prior_genuine)
        if not best >= limits.posterior_min:
            raise ConfigError(
                f"no face can reach posterior_min {limits.posterior_min}: with prior_genuine"
                f" {limits.prior_genuine} the most is {best:.4f}"
            )
        booked = [unit.value_cents for unit in self.ledger.storage_units()]
        if booked != self.config.dispenser.cassette_values_cents:
            raise ConfigError(
                f"the cassettes were loaded with values {booked}, the configuration says otherwise",
                "Correct cassette_values_cents, or count the notes and run `edge-atm replenish`.",
            )

    def cashier(self, dispenser: LcdmDispenser) -> Cashier:
        """Return a cashier who has settled what was left open. Raises LinkSilent, PayoutSuspect."""
        settings = self.config.dispenser
        cashier = Cashier(
            self.ledger,
            dispenser,
            CashRules(settings.notes_per_command_max, settings.equal_commands, Mix(settings.mix)),
            lambda: secrets.token_hex(8),
        )
        cashier.recover()
        return cashier

    def registry(self) -> Registry:
        """Return what enrols and adapts."""
        habits = self.habits if self.config.touch.use else None
        return Registry(self.store, self.journal, self.customers, self.faces, self.escrow(), habits)

    def escrow(self) -> Escrow | None:
        """Return where enrolments leave the bank's copy, if it wants one. Raises ConfigError."""
        bank = self.config.bank
        if not bank.escrow:
            return None
        check_public_keys(bank.public_keys)
        return Escrow(self.store, self.ring, self.config.unit.unit_id, bank.public_keys)

    def machine(self, cashier: Cashier, screen: Screen, pad: Pad) -> Machine:
        """Return everything that serving a customer needs, with the models opened."""
        detector, embedder = Detector(self.models), Embedder(self.models)
        denies = deny_by(cues_of(self.config))
        return Machine(
            camera=self.camera(),
            watch=lambda challenge: TurnWatch(detector, embedder, challenge, denies),
            people=self.customers,
            faces=self.faces,
            cashier=cashier,
            screen=screen,
            pad=pad,
            journal=self.journal,
            limits=self.config.limits,
            mean_embedding=self.models.mean_embedding(),
            now=time.monotonic,
            # Nobody who prepared a recording may know what will be asked.
            new_nonce=lambda: secrets.token_bytes(NONCE_BYTES),
            new_session_id=lambda: secrets.token_hex(8),
            recorder=self.recorder(),
            adaptation=self.registry() if self.config.templates.adapt else None,
            habits=touch_habits(self.config.touch, self.models, self.habits, self.journal),
            development_key=self.ring.development,
        )

    def evidence(self) -> Evidence:
        """Return the folder of sealed clips, whether or not new ones are kept."""
        bank = self.config.bank
        rules = Rules(bank.public_keys, bank.evidence_days_max, bank.evidence_bytes_max)
        return Evidence(self.config.unit.state_dir / FOLDER, self.journal, rules)

    def recorder(self) -> LookRecorder | None:
        """Return what records looks for the bank, if it wants them. Raises ConfigError.

        Clips over a limit are removed, also where no new ones are wanted.
        """
        evidence = self.evidence()
        evidence.tidy()
        if not self.config.bank.evidence:
            return None
        check_public_keys(self.config.bank.public_keys)
        return LookRecorder(evidence, self.journal.stamp)

    def desk(self, screen: Screen) -> Desk:
        """Return everything that enrolling needs, with the models opened."""
        detector, embedder = Detector(self.models), Embedder(self.models)
        return Desk(
            camera=self.camera(),
            gather=lambda: EnrolWatch(detector, embedder),
            registry=self.registry(),
            screen=screen,
            mean_embedding=self.models.mean_embedding(),
            now=time.monotonic,
        )


def camera_of(config: Config, unpinned: bool) -> Camera:
    """Return the configured camera; it is opened when frames are asked for.

    Raises ConfigError where it is not pinned, unless `unpinned` allows that.
    """
    camera = config.camera
    if camera.pin is None and not unpinned:
        raise ConfigError(UNPINNED, PIN)
    pinned = None if camera.pin is None else Identity(**camera.pin.model_dump())
    if camera.device is None:
        return Camera(partial(Picamera2Source, camera.width_px, camera.height_px, pinned))
    return Camera(partial(V4l2Source, camera.device, camera.width_px, camera.height_px, pinned))


def dispenser_of(config: Config, timing: Timing = DEFAULT_TIMING) -> LcdmDispenser:
    """Open the configured port. Raises LinkFault."""
    dispenser = config.dispenser
    try:
        return LcdmDispenser(SerialWire(dispenser.port, dispenser.baud, dispenser.parity), timing)
    except LinkFault as fault:
        if fault.hint == LinkFault.hint:
            # Nothing was asked yet, so it is not the cable.
            fault.hint = WRONG_PORT
        raise
