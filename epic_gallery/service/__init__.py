"""The private service on one's own computer; needs the extra ``serve``."""
