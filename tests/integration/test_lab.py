"""The kernels in JupyterLab, in a real browser.

Each test leaves a picture of its end in build/screenshots.
"""

import json
import re
import shutil
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect, sync_playwright

from hexa_kernels.local import demo
from hexa_kernels.local import lab as module

from ..conftest import Lab, clean, made_workspace, require
from .lab_page import LabPage

RED = "#c4483c"
CHROMIUM = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
# Lab asks about its news, and gives up on a completion after a second.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false"},
    "completer-extension/manager": {"providerTimeout": 60_000},
}


@dataclass
class Language:
    """What a user of one kernel types."""

    kernel: str
    logo: str
    slug: str
    plot: str
    incomplete: str
    completed: str
    documented: str
    documentation: str
    busy: str
    process: str
    told: str
    variable: str
    uses: str
    status: str


LANGUAGES = [
    Language(
        kernel="OpenHEXA Python",
        logo="/kernelspecs/openhexa-python/logo-svg.svg",
        slug="workspace.slug",
        plot=f"from matplotlib import pyplot as p\n_ = p.bar([1], [2], color='{RED}')",
        incomplete="workspace.d",
        completed="workspace.dhis2_connection",
        documented="workspace",
        documentation="CurrentWorkspace",
        busy="print('started')\nwhile True: pass",
        process="import os\nprocess = os.getpid()",
        told="print(workspace.slug, process)",
        variable="cases = 42",
        uses="engine, current_run, workspace.slug",
        status="%hexa",
    ),
    Language(
        kernel="OpenHEXA R",
        logo="/kernelspecs/openhexa-r/logo-svg.svg",
        slug="workspace$slug",
        plot=f"barplot(1:2, col = '{RED}')",
        incomplete="workspace$d",
        completed="workspace$dhis2_connection",
        documented="workspace_path",
        documentation="Paths in the workspace",
        busy="cat('started\\n')\nrepeat {}",
        process="process <- Sys.getpid()",
        told="cat(workspace$slug, process)",
        variable="cases <- 42",
        uses="class(con); current_run; workspace$slug",
        status="hexa_status()",
    ),
]


