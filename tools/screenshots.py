"""Pictures of the built book, to be looked at: pages x modes x widths into _build/screenshots.

    python tools/screenshots.py [PAGE ...] [--full]
    python tools/screenshots.py --readme

PAGE is a page without ".html", for instance book/index (the default: first page and model chapter). --readme writes
book/_static/screenshot.png, the picture in README.md.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
PAGES = ("book/index", "notebooks/foundations/cross_correlation")
README = (PAGES[1], "light", 1280)


def launch(playwright):
    """Start Debian's chromium."""
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)


def shoot(browser, page, theme, width, target, *, full=False, scroll=None):
    """Save a picture of one page.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    page : str
        Page without ".html".
    theme : {"light", "dark"}
    width : int
        Of the window, in pixels.
    target : pathlib.Path
        PNG to write.
    full : bool
        The whole page, not only the window.
    scroll : str, optional
        CSS selector of what to bring to the top.
    """
    context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=theme, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto((HTML / f"{page}.html").as_uri())
    tab.evaluate("() => window.MathJax?.startup?.promise")
    if scroll:
        tab.locator(scroll).first.evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 70)")
    tab.wait_for_timeout(300)
    target.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=str(target), full_page=full)
    context.close()


def main(argv=None):
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", default=PAGES)
    parser.add_argument("--full", action="store_true", help="whole pages, not only what a window shows")
    parser.add_argument("--readme", action="store_true", help="only the picture of README.md")
    args = parser.parse_args(argv)
    missing = [page for page in args.pages if not (HTML / f"{page}.html").is_file()]
    if missing:
        parser.error(f"not in {HTML.relative_to(ROOT)}: {', '.join(missing)} (first: make pages)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        if args.readme:
            page, theme, width = README
            target = ROOT / "book" / "_static" / "screenshot.png"
            shoot(browser, page, theme, width, target, scroll=".cell_output img")
            print(target.relative_to(ROOT))
        else:
            for page in args.pages:
                for theme in ("light", "dark"):
                    for width in (1280, 390):
                        target = ROOT / "_build" / "screenshots" / f"{page.replace('/', '_')}_{theme}_{width}.png"
                        shoot(browser, page, theme, width, target, full=args.full)
                        print(target.relative_to(ROOT))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
