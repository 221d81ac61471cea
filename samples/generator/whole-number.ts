import { SignalhouseError } from "../../schemas/errors.ts";

/** @throws SignalhouseError usage, where `number`, called `name`, is not a whole number from `least` to `most` */
export function checkWhole(number: number, name: string, least: number, most: number): void {
  if (Number.isInteger(number) && number >= least && number <= most) return;
  throw new SignalhouseError("usage", `${name} is ${number}`, `Give a whole number from ${least} to ${most}.`);
}
