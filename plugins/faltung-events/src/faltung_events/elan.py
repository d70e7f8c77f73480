"""ELAN's .eaf: XML of tiers whose annotations stand between time slots, in whole milliseconds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePath
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from pipeline.errors import ReadError
from pipeline.io.labels import Label
from pipeline.match.events import Events
from pipeline.text import without_controls

from .tiers import named, tiers_of

_ILLEGAL = re.compile("[\ufffe\uffff]")  # of XML
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"


def encode(searches: Sequence[Events]) -> bytes:
    """The bytes of an annotation document; its date is that of no day, so that the same events give the same bytes."""
    document = ET.Element(
        "ANNOTATION_DOCUMENT", AUTHOR="", DATE="1970-01-01T00:00:00+00:00", FORMAT="3.0", VERSION="3.0",
    )  # fmt: skip
    document.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    document.set("xsi:noNamespaceSchemaLocation", _SCHEMA)
    header = ET.SubElement(document, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    for name in dict.fromkeys(PurePath(search.file).name for search in searches if search.file):
        media = {"MEDIA_URL": f"./{name}", "RELATIVE_MEDIA_URL": f"./{name}", "MIME_TYPE": "audio/x-wav"}
        ET.SubElement(header, "MEDIA_DESCRIPTOR", {key: _legal(value) for key, value in media.items()})
    order = ET.SubElement(document, "TIME_ORDER")
    slots = 0
    for tier, (name, events) in enumerate(tiers_of(searches), 1):
        shown = ET.SubElement(document, "TIER", LINGUISTIC_TYPE_REF="default-lt", TIER_ID=_legal(name))
        for number, event in enumerate(events, 1):
            start = round(event.start_s * 1000)
            for time in (start, max(start + 1, round(event.end_s * 1000))):
                slots += 1
                ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{slots}", TIME_VALUE=str(time))
            ids = {
                "ANNOTATION_ID": f"a{tier}-{number}",
                "TIME_SLOT_REF1": f"ts{slots - 1}",
                "TIME_SLOT_REF2": f"ts{slots}",
            }
            annotation = ET.SubElement(ET.SubElement(shown, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ids)
            ET.SubElement(annotation, "ANNOTATION_VALUE").text = _legal(named(event))
    ET.SubElement(
        document, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID="default-lt", TIME_ALIGNABLE="true", GRAPHIC_REFERENCES="false"
    )
    ET.indent(document, "    ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document, "unicode").encode() + b"\n"


def _legal(text: str) -> str:
    """A text that XML and UTF-8 can hold."""
    return _ILLEGAL.sub(" ", without_controls(text).encode("utf-8", "backslashreplace").decode())


class _DocumentTypeError(Exception):
    """A document type was met, which could name what is to be expanded."""


class _Plain(ET.TreeBuilder):
    """A builder of trees that stops at a document type, in whatever encoding it stands."""

    def doctype(self, *_: object) -> None:
        raise _DocumentTypeError


def read(path: Path) -> list[Label]:
    """The annotations of all tiers, at their time in the medium; one that refers to another has that one's time."""
    try:
        document = ET.fromstring(path.read_bytes(), ET.XMLParser(target=_Plain()))  # noqa: S314  (nothing is expanded)
    except _DocumentTypeError as error:
        raise ReadError(str(path), "has a document type, which ELAN writes in none; save it again in ELAN") from error
    except ET.ParseError as error:
        raise ReadError(str(path), f"is no XML from line {error.position[0]} on; save it again in ELAN") from error
    if document.tag != "ANNOTATION_DOCUMENT":
        raise ReadError(str(path), f"is no annotation document of ELAN's, but <{document.tag}>")
    header = document.find("HEADER")
    if header is not None and header.get("TIME_UNITS", "milliseconds") != "milliseconds":
        raise ReadError(str(path), "counts time in frames of a video, not in milliseconds; export it anew in ELAN")
    file, origin = _medium(document)
    values = {str(slot.get("TIME_SLOT_ID")): slot.get("TIME_VALUE") for slot in document.iter("TIME_SLOT")}
    odd = next((value for value in values.values() if value is not None and not value.lstrip("-").isdecimal()), None)
    if odd is not None:
        raise ReadError(str(path), f"its times are whole milliseconds, got {odd!r}; save it again in ELAN")
    times = {name: (int(value) + origin) / 1000 for name, value in values.items() if value is not None}
    spans: dict[str, tuple[float, float]] = {}
    for tier in document.iter("TIER"):
        spans |= _spans(tier, times)
    parents = {str(ref.get("ANNOTATION_ID")): str(ref.get("ANNOTATION_REF")) for ref in document.iter("REF_ANNOTATION")}
    found = ((name, _span_of(key, parents, spans), text) for name, key, text in _annotations(document))
    return [Label(*span, text, file=file, more={"Tier": name}) for name, span, text in found if span is not None]


def _medium(document: ET.Element) -> tuple[str, int]:
    """Name of the medium, the first of sound, and the milliseconds of it at which the annotations have their 0."""
    media = sorted(document.iter("MEDIA_DESCRIPTOR"), key=lambda one: "audio" not in one.get("MIME_TYPE", ""))
    if not media:
        return "", 0
    url = media[0].get("MEDIA_URL") or media[0].get("RELATIVE_MEDIA_URL") or ""
    return PurePath(unquote(url).replace("\\", "/")).name, int(media[0].get("TIME_ORIGIN") or 0)


def _spans(tier: ET.Element, times: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Start and end of the annotations of a tier; slots without a time share what lies between those that have one."""
    aligned = list(tier.iter("ALIGNABLE_ANNOTATION"))
    chain = list(dict.fromkeys(str(one.get(f"TIME_SLOT_REF{end}")) for one in aligned for end in (1, 2)))
    known = [place for place, name in enumerate(chain) if name in times]
    told = {name: times[name] for name in chain if name in times}
    for before, after in pairwise(known):
        low, high = times[chain[before]], times[chain[after]]
        for place in range(before + 1, after):
            told[chain[place]] = low + (high - low) * (place - before) / (after - before)
    ends = {str(one.get("ANNOTATION_ID")): [one.get(f"TIME_SLOT_REF{end}") for end in (1, 2)] for one in aligned}
    return {key: (told[str(a)], told[str(b)]) for key, (a, b) in ends.items() if str(a) in told and str(b) in told}


def _annotations(document: ET.Element) -> Iterator[tuple[str, str, str]]:
    """Tier, name and text of each annotation."""
    for tier in document.iter("TIER"):
        for annotation in tier.iter("ANNOTATION"):
            for one in annotation:
                yield tier.get("TIER_ID", ""), str(one.get("ANNOTATION_ID")), one.findtext("ANNOTATION_VALUE") or ""


def _span_of(key: str, parents: dict[str, str], spans: dict[str, tuple[float, float]]) -> tuple[float, float] | None:
    """Start and end of an annotation, by the one that it refers to, however far away; None where there is none."""
    passed: set[str] = set()
    while key not in spans and key not in passed:
        passed.add(key)
        key = parents.get(key, "")
    return spans.get(key)
