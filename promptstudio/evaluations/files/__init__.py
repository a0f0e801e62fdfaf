"""Cases in files and back: CSV, XLSX, lines of JSON, YAML and JSON of promptfoo. Pure; nothing here trusts a file.

Formats are those of promptfoo (https://www.promptfoo.dev/docs/configuration/test-cases/). Whatever it has and Studio does not is kept in
`extra` to the letter; whatever Studio has and it does not stands under `metadata.prompt_studio`. Files and addresses named in a file are
never opened, and code is never run.
"""
