"""Plans what a chain of stages will do to a signal, and does exactly that."""
