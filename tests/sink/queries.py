"""queries.py DATABASE DOCUMENT: runs each query of the document (blocks marked sql) on a SQLite sink. Says for each how
many rows it gave; one that gives none is an error, and so is a column that the document does not name."""

import re
import sqlite3
import sys

db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
text = open(sys.argv[2], encoding="utf-8").read()
bad = 0
queries = re.findall(r"^```sql\n(.*?)^```", text, re.S | re.M)
if len(queries) < 5:
    print("only %d queries in the document" % len(queries))
    bad = 1
for query in queries:
    rows = db.execute(query).fetchall()
    print("%d rows: %s" % (len(rows), query.strip().splitlines()[0]))
    bad |= not rows
for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
    columns = [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)]
    line = re.search(r"^\| `%s` \|.*$" % table, text, re.M)
    missing = [c for c in columns if line is None or "`%s`" % c not in line.group(0)]
    if missing:
        print("table %s: the document does not say what %s is" % (table, ", ".join(missing)))
        bad = 1
sys.exit(bad)
