"""Writes a Library to files, laid out as the package lays out the one it ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mappings.library import Library
from mappings.model import NoControl


def yaml_text(data: Any) -> str:
    """Return plain data as YAML."""
    text: str = yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    return text


def write_shipped(library: Library, folder: Path) -> None:
    """Write programs and mappings below a folder."""
    for path, data in {**_programs(library), **_mappings(library)}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml_text(data), encoding="utf-8")


def _plain(value: Any, **more: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True, exclude_defaults=True, **more)


def _programs(library: Library) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, program in library.programs.items():
        found[f"programs/{key}/program.yaml"] = _plain(program)
    for key, edition in library.editions.items():
        folder = f"programs/{edition.program}/{key}"
        found[f"{folder}/edition.yaml"] = _plain(edition, exclude={"criteria"})
        found[f"{folder}/criteria.yaml"] = {"criteria": [_plain(one) for one in edition.criteria]}
    return found


def _mappings(library: Library) -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["mappings/controls/all.yaml"] = {"controls": [_plain(one) for one in library.controls.values()]}
    for key, maps in library.maps.items():
        entries = {
            name: _plain(entry) if isinstance(entry, NoControl) else [_plain(one) for one in entry]
            for name, entry in maps.maps.items()
        }
        data = {"edition": key, "method": "made for a test", "maps": entries}
        found[f"mappings/maps/{key}.yaml"] = data | {"jointly": [_plain(one) for one in maps.jointly]}
    for (source, target), direct in library.direct.items():
        found[f"mappings/direct/{source}__{target}.yaml"] = {
            "source_edition": source,
            "target_edition": target,
            "maps": [_plain(one) for one in direct],
        }
    return found
