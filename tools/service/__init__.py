"""What a service needs beside the reading: a file that is watched, children, systemd, metrics.  Imports stream, configuration."""
