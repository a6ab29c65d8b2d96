"""python -m charlstm: the same as the charlstm command."""

import sys

from charlstm.cli import main

if __name__ == "__main__":
    sys.exit(main())
