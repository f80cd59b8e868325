"""Where Dropforge runs: the local cloud of this machine, and the definitions for Google's."""
