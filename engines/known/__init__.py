"""Descriptions of the models that glyphfeed knows; the same as a user writes for a model of their own."""
