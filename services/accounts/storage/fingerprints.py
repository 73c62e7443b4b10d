"""How fingerprints lie in a row."""

from struct import Struct

from services.accounts.domain.fingerprints import Fingerprint

_LAYOUT = Struct(">IIIH")


def to_bytes(found: Fingerprint | None) -> bytes | None:
    """Return *found* as a row keeps it."""
    if found is None:
        return None
    head = _LAYOUT.pack(found.length, found.template, found.opening, found.shape)
    return head + found.sketch


def from_bytes(packed: bytes | None) -> Fingerprint | None:
    """Read back what `to_bytes` wrote."""
    if packed is None:
        return None
    length, template, opening, shape = _LAYOUT.unpack_from(packed)
    return Fingerprint(length, template, opening, packed[_LAYOUT.size :], shape)
