"""The soundness of an installation: what faltung stands on, looked at one thing after another."""
