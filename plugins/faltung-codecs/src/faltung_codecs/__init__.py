"""Samples that libsndfile does not read, or not whole: MP3, Ogg and FLAC, walked; files without a header."""
