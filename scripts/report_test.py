"""Opens report.html files in a headless Chromium, as a person would: no error in the console, sorting and filtering change
what is shown, hovering tells the value that the CSV files have, print shows all figures. Screenshots in three widths, light and dark.

Usage: report_test.py SCREENSHOTS FOLDER...      (results folders; scripts/report_test.sh prepares everything)
"""

import base64
import csv
import math
import pathlib
import sys

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select


def browser():
    options = webdriver.ChromeOptions()
    for flag in ["--headless=new", "--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def visible(section):
    return [row for row in section.find_elements(By.CSS_SELECTOR, "tbody tr") if row.is_displayed()]


def number(text):
    return float(text) if text not in ("", "NaN") else math.nan


def check_sorting(driver, section):
    """Every heading sorts its column up, then down, and loses no row."""
    headings = section.find_elements(By.CSS_SELECTOR, "th")
    count = len(section.find_elements(By.CSS_SELECTOR, "tbody tr"))
    for column, heading in enumerate(headings):
        keys = []
        for direction in ("ascending", "descending"):
            heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
            assert heading.get_attribute("aria-sort") == direction, heading.text
            keys.append(driver.execute_script(
                "return [...arguments[0].querySelectorAll('tbody tr')].map(r => r.cells[arguments[1]].dataset.key)", section, column))
            assert len(keys[-1]) == count
        try:
            up, down = ([number(k) for k in side if k not in ("", "NaN")] for side in keys)
        except ValueError:
            continue
        assert up == sorted(up), f"{heading.text} does not go up: {up[:8]}"
        assert down == sorted(down, reverse=True), f"{heading.text} does not go down: {down[:8]}"
    return len(headings)


def check_filters(section, name):
    """Each choice of each filter leaves the rows that have it, and says how many."""
    tried = 0
    for element in section.find_elements(By.CSS_SELECTOR, ".filters select"):
        select = Select(element)
        all_rows = len(visible(section))
        left = 0
        for option in [o.text for o in select.options][1:]:
            select.select_by_visible_text(option)
            shown = visible(section)
            assert all(option in row.text for row in shown), f"{name}: {option} leaves other rows"
            said = section.find_element(By.CSS_SELECTOR, "output").text
            assert said.startswith(f"{len(shown)} of"), f"{name}: {len(shown)} rows, but it says {said}"
            left += len(shown)
            tried += 1
        assert left == all_rows, f"{name}: the choices leave {left} of {all_rows} rows"
        select.select_by_index(0)
    return tried


def check_cells(driver, folder):
    """The table of cells has the numbers of summary.csv."""
    section = driver.find_element(By.ID, "cells")
    names = [th.get_attribute("data-name") for th in section.find_elements(By.CSS_SELECTOR, "th")]
    shown = driver.execute_script(
        "return [...arguments[0].querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.dataset.key))", section)
    summary = rows(folder / "summary.csv")
    wanted = sorted(r["test_accuracy_median"] if "test_accuracy" in names else r["n"] for r in summary)
    column = names.index("test_accuracy" if "test_accuracy" in names else "n")
    assert sorted(r[column] for r in shown) == wanted, "the table has other numbers than summary.csv"


def told_values(driver, folder):
    """Hovers over every place of the figure of final losses, or of paths, and finds each seed's value in runs.csv."""
    figures = driver.find_elements(By.CSS_SELECTOR, "#figure-loss_by_depth, #figure-trajectories")
    wanted = [number(r["train_loss"]) for r in rows(folder / "runs.csv") if r["train_loss"]]
    svg = figures[0].find_element(By.TAG_NAME, "svg")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", svg)
    places = driver.execute_script(
        "return [...arguments[0].querySelectorAll('rect.tip')].map(r => { const b = r.getBoundingClientRect();"
        " return [b.x + b.width / 2, b.y + b.height / 2] })", svg)
    told = []
    for x, y in places[:: max(1, len(places) // 60)]:
        text = driver.execute_script(
            "arguments[0].dispatchEvent(new PointerEvent('pointermove', {clientX: arguments[1], clientY: arguments[2], bubbles: true}));"
            "const tip = document.getElementById('tip'); return tip.hidden ? '' : tip.textContent", svg, x, y)
        assert text, f"no tip at {x}, {y}"
        told.append(text)
    # Six digits of a loss, four where a path ends.
    of_seeds = [(number(t.split(": ")[1]), 1e-5) for t in told if t.startswith("seed ")]
    of_seeds += [(number(t.rsplit(", ", 1)[1]), 5e-4) for t in told if "ends at (" in t]
    assert of_seeds, "no tip tells a seed's value"
    for value, tolerance in of_seeds:
        assert any(math.isclose(value, w, rel_tol=tolerance) for w in wanted), f"{value} is in no row of runs.csv"
    svg.send_keys(Keys.ARROW_RIGHT)
    assert driver.find_element(By.ID, "tip").is_displayed(), "the arrow keys show no tip"
    svg.send_keys(Keys.ESCAPE)
    assert not driver.find_element(By.ID, "tip").is_displayed(), "Escape leaves the tip"
    return len(of_seeds)


def check_print(driver, folder, shots):
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    (shots / f"{folder.name}.pdf").write_bytes(pdf)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    figures = driver.find_elements(By.CSS_SELECTOR, "figure svg")
    assert all(f.is_displayed() and f.size["height"] > 20 for f in figures), "print hides a figure"
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    return len(figures)


def screenshots(driver, folder, shots):
    for scheme in ("light", "dark"):
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        for width in (390, 768, 1280):
            size = {"width": width, "height": 1500, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            driver.execute_script("window.scrollTo(0, 0)")
            wide = driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, f"at {width} pixels the page is {wide} wide"
            driver.save_screenshot(str(shots / f"{folder.name}-{scheme}-{width}.png"))
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def check_names(driver):
    """What a screen reader gets: a name and a description of each figure, headings of tables, a language."""
    for svg in driver.find_elements(By.CSS_SELECTOR, "figure svg"):
        assert svg.get_attribute("role") == "img" and len(svg.get_attribute("aria-label")) > 10
        assert len(svg.find_element(By.TAG_NAME, "desc").get_attribute("textContent")) > 20
    assert driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    for th in driver.find_elements(By.CSS_SELECTOR, "th"):
        assert th.get_attribute("scope") == "col"


def main():
    shots = pathlib.Path(sys.argv[1]).resolve()
    shots.mkdir(parents=True, exist_ok=True)
    driver = browser()
    driver.set_window_size(1280, 1000)
    for folder in map(lambda f: pathlib.Path(f).resolve(), sys.argv[2:]):
        driver.get((folder / "report.html").as_uri())
        sections = driver.find_elements(By.CSS_SELECTOR, "section:has(table)")
        check_cells(driver, folder)
        filters = sum(check_filters(s, s.get_attribute("id")) for s in sections)
        columns = sum(check_sorting(driver, s) for s in sections)
        told = told_values(driver, folder)
        check_names(driver)
        figures = check_print(driver, folder, shots)
        screenshots(driver, folder, shots)
        errors = [entry for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        assert not errors, errors
        print(f"{folder.name}: {columns} columns sort, {filters} choices filter, {told} values told, {figures} figures printed")
    driver.quit()


if __name__ == "__main__":
    main()
