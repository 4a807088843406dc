#!/bin/sh
# Fetch what tests/browser drives, where it is missing and this machine lets us: Chromium, and a font that has Korean letters.
# Never fails: where there is no browser, those tests are skipped and say why.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium: the tests in tests/browser are skipped. It is Debian's package chromium, or Google Chrome." >&2
    exit 0
fi
echo "Installing Chromium for tests/browser (about 120 MB)"
export DEBIAN_FRONTEND=noninteractive
{ apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-nanum; } >/dev/null 2>&1 ||
    echo "Chromium could not be installed: the tests in tests/browser are skipped." >&2
exit 0
