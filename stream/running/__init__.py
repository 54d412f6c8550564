"""The product's runtime: sources read until they end, for the commands and for programs.  Imports all of stream."""
