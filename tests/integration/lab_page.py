"""JupyterLab in a browser, by what its user does: verbs that wait for what they do."""

import re

from playwright.sync_api import Locator, Page, expect

from ..conftest import ROOT

PICTURES = ROOT / "build/screenshots"
LIMIT_MS = 120_000  # what has not appeared by then never will
RUN = re.compile(r"^\[\d+\]:$")  # the prompt of a cell that has run

# Counts in the page, as a picture of a notebook is far too large to bring here.
_PIXELS_OF_COLOUR = """
(image, wanted) => {
  const {naturalWidth: width, naturalHeight: height} = image;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, width, height).data;
  let found = 0;
  for (let i = 0; i < bytes.length; i += 4)
    found += wanted.every((value, channel) => bytes[i + channel] === value);
  return found;
}
"""

# The lowest contrast of a text with what is behind it, by WCAG 2's formula.
_CONTRAST = """
(root) => {
  const over = (colour, ground) => {
    const [r, g, b, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b].map((value, i) => alpha * value + (1 - alpha) * ground[i]);
  };
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const colour = getComputedStyle(element).backgroundColor;
    return over(colour, ground(element.parentElement));
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) =>
      value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (element) => {
    const behind = ground(element);
    const text = luminance(over(getComputedStyle(element).color, behind)) + 0.05;
    const other = luminance(behind) + 0.05;
    return Math.max(text, other) / Math.min(text, other);
  };
  const texts = [...root.querySelectorAll("h4, th, td, li, code")];
  return Math.min(...texts.filter((one) => one.innerText.trim()).map(contrast));
}
"""


class LabPage:
    """A window of JupyterLab that shows the launcher."""

    def __init__(self, page: Page, port: int):
        self.page = page
        self.server = f"http://127.0.0.1:{port}"
        page.set_default_timeout(LIMIT_MS)
        expect.set_options(timeout=LIMIT_MS)
        page.goto(f"{self.server}/lab?reset&token=test")
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(page.locator(".jp-Launcher-body")).to_be_visible()

    def tile(self, kernel: str, category: str = "Notebook") -> Locator:
        """Find a kernel's tile in the launcher."""
        tiles = self.page.locator(f".jp-LauncherCard[data-category='{category}']")
        return tiles.and_(self.page.get_by_title(kernel, exact=True))

    def files(self) -> Locator:
        """Find the names that the file browser shows."""
        return self.page.locator(".jp-DirListing-itemText")

    def open_folder(self, name: str) -> None:
        """Open a folder in the file browser."""
        self.files().get_by_text(name, exact=True).dblclick()

    def new_notebook(self, kernel: str) -> "NotebookPage":
        """Click on a kernel's tile; the kernel runs."""
        self.tile(kernel).click()
        return NotebookPage(self.page, kernel)

    def command(self, label: str) -> None:
        """Run a command of the palette."""
        self.page.keyboard.press("Control+Shift+C")
        palette = self.page.locator(".lm-CommandPalette:visible")
        palette.locator("input").fill(label)
        labels = palette.locator(".lm-CommandPalette-itemLabel")
        labels.get_by_text(label, exact=True).click()

    def variables(self) -> Locator:
        """Open the variable inspector; give the names in it."""
        self.command("Open Variable Inspector")
        return self.page.locator(".jp-VarInspector-varName")

    def picture(self, name: str) -> None:
        """Keep a picture of the window."""
        file = re.sub(r"\W+", "_", name).strip("_")
        self.page.screenshot(path=PICTURES / f"{file}.png")

    def close(self) -> None:
        """Close the window, and shut down its kernels."""
        asked = {"headers": {"Authorization": "token test"}}
        sessions = f"{self.server}/api/sessions"
        for session in self.page.request.get(sessions, **asked).json():
            self.page.request.delete(f"{sessions}/{session['id']}", **asked)
        self.page.close()


class NotebookPage:
    """The notebook in front. A cell is the locator of a code cell."""

    def __init__(self, page: Page, kernel: str):
        self.page = page
        self.kernel = kernel
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.cells = self.panel.locator(".jp-CodeCell")
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait for the kernel: a cell that is run before it is there gets lost."""
        status = self.page.locator("#jp-main-statusbar")
        expect(status).to_contain_text(f"{self.kernel} | Idle")

    def type(self, code: str) -> Locator:
        """Write into the last cell, which is empty."""
        cell = self.cells.nth(self.cells.count() - 1)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(code)
        return cell

    def start(self, code: str) -> Locator:
        """Run code in the last cell, without waiting for its end."""
        count = self.cells.count()
        cell = self.type(code)
        self.page.keyboard.press("Shift+Enter")
        expect(self.cells).to_have_count(count + 1)
        return cell

    def run(self, code: str) -> Locator:
        """Run code in the last cell, until its end."""
        cell = self.start(code)
        expect(self.prompt(cell)).to_have_text(RUN)
        return cell

    def press(self, command: str) -> None:
        """Press the button of the toolbar that stands for a command of Lab."""
        self.panel.locator(f"[data-command='notebook:{command}']").click()

    def restart_and_run_all(self) -> None:
        """Press the button, and confirm; does not wait."""
        self.press("restart-run-all")
        self.page.locator(".jp-Dialog").locator(".jp-mod-accept").click()

    def prompt(self, cell: Locator) -> Locator:
        return cell.locator(".jp-InputArea-prompt")

    def output(self, cell: Locator) -> Locator:
        return cell.locator(".jp-OutputArea-output")

    def contrast(self, report: Locator) -> float:
        """Give the lowest contrast of its texts: 1 is invisible, 21 black on white."""
        return report.evaluate(_CONTRAST)

    def pixels(self, cell: Locator, colour: str) -> int:
        """Count the pixels of a colour (``#rrggbb``) in the picture a cell shows."""
        image = self.output(cell).locator("img")
        expect(image).to_be_visible()
        image.evaluate("image => image.decode()")
        return image.evaluate(_PIXELS_OF_COLOUR, list(bytes.fromhex(colour[1:])))

    def stop_at(self, line: int) -> None:
        """Switch the debugger on, and set a breakpoint in the last cell."""
        button = self.panel.locator(".jp-DebuggerBugButton")
        expect(button).to_be_enabled()
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        gutter = self.cells.last.locator(".cm-gutter.cm-breakpoint-gutter")
        gutter.locator(".cm-gutterElement:visible").nth(line - 1).click()
        listed = self.page.locator(".jp-DebuggerBreakpoint")
        expect(listed).to_contain_text(str(line))
