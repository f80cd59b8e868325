"""A plugin of pytest: tells what was skipped for want of a tool, and fails for it with `--need-tools`."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.tools import told, wanting


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--need-tools", action="store_true", help="fail where a test is skipped for want of a tool")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if wanted := _wanting_tools(terminalreporter):
        terminalreporter.write_line(told(wanted), red=bool(config.getoption("--need-tools")), yellow=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.config.getoption("--need-tools") and _wanting_tools(reporter):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def _wanting_tools(reporter: pytest.TerminalReporter) -> Counter[str]:
    skipped = reporter.stats.get("skipped", [])
    return wanting(str(report.longrepr) for report in skipped if isinstance(report, pytest.TestReport))
