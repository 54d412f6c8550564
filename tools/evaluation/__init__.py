"""Evaluation: clips with a truth, readers run over them, and what came out in figures."""
