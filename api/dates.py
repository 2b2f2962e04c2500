"""Days in addresses and bodies."""

from __future__ import annotations

from datetime import date

from api.errors import Refusal


def day_or(text: str, default: date) -> date:
    """Return a day given as YYYY-MM-DD, or the default for an empty text; raise Refusal otherwise."""
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("refused", f'"{text}" is not a day. Write it as YYYY-MM-DD.') from None
