"""The status page: HTML rendered on the server from the API's answers, a style sheet, and one small script.

Begin with `pages` for the routes and `site` for what they show. This package imports `config`, `security`, values,
`runs` for their records, and `actors.storage`. It knows the application as a `Protocol` only.
"""
