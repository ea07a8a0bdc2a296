const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digits = new Map(alphabet.split("").map((digit, value) => [digit, value]));
digits.set("-", 62).set("_", 63);

/** The UTF-8 text in base64 (RFC 4648, either alphabet; other characters are skipped). This folder has neither Buffer nor atob. Throws on broken UTF-8. */
export function decodeBase64Text(base64: string): string {
  let escaped = "";
  let bits = 0;
  let count = 0;
  for (const digit of base64) {
    const value = digits.get(digit);
    if (value === undefined) {
      continue;
    }
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      const byte = (bits >> count) & 0xff;
      // Only what decodeURIComponent must put together again is escaped.
      escaped += byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`;
    }
  }
  return decodeURIComponent(escaped);
}
