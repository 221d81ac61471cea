/** What is checked before Connect is asked. */
import { describe, expect, test } from "vitest";
import { checkExport, dataJobState, exportMoment, type ExportRequest, signalTypesOf, unlistedTypes } from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";

function fault(work: () => unknown): SignalhouseError {
  try {
    work();
  } catch (error) {
    if (error instanceof SignalhouseError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("--types", () => {
  test.each<[string, string[]]>([
    ["emailClick,order", ["order", "emailClick"]],
    [" order , emailClick , order", ["order", "emailClick"]],
    ["sms", ["smsSend", "smsDelivery", "smsClick", "smsFailure", "smsInbound"]],
    ["SMS,smsSend", ["smsSend", "smsDelivery", "smsClick", "smsFailure", "smsInbound"]],
  ])("%s", (list, types) => expect(signalTypesOf(list)).toEqual(types));

  test.each([
    ["all", 28],
    ["behavior", 11],
    ["email", 6],
    ["whatsapp", 6],
    ["email,sms,whatsapp,behavior", 28],
  ])("%s is %i types", (list, count) => expect(signalTypesOf(list)).toHaveLength(count));

  test.each([
    ["smsOpen,order", ["order", "smsOpen"], ["smsOpen"]],
    ["all,loggedIn", 29, ["loggedIn"]],
    ["removedFromCart,my_signal,removedFromCart", ["removedFromCart", "my_signal"], ["removedFromCart", "my_signal"]],
    ["toString", ["toString"], ["toString"]],
    ["order", ["order"], []],
  ])("%s: what Connect does not list is taken, and known as such", (list, types, unlisted) => {
    const asked = signalTypesOf(list);
    if (typeof types === "number") expect(asked).toHaveLength(types);
    else expect(asked).toEqual(types);
    expect(unlistedTypes(asked)).toEqual(unlisted);
  });

  test.each(["", "emailclick", "LoggedIn", "order,", "order;drop", "a b", "1st", "x".repeat(101)])("refuses %j", (list) => {
    const { code, message, hint } = fault(() => signalTypesOf(list));
    expect(code).toBe("usage");
    expect(message).toContain("--types");
    expect(hint).toContain("emailClick,order");
  });

  test("tells how Connect spells it", () => expect(fault(() => signalTypesOf("whatsappclick")).message).toContain("whatsAppClick"));
});

describe("--from and --to", () => {
  test.each<[string, "start" | "end", string]>([
    ["2025-07-01", "start", "2025-07-01T00:00:00.000Z"],
    ["2025-07-31", "end", "2025-07-31T23:59:59.999Z"],
    ["2024-02-29", "end", "2024-02-29T23:59:59.999Z"],
    ["2025-07-01T08:30Z", "end", "2025-07-01T08:30:00.000Z"],
    ["2025-07-01T08:30:15.5+02:00", "start", "2025-07-01T06:30:15.500Z"],
  ])("%s as %s is %s", (text, edge, expected) => expect(new Date(exportMoment("--from", text, edge)).toISOString()).toBe(expected));

  test.each([
    ["2025-02-30", "does not exist"],
    ["2025-07-01T25:00Z", "does not exist"],
    ["2025-07-01T08:30", "without its zone"],
    ["01.07.2025", "no ISO 8601"],
    ["yesterday", "no ISO 8601"],
    ["", "no ISO 8601"],
  ])("refuses %j", (text, why) => {
    const { code, message, hint } = fault(() => exportMoment("--to", text, "end"));
    expect({ code, message, hint }).toEqual({ code: "usage", message: expect.stringContaining(why), hint: expect.stringContaining("2025-07-01") });
    expect(message).toContain("--to");
  });
});

const good: ExportRequest = {
  jobName: "July",
  signalTypes: ["order"],
  timestampStart: "2025-07-01T00:00:00.000Z",
  timestampEnd: "2025-07-31T23:59:59.999Z",
};

describe("an export", () => {
  test.each<[string, Partial<ExportRequest>]>([
    ["as it is", {}],
    ["with a folder and prefix", { place: { parentFolder: "Export/Signals/Shopping_Funnel", namingPrefix: "August_2025_" } }],
    ["with the folder itself", { place: { parentFolder: "Export/Signals" } }],
    ["with a path", { place: { path: "Behavior Signals/Order/Demo_Export.csv" } }],
    ["with recipients", { notify: ["data-team@example.com", "ana@example.com"] }],
  ])("is taken %s", (_, change) => expect(() => checkExport({ ...good, ...change })).not.toThrow());

  test.each<[string, string, Partial<ExportRequest>]>([
    ["no name", "--job-name", { jobName: " " }],
    ["a name of two lines", "--job-name", { jobName: "a\nb" }],
    ["a name without end", "--job-name", { jobName: "a".repeat(201) }],
    ["no types", "--types", { signalTypes: [] }],
    ["an end before its start", "--from", { timestampEnd: "2025-06-30T00:00:00.000Z" }],
    ["an end at its start", "--from", { timestampEnd: "2025-07-01T00:00:00.000Z" }],
    ["a folder elsewhere", "--folder", { place: { parentFolder: "Reports" } }],
    ["a folder that only begins so", "--folder", { place: { parentFolder: "Export/SignalsOld" } }],
    ["a folder with other characters", "--folder", { place: { parentFolder: "Export/Signals/Ä" } }],
    ["a folder that climbs", "--folder", { place: { parentFolder: "Export/Signals/../x" } }],
    ["an empty folder name", "--folder", { place: { parentFolder: "Export/Signals//x" } }],
    ["a prefix with a slash", "--prefix", { place: { namingPrefix: "a/b" } }],
    ["an empty prefix", "--prefix", { place: { namingPrefix: "" } }],
    ["a path without .csv", "--path", { place: { path: "Orders/July.csv.gz" } }],
    ["a path without a name", "--path", { place: { path: "Orders/.csv" } }],
    ["an absolute path", "--path", { place: { path: "/Orders/July.csv" } }],
    ["a path that climbs", "--path", { place: { path: "../July.csv" } }],
    ["a path with a quote", "--path", { place: { path: 'a"b.csv' } }],
    ["a path beside a folder", "--path", { place: { path: "July.csv", parentFolder: "Export/Signals" } }],
    ["a path beside a prefix", "--path", { place: { path: "July.csv", namingPrefix: "a" } }],
    ["a recipient that is none", "--notify", { notify: ["data-team@example.com", "ana"] }],
  ])("with %s is refused, naming %s and an example", (_, option, change) => {
    const { code, message, hint } = fault(() => checkExport({ ...good, ...change }));
    expect(code).toBe("usage");
    expect(message).toContain(option);
    expect(hint).toMatch(/such as|as data-team|--path, or/);
  });
});

test.each<[string, Parameters<typeof dataJobState>[0], string]>([
  ["nothing", {}, "running"],
  ["a word that is not known", { status: "QUEUED" }, "running"],
  ["an end", { status: "X", endedAt: "2025-07-01T00:00:00Z" }, "done"],
  ["COMPLETED", { status: "COMPLETED" }, "done"],
  ["succeeded", { status: "succeeded", errors: [] }, "done"],
  ["FAILED", { status: "FAILED" }, "failed"],
  ["cancelled", { status: "cancelled" }, "failed"],
  ["completed with errors", { status: "COMPLETED_WITH_ERRORS", endedAt: "x" }, "failed"],
  ["an end and errors", { endedAt: "2025-07-01T00:00:00Z", errors: [{ code: "X", message: "y" }] }, "failed"],
])("a job with %s is %s", (_, answer, state) => expect(dataJobState(answer)).toBe(state));
