"""Long trials of batches, each a command: ``python -m tests.soak.kills --files 10000 --kills 30 --seeds 3``.

``tests/batch/test_soak.py`` runs a short form of each. All of them hold a batch that was disturbed to an undisturbed
run of the same files: the same tree, nothing left behind, every input done once.
"""
