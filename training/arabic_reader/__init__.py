"""Trains the Arabic line recogniser that ships with the library; not installed with it.

``python -m training.arabic_reader all --work FOLDER`` does everything, resumably; see
``docs/arabic-reader.md``.
"""
