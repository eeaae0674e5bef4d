"""Prepare data sets: find what should not be in them, rank, review, and put everything back."""
