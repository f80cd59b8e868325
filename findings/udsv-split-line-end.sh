#!/usr/bin/env bash
# udsv, fed in chunks as its README shows, puts a line feed in front of ids now and then.
#
# Run: udsv 0.7.3 and csv-parse 7.0.3 on Node.js, a catalogue of CRLF rows that end in a quoted cell, read by
# fs.createReadStream in its own chunks of 64 KiB.
# One would expect the rows that udsv gives for the same text in one piece: its README, "Incremental/Streaming",
# says that sequential chunks of any source can be passed, and csv-parse gives them from the same stream.
# What happens: where a chunk ends between the CR and the LF behind a closing quote, the LF becomes the first character
# of the next row's first cell. Rows that end unquoted are right. No error; the count of rows is right.
# Who meets it: whoever streams a large CRLF catalogue: of rows of 100 bytes one chunk in a hundred, of ids that nothing
# finds again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund udsv@0.7.3 csv-parse@7.0.3
cat > look.mjs <<'JS'
import assert from "node:assert";
import fs from "node:fs";
import { parse } from "csv-parse";
import { inferSchema, initParser } from "udsv";

// Rows of 101 bytes: 65,536 and 101 have no common factor, so chunk ends go through all places of a row.
const row = (n, last) => `k${String(n).padStart(7, "0")},${"x".repeat(86)},${last}\r\n`;
const stream = async (path, see) => {
  for await (const chunk of fs.createReadStream(path, "utf8")) see(chunk);
};

async function differing(name, last) {
  let text = "id,text,last\r\n";
  for (let n = 0; n < 140_000; n++) text += row(n, last);
  fs.writeFileSync(name, text);

  const whole = initParser(inferSchema(text)).stringArrs(text);
  let parser = null;
  await stream(name, (chunk) => {
    parser ??= initParser(inferSchema(chunk));
    parser.chunk(chunk, parser.stringArrs);
  });
  const chunked = parser.end();
  const peer = [];
  for await (const record of fs.createReadStream(name).pipe(parse({ from: 2 }))) peer.push(record);

  assert.deepStrictEqual(peer, whole, "csv-parse's stream is the same as udsv on the whole text");
  assert.strictEqual(chunked.length, whole.length);
  const ids = [];
  whole.forEach((cells, at) => {
    if (JSON.stringify(cells) === JSON.stringify(chunked[at])) return;
    ids.push(chunked[at][0]);
    assert.strictEqual(chunked[at][0], "\n" + cells[0]);
    assert.deepStrictEqual(chunked[at].slice(1), cells.slice(1));
  });
  console.log(`${name}: ${ids.length} of ${whole.length} rows differ`, ids.slice(0, 2));
  return ids.length;
}

const quoted = await differing("quoted.csv", '"z"');
const plain = await differing("plain.csv", "zzz");
assert.ok(quoted > 0, "udsv is right at every chunk end");
assert.strictEqual(plain, 0);
console.log("as found: a LF in front of the first cell, where a chunk ends between CR and LF behind a quote");
JS
node look.mjs
