// A zip archive of files as they are, without compression (PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).

const VERSION = 20, UTF8 = 0x0800, FIRST_DAY = 0x21; // 2.0; names are UTF-8; 1980-01-01, so that equal files give equal bytes
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let k = 0; k < 8; k++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** The check sum of bytes that zip uses (CRC-32). */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * An archive.
 * @param {{name: string, bytes: Uint8Array}[]} files - names with / between folders
 * @returns {Blob}
 */
export function zip(files) {
  const parts = [], index = [];
  let place = 0;
  for (const { name, bytes } of files) {
    const written = new TextEncoder().encode(name), crc = crc32(bytes);
    const shared = [VERSION, UTF8, 0, 0, FIRST_DAY].map(two).concat([crc, bytes.length, bytes.length].map(four), two(written.length), two(0));
    const head = [four(0x04034b50), ...shared, [...written]].flat();
    index.push(four(0x02014b50), two(VERSION), ...shared, two(0), two(0), two(0), four(0), four(place), [...written]);
    parts.push(Uint8Array.from(head), bytes);
    place += head.length + bytes.length;
  }
  const directory = Uint8Array.from(index.flat()), count = files.length;
  const end = [four(0x06054b50), two(0), two(0), two(count), two(count), four(directory.length), four(place), two(0)].flat();
  return new Blob([...parts, directory, Uint8Array.from(end)], { type: "application/zip" });
}

const two = (value) => [value & 255, (value >>> 8) & 255];
const four = (value) => [...two(value), ...two(value >>> 16)];
