/** How pages call contacts, and how the addresses of pages name them: neither says who somebody is, unless that is asked for. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** E-mail addresses and phone numbers with their country's code, in texts and in the addresses of web pages. Their parts have a bound each, so that no text takes long. */
const EMAIL = /[^\s<>"'(),;:=&?/@]{1,100}(?:@|%40)[^\s<>"'(),;:=&?/@]{1,200}\.[\p{L}\p{N}-]{1,63}/giu;
const PHONE = /(?:\+|%2b)\d(?:(?:[\s()/.-]|%20){0,3}\d){6,16}/giu;

/** Keys are made anew for each: what was seen of one tells nothing of another. */
export class ContactNames {
  /** Whether personal data is shown. */
  readonly isPersonal: boolean;
  readonly #key = randomBytes(32);
  readonly #nameKey = randomBytes(32);

  constructor({ isPersonal }: { isPersonal: boolean }) {
    this.isPersonal = isPersonal;
  }

  /** What pages call a contact: its id, or else a name that is the same on each page. */
  nameOf(id: string): string {
    return this.isPersonal ? id : `Contact ${this.#hash(id).toString("hex").slice(0, 10)}`;
  }

  /** A text of a contact's, without addresses and phone numbers. */
  textOf(text: string): string {
    return this.isPersonal ? text : text.replace(EMAIL, "(e-mail address)").replace(PHONE, "(phone number)");
  }

  /** What stands for a contact in addresses of pages, which browsers keep: its id, encrypted. */
  refOf(id: string): string {
    // The nonce follows from the id, so that a contact's page has one address.
    const nonce = this.#hash(`ref ${id}`).subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(id, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
  }

  /** The contact of such an address; undefined where it is none of these. */
  idOf(ref: string): string | undefined {
    const bytes = Buffer.from(ref, "base64url");
    const text = NONCE_BYTES + TAG_BYTES;
    if (bytes.length < text) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, text));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(text)), decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }

  #hash(text: string): Buffer {
    return createHmac("sha256", this.#nameKey).update(text).digest();
  }
}
