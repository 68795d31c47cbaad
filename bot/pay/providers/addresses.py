"""Where money goes, as people write it: read into one canonical form each, or refused in words.

One form per account, so that a shared one is found. No form begins as a spreadsheet's formula does
(`bot.formats.cells`), so payout files carry it exactly.
"""

import base64
import binascii
import re
import unicodedata

import stdnum.exceptions
from email_validator import EmailNotValidError, validate_email
from stdnum import iban as ibans

from bot import i18n
from bot.errors import Invalid
from bot.formats import cells
from bot.i18n import N_

LONGEST = 200
SHORTEST = 5


class NoDestination(Invalid):
    """What was written leads nowhere. Subclasses say what is expected, with an example."""

    msgid = N_("This is no place to send money to.")


class NoKenyanMobile(NoDestination):
    msgid = N_(
        "This is no Kenyan mobile number. Write the number that has M-Pesa, like 0712 345 678."
    )


class NoEmail(NoDestination):
    msgid = N_("This is no e-mail address. Write the whole address, like amina@example.com.")


class NoIban(NoDestination):
    msgid = N_(
        "This IBAN is not right: a sign is wrong or missing. Copy it from your bank, like "
        "GB29 NWBK 6016 1331 9268 19."
    )


class NoTonAddress(NoDestination):
    msgid = N_(
        "This TON address is not right: a sign is wrong or missing. Copy all 48 signs from your "
        "wallet; it begins with UQ or EQ."
    )


class TestTonAddress(NoTonAddress):
    msgid = N_("This TON address is of the test network. Write one of the main network: UQ…")


class NoAccount(NoDestination):
    msgid = N_(
        "Write all that is needed to pay you, in {shortest} to {longest} characters and beginning "
        "with a letter or a digit, like: Equity Bank, 0123456789, Amina Otieno."
    )


_GAPS = re.compile(r"[\s().\-\u2010-\u2015/]+")
_KENYAN_MOBILE = re.compile(r"(?:(?:\+|00)?254)?0?([17][0-9]{8})")
_PHONE = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_IBAN = re.compile(r"(?=(?:\D*\d){8})[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")  # nor a street with a number
_TON = re.compile(r"[A-Za-z0-9_+/-]{48}")
_TON_BEGUN = re.compile(r"[EUk0][Qf][A-Za-z0-9_+/-]{46}")  # with every kind and workchain
_TON_RAW = re.compile(r"-?[0-9]+:[0-9a-fA-F]{64}")
_BOUNCEABLE, _WALLET, _TEST_ONLY = 0x11, 0x51, 0x80
_BASECHAIN, _MASTERCHAIN = 0x00, 0xFF


def plain(written: str) -> str:
    """What a person meant: no marks without width, digits of any script as ASCII, single spaces."""
    text = unicodedata.normalize("NFKC", i18n.strip_marks(written))
    seen = (one for one in text if unicodedata.category(one) not in ("Cf", "Cc") or one.isspace())
    return " ".join("".join(str(unicodedata.decimal(one, one)) for one in seen).split())


def kenyan_mobile(written: str) -> str:
    """A Kenyan mobile number as 2547XXXXXXXX or 2541XXXXXXXX."""
    found = _KENYAN_MOBILE.fullmatch(_GAPS.sub("", plain(written)))
    if found is None:
        raise NoKenyanMobile
    return f"254{found[1]}"


def email(written: str) -> str:
    """An e-mail address in lower case: no rail tells them apart by case. No server is asked."""
    text = plain(written).removeprefix("mailto:")
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise NoEmail from None
    address = (found.ascii_email or "").lower()
    if not address or cells.escape(address) != address:
        raise NoEmail
    return address


def iban(written: str) -> str:
    """An IBAN without its spaces, of a country's length and with the right check digits."""
    text = _GAPS.sub("", plain(written)).upper().removeprefix("IBAN").removeprefix(":")
    try:
        return str(ibans.validate(text))
    except stdnum.exceptions.ValidationError:
        raise NoIban from None


def ton(written: str) -> str:
    """A TON address of the main network, in the form for wallets (UQ…) whichever was written."""
    text = re.sub(r"\s", "", plain(written)).removeprefix("ton://transfer/")
    if not _TON.fullmatch(text):
        raise NoTonAddress
    raw = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_"))
    kind, chain, body = raw[0], raw[1], raw[:34]
    if binascii.crc_hqx(body, 0) != int.from_bytes(raw[34:], "big"):
        raise NoTonAddress
    if kind & _TEST_ONLY:
        raise TestTonAddress
    if kind not in (_BOUNCEABLE, _WALLET) or chain not in (_BASECHAIN, _MASTERCHAIN):
        raise NoTonAddress
    body = bytes([_WALLET]) + body[1:]
    check = binascii.crc_hqx(body, 0).to_bytes(2, "big")
    return base64.urlsafe_b64encode(body + check).decode()


def account(written: str) -> str:
    """Anything a person can pay to: what looks like an address of a known kind must be right."""
    text = plain(written)
    packed = _GAPS.sub("", text)
    if _TON_RAW.fullmatch(text):  # it has no check digits
        raise NoTonAddress
    if _TON_BEGUN.fullmatch(re.sub(r"\s", "", text)) or text.startswith("ton://"):
        return ton(text)
    if _IBAN.fullmatch(packed.upper()):
        return iban(text)
    if "@" in text and " " not in text:
        return email(text)
    if found := _PHONE.fullmatch(packed):
        return f"+{found[1]}"
    if not SHORTEST <= len(text) <= LONGEST or cells.escape(text) != text:
        raise NoAccount(shortest=SHORTEST, longest=LONGEST)
    return text


def method(destination: str) -> str:
    """Which kind of address a canonical one is: iban, ton, email, phone or account."""
    if _TON_BEGUN.fullmatch(destination):
        return "ton"
    if _IBAN.fullmatch(destination):
        return "iban"
    if "@" in destination and " " not in destination:
        return "email"
    return "phone" if re.fullmatch(r"\+?[0-9]+", destination) else "account"


def masked(destination: str) -> str:
    """For people who know it already: "am•••@example.com", "•••• 678"."""
    name, at, domain = destination.rpartition("@")
    if at and " " not in destination:
        return f"{name[:2]}•••@{domain}"
    return f"•••• {destination[-3:]}"
