"""Small programs that show the project at work."""
