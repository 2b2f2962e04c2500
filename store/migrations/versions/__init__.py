"""One module for each revision, named after it. Written by hand, never changed once released."""
