"""Look at the page of every shipped policy, and at a change and a simulation, in a real Chromium, in both languages.

`python -m tests.pages`; ends with 1 when something is wrong with any of them. The suite looks at six of these pages.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from policy.authoring.page import page_of
from tests.conftest import CHROMIUM_FLAGS
from tests.pages.in_browser import wrong_with
from tests.pages.written import LANGUAGES, POLICY, written


def main() -> int:
    """Print what is wrong, page by page."""
    path = os.environ.get("MAKEWHOLE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = dict(written(Path(folder)))
        for file in sorted(POLICY.parent.rglob("*.yaml")):
            for language in LANGUAGES:
                name = f"{file.relative_to(POLICY.parent).with_suffix('')}.{language}"
                pages[name] = Path(folder) / f"{name.replace('/', '-')}.html"
                page = page_of(file.read_text(encoding="utf-8"), file.name, language=language)
                pages[name].write_text(page, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        for name, page_file in pages.items():
            for each in wrong_with(browser, page_file.as_uri()):
                wrong += 1
                print(f"{name}: {each}")
        browser.close()
    print(f"{len(pages)} pages, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
