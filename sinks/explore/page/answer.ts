/** Which page answers a request. */
import { SignalhouseError } from "../../../schemas/errors.ts";
import type { Asked, Page } from "../asked.ts";
import { campaignPage, messagePage } from "./campaign-page.ts";
import { contactPage } from "./contact-page.ts";
import { failureCard, frame } from "./frame.ts";
import { reportPage } from "./report-page.ts";
import { sqlPage } from "./sql-page.ts";

export interface Answer {
  /** Of HTTP. */
  status: number;
  html: string;
}

const PAGES: Readonly<Record<string, (page: Page) => Promise<string>>> = {
  "/": reportPage,
  "/campaign": campaignPage,
  "/message": messagePage,
  "/contact": contactPage,
};

/** Whether there is such a page, and whether it has a form that does something. */
export const kindOf = (path: string): "page" | "form" | undefined => (path === "/sql" ? "form" : Object.hasOwn(PAGES, path) ? "page" : undefined);

/** @throws SignalhouseError what is wrong with the request or the warehouse: failurePage shows it */
export async function answerTo(page: Page): Promise<Answer> {
  if (page.path === "/sql") {
    const { html, ran } = await sqlPage(page);
    return { status: ran ? 200 : 400, html };
  }
  const make = PAGES[page.path];
  if (!make) throw new SignalhouseError("not_found", "there is no such page", "Go back to the report.");
  return { status: 200, html: await make(page) };
}

/** What went wrong, as a page. */
export const failurePage = (asked: Pick<Asked, "path" | "params">, failure: { code: string; message: string; hint: string }): string =>
  frame({ ...asked, path: "/failure" }, { title: "This page cannot be shown", lead: [], body: [failureCard(failure)], foot: [] });
