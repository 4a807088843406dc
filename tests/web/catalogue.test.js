import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOf, filled, ListError, rowsOf, unknownColumns } from "../../web/catalogue/list.js";
import { crc32, zipped } from "../../web/catalogue/zip.js";

test("a list's cells may hold what separates them, quotes and line breaks", () => {
  assert.deepEqual(cellsOf('\ufeffphoto,words\r\na.png,"a red, ""short"" skirt"\r\n"b\n.png",\r\n\r\n'), [
    ["photo", "words"], ["a.png", 'a red, "short" skirt'], ["b\n.png", ""],
  ]);
});

test("lists of other offices are separated by semicolons or tabs", () => {
  assert.deepEqual(cellsOf("photo;words\na.png;red, blue"), [["photo", "words"], ["a.png", "red, blue"]]);
  assert.deepEqual(cellsOf("photo\twords\na.png\tred"), [["photo", "words"], ["a.png", "red"]]);
});

test("columns mean what they are called, in either language, and the others can be named in the words", () => {
  const [row] = rowsOf("사진,옷,설명,colour\n가.png,치마,a {colour} skirt,red");
  assert.deepEqual([row?.photo, row?.garment, row?.style], ["가.png", "치마", ""]);
  assert.equal(filled(row?.words ?? "", row?.columns ?? {}), "a red skirt");
  assert.deepEqual(unknownColumns("a {colour} {cut} skirt", row?.columns ?? {}), ["cut"]);
});

test("a list that names no photos says what it has, and what would do", () => {
  assert.throws(() => rowsOf("sku,price\n1,2"), (error) => error instanceof ListError && error.got === "sku, price" && error.allowed.includes("photo"));
});

test("an archive has the checksum, the size and the place of each file", async () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  const archive = await zipped([{ name: "a.png", body: new Blob(["one"]) }, { name: "치마.png", body: new Blob(["two!"]) }]);
  const view = new DataView(await archive.arrayBuffer());
  const end = view.byteLength - 22;
  assert.equal(view.getUint32(end, true), 0x06054b50);
  assert.equal(view.getUint16(end + 10, true), 2);
  const second = view.getUint32(end + 16, true) + 46 + "a.png".length;
  assert.equal(view.getUint32(second, true), 0x02014b50);
  assert.equal(view.getUint32(second + 24, true), 4);
  const place = view.getUint32(second + 42, true);
  assert.equal(view.getUint32(place, true), 0x04034b50);
  const name = new TextEncoder().encode("치마.png").length;
  assert.equal(new TextDecoder().decode(new Uint8Array(view.buffer, place + 30 + name, 4)), "two!");
});
