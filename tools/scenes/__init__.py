"""Made-up scenes under a moving camera, with exact truth."""
