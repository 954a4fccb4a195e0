"""The browser's adapters, in Node where that suffices."""
