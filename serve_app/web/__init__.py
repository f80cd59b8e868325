"""The status page: HTML rendered by the server from the API's views, a style sheet and one small script."""
