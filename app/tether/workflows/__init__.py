"""Any workflow file to one that servers run."""
