"""Find what is written by hand in notebooks and no longer needed; take it out."""
