"""What was read, where and when, out of a recording: for spreadsheets, for programs, and as one page for people."""
