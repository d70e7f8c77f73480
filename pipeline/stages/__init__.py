"""The stages: each module here is one, of the same name; the folder `base` holds their contract and what they share."""
