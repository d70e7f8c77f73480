"""Samples that libsndfile does not read, or not whole: MP3 and Ogg, walked and checked, and files without a header."""
