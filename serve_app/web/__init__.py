"""The status page: server-rendered HTML over what the API answers, a style sheet and one small script."""
