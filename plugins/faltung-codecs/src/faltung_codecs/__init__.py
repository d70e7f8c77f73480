"""Samples that libsndfile does not read, or not whole: MP3, Ogg, FLAC walked; headers of AU, CAF, NIST; or none."""
