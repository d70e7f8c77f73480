"""The findings of a search in one recording, as a picture and as a page that plays it from disk."""
