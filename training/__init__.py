"""Scripts that make what is shipped; not installed with the package."""
