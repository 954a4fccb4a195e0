"""What all panels use: words, elements, notices."""
