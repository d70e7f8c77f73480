"""Readers of HDF5, NWB, MATLAB and Zarr: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io import ReaderKind

__all__ = ["HDF5", "NWB"]


def _is_hdf5(head: bytes) -> bool:
    """HDF5 from its first byte, or behind a block of the user's of 512 bytes or more."""
    signature = b"\x89HDF\r\n\x1a\n"
    return any(head[at : at + 8] == signature for at in (0, 512, 1024, 2048)) and head[:6] != b"MATLAB"


HDF5 = ReaderKind("HDF5", _is_hdf5, "faltung_arrays.hdf5:open_hdf5")
NWB = ReaderKind("NWB", _is_hdf5, "faltung_arrays.hdf5:open_hdf5")
