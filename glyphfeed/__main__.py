"""`python -m glyphfeed`: the command line."""

from glyphfeed.tools.cli import main

if __name__ == "__main__":
    main()
