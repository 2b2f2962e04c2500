"""The resolved inputs of a comparison: everything it follows from, kept by content.

An input is a name and bytes: `baseline/edition`, `foreign/maps`, `controls`, `policy/verdict` … From
them the same comparison can be made again after the shipped library has changed. Reviews need not be
kept: the maps are kept as they stood after all reviews.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter

from criteria.model import Edition, Program
from criteria.vocabulary import vocabulary
from engine.comparison import Scope
from engine.findings import Comparison
from engine.matching import Matcher
from engine.policy import SHIPPED, TABLES, Policy, load_policy
from mappings.library import Library
from mappings.loading import MapSet
from mappings.model import Control, DirectMap, Joint, Map, NoControl
from store.errors import StoreError

SIDES = ("baseline", "foreign")
PolicyTexts = Mapping[str, str]  # table name → YAML text

_controls = TypeAdapter(tuple[Control, ...])
_direct = TypeAdapter(tuple[tuple[str, str, tuple[DirectMap, ...]], ...])
_entries = TypeAdapter(tuple[tuple[str, NoControl | tuple[Map, ...]], ...])
_joints = TypeAdapter(tuple[Joint, ...])
_comparison: TypeAdapter[Comparison] = TypeAdapter(Comparison)


def policy_texts(folder: Path = SHIPPED) -> PolicyTexts:
    """Return the texts of a policy's tables, as they are kept with a comparison."""
    return _shipped_texts() if folder == SHIPPED else _texts(folder)


@cache
def _shipped_texts() -> PolicyTexts:
    # Read once, as the policy itself is: the package may be upgraded under a running service.
    return _texts(SHIPPED)


def _texts(folder: Path) -> PolicyTexts:
    return {name: (folder / f"{name}.yaml").read_text(encoding="utf-8") for name in TABLES}


def comparison_bytes(comparison: Comparison) -> bytes:
    """Return a whole comparison as JSON, from which it can be read back equal."""
    return _comparison.dump_json(comparison)


def comparison_from(data: bytes) -> Comparison:
    """Return the comparison that these bytes hold."""
    return _comparison.validate_json(data)


def resolved(
    library: Library, comparison: Comparison, policy: Policy, texts: PolicyTexts
) -> dict[str, bytes]:
    """Return every input of a comparison by name.

    Raises StoreError where the texts are not those of the policy.
    """
    if _policy_digest(texts) != policy.digest or policy.digest != comparison.policy["digest"]:
        raise StoreError("These policy texts are not those that the comparison was made with.")
    pair = (comparison.baseline, comparison.foreign)
    found = {
        **library.remember(("inputs",), lambda: _shared(library)),
        "direct": library.remember(("inputs", "direct", *pair), lambda: _direct_bytes(library, pair)),
        "vocabulary": vocabulary_bytes(),
        "asked": _json(
            {"as_of": comparison.as_of.isoformat(), "scope": comparison.scope, "policy": policy.name}
        ),
    }
    for side, key in zip(SIDES, pair, strict=True):
        kept = library.remember(("inputs", key), partial(_edition_bytes, library, key))
        found |= {f"{side}/{name}": data for name, data in kept.items()}
    return found | {f"policy/{name}": text.encode() for name, text in texts.items()}


# A library never changes, so what it gives to a comparison is written out once.


def _shared(library: Library) -> dict[str, bytes]:
    return {"controls": _controls.dump_json(tuple(library.controls.values()))}


def _direct_bytes(library: Library, pair: tuple[str, str]) -> bytes:
    between = ((*key, maps) for key, maps in library.direct.items() if set(key) & set(pair))
    return _direct.dump_json(tuple(between))


def _edition_bytes(library: Library, key: str) -> dict[str, bytes]:
    edition = library.editions[key]
    return {
        "edition": edition.model_dump_json(by_alias=True).encode(),
        "program": library.programs[edition.program].model_dump_json(by_alias=True).encode(),
        "maps": _maps_bytes(library.maps_of(key)),
    }


@cache
def vocabulary_bytes() -> bytes:
    """Return the closed lists that data is read by; they ship with the program and cannot be swapped."""
    return _json(asdict(vocabulary()))


def _maps_bytes(maps: MapSet) -> bytes:
    return _json(
        {
            "edition": maps.edition,
            "maps": _entries.dump_python(tuple(maps.maps.items()), mode="json"),
            "jointly": _joints.dump_python(maps.jointly, mode="json"),
            "methods": list(maps.methods),
        }
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _policy_digest(texts: PolicyTexts) -> str:
    """Return the digest that `load_policy` gives to these texts."""
    return hashlib.sha256(json.dumps([(name, texts.get(name, "")) for name in TABLES]).encode()).hexdigest()


def library_from(found: Mapping[str, bytes], digest: str) -> Library:
    """Return a library of just the two editions of a comparison, with the digest it had then."""
    programs: dict[str, Program] = {}
    editions: dict[str, Edition] = {}
    maps: dict[str, MapSet] = {}
    for side in SIDES:
        edition = Edition.model_validate_json(found[f"{side}/edition"])
        program = Program.model_validate_json(found[f"{side}/program"])
        programs[program.key], editions[edition.key] = program, edition
        maps[edition.key] = _maps_from(found[f"{side}/maps"])
    controls = {control.id: control for control in _controls.validate_json(found["controls"])}
    direct = {(source, target): rows for source, target, rows in _direct.validate_json(found["direct"])}
    return Library(programs, editions, controls, maps, direct, digest)


def _maps_from(data: bytes) -> MapSet:
    raw = json.loads(data)
    entries = dict(_entries.validate_python(raw["maps"]))
    joints = _joints.validate_python(raw["jointly"])
    return MapSet(raw["edition"], entries, joints, tuple(raw["methods"]))


def policy_from(found: Mapping[str, bytes], matcher: Matcher) -> Policy:
    """Return the policy of a comparison; raise DataError where this program no longer takes it."""
    with TemporaryDirectory(prefix="mra-") as place:
        folder = Path(place)
        for table in TABLES:
            (folder / f"{table}.yaml").write_bytes(found[f"policy/{table}"])
        policy = load_policy(matcher, folder)
    # The folder a policy is loaded from gives it its name; this one keeps the name it had.
    return replace(policy, name=json.loads(found["asked"])["policy"])


def scope_from(found: Mapping[str, bytes]) -> Scope:
    """Return what was compared."""
    scope = json.loads(found["asked"])["scope"]
    return Scope(tuple(scope["operators"]), scope["count_forced_labor"])
