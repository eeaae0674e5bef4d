"""Trains the Arabic line recogniser that ships with the library; not installed with it.

``python -m training.arabic_reader --help`` lists the steps: render, train, evaluate, export.
"""
