"""The tasks of a sweep as a grid."""
