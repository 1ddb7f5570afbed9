"""The console: pages for analysts and for those who manage an organisation's part. Every page is one look or one deed, as the API's paths are.

Pages are made on the server and work without JavaScript; htmx and a few lines of our own make them quicker. A module holds the pages of one
subject and lists them as PAGES; `pages.py` says how each works, `visit.py` what it is given. Templates lie beside, one for each page.
"""
