"""The status page: server-rendered HTML over what the API answers, a style sheet and one small script.

Begin with `pages` for its routes and `site` for what they show. It imports values, `config`, `security`, the records of
runs and `actors.storage`; the application itself it knows as a `Protocol`.
"""
