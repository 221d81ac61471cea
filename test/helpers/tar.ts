/** A tar archive of one file: its header as POSIX has it, or with another `magic`, as it was before. */
export function tarOf(name: string, text: string, magic = "ustar\x0000"): Buffer {
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(text.length, 12) + octal(0, 12), 100);
  header.write("        0", 148);
  header.write(magic, 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)} `, 148);
  return Buffer.concat([header, Buffer.from(text), Buffer.alloc(512 - (text.length % 512) + 1024)]);
}
