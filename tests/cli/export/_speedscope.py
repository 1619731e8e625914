"""Opens a profile in speedscope, in a browser: _speedscope.py PACKAGE FILE [FOLDER FOR TEMPORARY FILES]

Prints JSON: the tables of the page (the menu of profiles, if there are several; last the one of functions: total, self, symbol) and its text.
"""
import base64
import html.parser
import json
import os
import subprocess
import sys

package, path, folder = sys.argv[1:4]
script = os.path.join(folder, "profile.js")
with open(script, "w") as out:
    data = base64.b64encode(open(path, "rb").read()).decode()
    out.write("speedscope.loadFileFromBase64(%s, %s)\n" % (json.dumps(os.path.basename(path)), json.dumps(data)))
page = "file://%s/dist/release/index.html#localProfilePath=%s&view=sandwich" % (os.path.abspath(package), script)
dom = subprocess.run(
    ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--virtual-time-budget=20000",
     "--window-size=1400,2000", "--user-data-dir=" + os.path.join(folder, "browser"), "--dump-dom", page],
    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=True).stdout.decode()


class Rows(html.parser.HTMLParser):
    """Cells of tables by rows; all text besides."""

    def __init__(self):
        super().__init__()
        self.tables, self.text, self.skip, self.cell = [], [], 0, False

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag == "td":
            self.tables[-1][-1].append("")
            self.cell = True
        elif tag in ("script", "style"):
            self.skip += 1

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.skip -= 1
        elif tag == "td":
            self.cell = False

    def handle_data(self, data):
        if self.skip:
            return
        self.text.append(data.strip())
        if self.cell:
            self.tables[-1][-1][-1] += data


parser = Rows()
parser.feed(dom)
json.dump({"tables": [[r for r in t if r] for t in parser.tables], "text": [t for t in parser.text if t]}, sys.stdout)
