"""A strict stand-in for Telegram on loopback, for tests, demos and simulations."""

from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox

__all__ = ["Person", "Sandbox"]
