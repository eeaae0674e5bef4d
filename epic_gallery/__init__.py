"""What people do with a gallery; for now, the command ``epic``."""