@pytest.fixture(params=LANGUAGES, ids=["python", "r"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def server(server_folder, tmp_path_factory):
    """JupyterLab on a workspace with the table of the demonstration."""
    require("rscript", shutil.which("R") is not None)
    with pytest.MonkeyPatch.context() as monkeypatch:
        clean(monkeypatch)
        folder = tmp_path_factory.mktemp("lab") / "demo"
        with made_workspace(folder):
            with module.running(folder):
                demo.load_data(folder / "workspace")
            settings = folder / ".hexa/config/lab/user-settings/@jupyterlab"
            for name, values in SETTINGS.items():
                path = settings / f"{name}.jupyterlab-settings"
                path.parent.mkdir(parents=True)
                path.write_text(json.dumps(values))
            lab = Lab(folder)
            yield lab
            lab.stop()


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium") or shutil.which("google-chrome")
    require("chromium", program is not None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield browser.new_context(viewport={"width": 1200, "height": 860})
        browser.close()


@pytest.fixture
def window(server, browser, request):
    """A window of its own for each test."""
    window = LabPage(browser.new_page(), server.port)
    yield window
    window.picture(request.node.name.removeprefix("test_"))
    window.close()
    for path in server.folder.glob("Untitled*.ipynb"):
        path.unlink()


@pytest.fixture
def notebook(window, language):
    return window.new_notebook(language.kernel)


def test_the_launcher_offers_both_kernels(window):
    for language in LANGUAGES:
        for category in ("Notebook", "Console"):
            tile = window.tile(language.kernel, category)
            expect(tile).to_have_text(language.kernel)
            logo = tile.locator("img")
            expect(logo).to_have_attribute("src", language.logo)
            logo.evaluate("image => image.decode()")  # fails on a broken picture


def test_the_file_browser_shows_files_and_scratch(window):
    expect(window.files()).to_have_text(["tmp", "workspace", "workspace.yaml"])
    window.open_folder("workspace")
    expect(window.files()).to_have_text(["crimea.csv"])


def test_a_cell_runs_and_draws(notebook, language):
    result = notebook.run(language.slug)
    expect(notebook.output(result)).to_have_text("'demo'")
    assert notebook.pixels(notebook.run(language.plot), RED) > 1000


def test_completion_pops_up(window, notebook, language):
    cell = notebook.type(language.incomplete)
    window.page.keyboard.press("Tab")
    items = window.page.locator(".jp-Completer-item")
    expect(items.first).to_be_visible()
    found = items.filter(has_text="dhis2_connection")
    expect(found).to_be_visible()
    window.picture(f"completion in {language.kernel}")
    found.click()
    expect(cell.locator(".cm-content")).to_have_text(language.completed)


def test_inspection_shows_the_documentation(window, notebook, language):
    notebook.type(language.documented)
    window.page.keyboard.press("Shift+Tab")
    tooltip = window.page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text(language.documentation)


def test_an_interrupt_stops_a_cell_and_nothing_else(notebook, language):
    notebook.run(language.variable)
    cell = notebook.start(language.busy)
    expect(notebook.output(cell)).to_have_text(re.compile("started"))
    notebook.press("interrupt-kernel")
    expect(notebook.prompt(cell)).not_to_have_text("[*]:")
    expect(notebook.output(notebook.run("cases"))).to_have_text("42")


def test_restart_and_run_all_begins_anew(notebook, language):
    notebook.run(language.process)
    told = notebook.run(language.told)
    slug, before = notebook.output(told).inner_text().split()
    notebook.restart_and_run_all()
    another = re.compile(rf"^{slug} (?!{before}\b)\d+\s*$")
    expect(notebook.output(told)).to_have_text(another)


def test_the_variable_inspector_lists_the_user_s_names_only(window, notebook, language):
    notebook.run(language.uses)
    notebook.run(language.variable)
    expect(window.variables()).to_have_text(["cases"])


def test_an_r_cell_draws_in_a_python_notebook(window):
    notebook = window.new_notebook("OpenHEXA Python")
    notebook.run(
        "from hexa_kernels import db_read\n\n"
        'deaths = db_read("SELECT * FROM crimea ORDER BY date")\n'
        "deaths.tail(3)"
    )
    cell = notebook.run(
        "%%R -i deaths --width 12 --height 6\n"
        "causes <- t(as.matrix(deaths[c('disease', 'other', 'wounds')]))\n"
        f"colours <- c('#3b7ea1', '#b5b5b5', '{RED}')\n"
        "barplot(causes, names.arg = format(deaths$date, '%Y-%m'), col = colours,\n"
        "  border = NA, las = 1, legend.text = TRUE, main = 'Deaths by cause')"
    )
    assert notebook.pixels(cell, RED) > 1000


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_status_is_legible_in_both_themes(window, notebook, language, theme):
    window.command(f"Use Theme: JupyterLab {theme}")
    body = window.page.locator("body")
    expect(body).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")
    cell = notebook.run(language.status)
    report = notebook.output(cell).locator(".hexa-report")
    expect(report).to_be_visible()
    report.scroll_into_view_if_needed()
    assert notebook.contrast(report) >= 4.5


def test_the_debugger_stops_at_a_breakpoint(window):
    notebook = window.new_notebook("OpenHEXA Python")
    cell = notebook.type("total = 1\ntotal = total + 41\nprint(total)")
    notebook.stop_at(line=2)
    cell.locator(".cm-content").click()
    window.page.keyboard.press("Shift+Enter")
    stopped = window.page.locator(".jp-DebuggerCallstackFrame")
    expect(stopped).to_contain_text("<module>")
    expect(stopped).to_contain_text(":2")
    expect(notebook.prompt(cell)).to_have_text("[*]:")
    expect(notebook.output(cell)).to_have_count(0)
    window.picture("debugger that has stopped")
    window.command("Continue")
    expect(notebook.output(cell)).to_have_text("42")
