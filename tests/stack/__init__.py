"""The whole application on Ray Serve, through real protocols. All tests share one stack, the fixture `stack`."""
