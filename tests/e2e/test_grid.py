"""A sweep as a grid: cells fill, failures are run again in place, all is saved as one."""
