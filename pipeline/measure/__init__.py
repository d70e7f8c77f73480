"""Rooms measured with a sweep: it is played and recorded; turned round in time it folds the recording into the room.

Order of work: `sweep` (what is played), `pilots` (where it stands in a recording), `clock` (two clocks made one),
`takes` (repeats cut out and averaged), `deconvolution` (the response), `noise` (where it ends), `bands` and `decay`
(figures of ISO 3382), `measuring` (all of it), `page` (what is shown).
"""
