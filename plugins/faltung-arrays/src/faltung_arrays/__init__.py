"""Readers of HDF5, NWB, MATLAB and Zarr: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io import ReaderKind

__all__ = ["HDF5", "MAT", "NWB", "ZARR"]


def _is_hdf5(head: bytes) -> bool:
    """HDF5 from its first byte, or behind a block of the user's of 512 bytes or more."""
    signature = b"\x89HDF\r\n\x1a\n"
    return any(head[at : at + 8] == signature for at in (0, 512, 1024, 2048)) and head[:6] != b"MATLAB"


def _is_matlab(head: bytes) -> bool:
    """Version 5 or 7.3 in the byte order that the header tells, or 7.3 as some write it."""
    versions = {b"IM": (b"\x00\x01", b"\x00\x02"), b"MI": (b"\x01\x00", b"\x02\x00")}
    return len(head) >= 128 and head[124:126] in versions.get(head[126:128], ())


def _is_zarr(head: bytes) -> bool:
    """The file that describes a store, or the names in a folder that has it."""
    folder = head.removeprefix(b"folder\0")
    if folder != head:
        return bool({b"zarr.json", b".zgroup", b".zarray"} & set(folder.split(b"\0")))
    return head[:1] == b"{" and b'"zarr_format"' in head.replace(b" ", b"")


HDF5 = ReaderKind("HDF5", _is_hdf5, "faltung_arrays.hdf5:open_hdf5")
MAT = ReaderKind("MAT", _is_matlab, "faltung_arrays.matlab:open_matlab")
NWB = ReaderKind("NWB", _is_hdf5, "faltung_arrays.hdf5:open_hdf5")
ZARR = ReaderKind("ZARR", _is_zarr, "faltung_arrays.zarr_store:open_zarr")
