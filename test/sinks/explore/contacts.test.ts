import { describe, expect, test } from "vitest";
import { ContactNames } from "../../../sinks/explore/contacts.ts";

const hidden = new ContactNames({ isPersonal: false });

describe("texts", () => {
  test.each([
    ["ana@example.com", "(e-mail address)"],
    ["mail ana.b+x@mail.example.co.uk, please", "mail (e-mail address), please"],
    ["https://shop.example/a?mail=ana%40example.com&x=1", "https://shop.example/a?mail=(e-mail address)&x=1"],
    ["jörg@straße.example", "(e-mail address)"],
    ["+49 170 1234567", "(phone number)"],
    ["call +1 (555) 010-9999 now", "call (phone number) now"],
    ["https://shop.example/?tel=%2B491701234567", "https://shop.example/?tel=(phone number)"],
    ["W-060065C", "W-060065C"],
    ["Oak dining table, 3 boards", "Oak dining table, 3 boards"],
    ["2 + 2 @ home", "2 + 2 @ home"],
  ])("%s is shown as %s", (text, shown) => {
    expect(hidden.textOf(text)).toBe(shown);
  });

  test("are as they are where personal data is shown", () => {
    expect(new ContactNames({ isPersonal: true }).textOf("ana@example.com")).toBe("ana@example.com");
  });

  test("do not take longer than they are long", () => {
    const begin = performance.now();
    for (const text of ["a@".repeat(50_000), "+1 ".repeat(50_000), "a".repeat(100_000), "+".repeat(100_000), `+1${" ".repeat(100_000)}`])
      hidden.textOf(text);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});

describe("names", () => {
  test("are the same for a contact, differ between contacts, and say nothing of it", () => {
    expect(hidden.nameOf("email:ana@example.com")).toMatch(/^Contact [0-9a-f]{10}$/);
    expect(hidden.nameOf("ana")).toBe(hidden.nameOf("ana"));
    expect(hidden.nameOf("ana")).not.toBe(hidden.nameOf("bea"));
    expect(new ContactNames({ isPersonal: false }).nameOf("ana")).not.toBe(hidden.nameOf("ana"));
    expect(new ContactNames({ isPersonal: true }).nameOf("ana")).toBe("ana");
  });
});

describe("addresses", () => {
  test.each(["ana", "email:ana@example.com", "dataset/customer-1", "ä€😀", ""])("name %j, and do not show it", (id) => {
    const ref = hidden.refOf(id);
    expect(hidden.idOf(ref)).toBe(id);
    expect(ref).toMatch(/^[\w-]+$/);
    expect(hidden.refOf(id)).toBe(ref);
    expect(Buffer.from(ref, "base64url").toString("latin1")).not.toContain(id || "-none-");
  });

  test.each([
    ["nothing", ""],
    ["a text", "customer-ana"],
    ["a long text", "A".repeat(200)],
    ["one that was changed", hidden.refOf("ana").replace(/^./, (sign) => (sign === "A" ? "B" : "A"))],
    ["one of another explore", new ContactNames({ isPersonal: false }).refOf("ana")],
  ])("that are %s name nobody", (_, ref) => {
    expect(hidden.idOf(ref)).toBeUndefined();
  });
});
