"""What a real browser finds wrong with one of our pages: width, contrast, headings, tables, links, what it loads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Widths a page must fit: a small phone, and a desk.
NARROW, WIDE = 320, 1280
LEAST_CONTRAST = 4.5

#: Everything that is wrong with the page, in words. Contrast is that of text with what lies behind it.
WRONG = """() => {
  const found = [];
  const root = document.documentElement;
  if (!root.lang) found.push('no language');
  if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
  if (document.querySelectorAll('main').length !== 1) found.push('not one main');
  let level = 0;
  for (const each of document.querySelectorAll('h1, h2, h3, h4')) {
    const own = Number(each.tagName[1]);
    if (own > level + 1) found.push(`${each.tagName} after H${level}: ${each.textContent}`);
    if (!each.textContent.trim()) found.push(`an empty ${each.tagName}`);
    level = own;
  }
  for (const each of document.querySelectorAll('th')) {
    if (!each.scope) found.push(`a heading without scope: ${each.textContent}`);
    if (!each.textContent.trim()) found.push('an empty heading of a table');
  }
  for (const each of document.querySelectorAll('table'))
    if (!each.querySelector('th')) found.push('a table without headings');
  for (const each of document.querySelectorAll('[role=region], nav, svg[role=img]'))
    if (!each.ariaLabel) found.push(`${each.tagName} without a name`);
  const names = [...document.querySelectorAll('[role=region], nav')].map((each) => each.ariaLabel);
  for (const name of new Set(names)) if (names.filter((each) => each === name).length > 1) found.push(`twice: ${name}`);
  for (const each of document.querySelectorAll('.wide'))
    if (each.scrollWidth > each.clientWidth && each.tabIndex !== 0) found.push('keys cannot scroll a table');
  const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
  for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) found.push(`twice: #${id}`);
  for (const each of document.querySelectorAll('a[href^="#"]'))
    if (!ids.includes(each.hash.slice(1))) found.push(`leads nowhere: ${each.hash}`);
  if (document.querySelector('script, iframe, object, form, img, link[rel=stylesheet]')) found.push('more than a text');
  if (root.scrollWidth > root.clientWidth) found.push(`${root.scrollWidth} wide`);
  const parts = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e);
    const ink = e.ownerSVGElement ? style.fill : style.color;
    const [a, b] = [light(parts(ink)), light(behind(e.ownerSVGElement ? e.ownerSVGElement : e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < LEAST) found.push(`contrast ${contrast.toFixed(1)}: ${e.textContent.slice(0, 40)}`);
  }
  return [...new Set(found)];
}""".replace("LEAST", str(LEAST_CONTRAST))


@contextmanager
def opened(chromium: Any, address: str, *, width: int = WIDE, dark: bool = False) -> Iterator[Any]:
    """Open a page and close it; what it asks for is remembered."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page.asked_for = []
    page.on("request", lambda request: page.asked_for.append(request.url))
    page.goto(address)
    yield page
    page.close()


def wrong_with(chromium: Any, address: str) -> list[str]:
    """Return what is wrong with a page on a phone in the dark, at a desk by day, or on paper; empty when nothing is."""
    found: list[str] = []
    for width, dark, where in ((NARROW, True, "phone"), (WIDE, False, "desk")):
        with opened(chromium, address, width=width, dark=dark) as page:
            seen = [f"{where}: {each}" for each in page.evaluate(WRONG)]
            if not dark:
                page.emulate_media(media="print")
                seen += [f"paper: {each}" for each in page.evaluate(WRONG)]
            found += [*seen, *(f"{where}: asks for {each}" for each in page.asked_for if each != address)]
    return found
