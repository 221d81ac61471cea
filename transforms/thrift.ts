const [TRUE, I32, I64, BINARY, LIST, STRUCT] = [1, 5, 6, 8, 9, 12];

/** A struct in Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), field after field. */
export class Thrift {
  readonly #bytes: number[] = [];
  #field = 0;

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** A field that is true. */
  flag(field: number): this {
    return this.#begin(field, TRUE);
  }

  int(field: number, value: number): this {
    return this.#begin(field, I32).varint(value * 2);
  }

  long(field: number, value: number): this {
    return this.#begin(field, I64).varint(value * 2);
  }

  text(field: number, value: string): this {
    return this.#begin(field, BINARY).#text(value);
  }

  texts(field: number, values: readonly string[]): this {
    this.#list(field, BINARY, values.length);
    for (const value of values) this.#text(value);
    return this;
  }

  ints(field: number, values: readonly number[]): this {
    this.#list(field, I32, values.length);
    for (const value of values) this.varint(value * 2);
    return this;
  }

  struct(field: number, value: Thrift): this {
    this.#begin(field, STRUCT).#add(value.stop().#bytes);
    return this;
  }

  structs(field: number, values: readonly Thrift[]): this {
    this.#list(field, STRUCT, values.length);
    for (const value of values) this.#add(value.stop().#bytes);
    return this;
  }

  stop(): this {
    this.#bytes.push(0);
    return this;
  }

  /** A number of any size, seven bits a byte. */
  varint(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) + 128);
    this.#bytes.push(rest);
    return this;
  }

  #begin(field: number, type: number): this {
    this.#bytes.push((field - this.#field) * 16 + type);
    this.#field = field;
    return this;
  }

  #list(field: number, type: number, length: number): void {
    this.#begin(field, LIST);
    if (length < 15) this.#bytes.push(length * 16 + type);
    else this.#add([240 + type]).varint(length);
  }

  #text(value: string): this {
    const bytes = Buffer.from(value);
    return this.varint(bytes.length).#add(bytes);
  }

  #add(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
}
