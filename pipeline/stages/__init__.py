"""The stages: one file each, found by name; `base` holds their contract, `registry` finds them."""
